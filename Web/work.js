// What people do: open a photo, paint, find the place, look at results. And the draft, which is kept.

import { api, upload } from "./api.js";
import { state, set, edit, on, model, method } from "./store.js";
import { debounce, announce } from "./dom.js";
import { t, percent } from "./words.js";
import { mask } from "./mask.js";
import { follow, whenDone, mine } from "./jobs.js";
import { tell, clear, Refusal } from "./problems.js";
import { surroundings } from "./mask-geometry.js";

let waitingEntries = [];
let uploaded = null;
/// The part of the view that a job works on, by its id.
const windows = new Map();
/// What is added around a mask that is worked on closely, as a share of its longer side.
const margin = 0.25;
let stage = null;

/// Ties actions to the stage and to what is kept.
export function begin() {
  stage = document.querySelector("p-stage");
  on("view", () => {
    if (state.view) mask.open(state.view.width, state.view.height,
      waitingEntries).catch((error) => tell(error, "mask"));
    else mask.close();
    waitingEntries = [];
  });
  mask.addEventListener("change", () => { uploaded = null; });
  mask.addEventListener("change", keep);
  on("draft photo result watching", keep);
  addEventListener("pagehide", () => keep.flush());
  whenDone({ edit: ended, mask: found, preview: showPreview });
}

/// Previews show what is worked on: all of the photo, or the surroundings of its mask.
function showPreview(url, job) {
  const part = job?.request?.focus ? windows.get(job.id) ?? focusWindow() : null;
  if (url === null || job?.request?.picture === state.photo?.id) stage.setPreview(url, part);
}

/// Opens a file as the photo. `texts` fills in what a sample shows.
export async function openPhoto(blob, label, texts = null) {
  clear();
  const limit = state.capabilities?.limits?.pictureBytes;
  try {
    if (limit && blob.size > limit) throw new Refusal("error.large", "photo", { n: Math.floor(limit / 1048576) });
    set({ upload: 0 });
    const picture = await upload(blob, label, (share) => set({ upload: share }));
    usePicture({ ...picture, label: label ?? picture.label });
    if (texts) edit(texts);
    announce(t("say.opened"));
    return true;
  } catch (error) {
    tell(error, state.photo ? "photo" : "welcome");
    return false;
  } finally { set({ upload: null }); }
}

/// Makes a picture that the server has the photo.
export function usePicture(picture, entries = []) {
  waitingEntries = entries;
  const isSame = state.photo?.id === picture.id && state.view;
  set({ photo: picture, result: null, original: null, tool: null });
  if (isSame) mask.open(state.view.width, state.view.height, entries);
}

/// Puts the photo away; texts stay.
export function closePhoto() {
  set({ photo: null, result: null, original: null, tool: null, view: null });
}

/// What of the view is worked on where the work is done closely around the mask; null where that is all of it.
export function focusWindow() {
  const { box } = mask.measured;
  if (!box || !state.photo) return null;
  const scale = Math.max(state.photo.width, state.photo.height) / Math.max(mask.width, mask.height);
  const inView = surroundings(box, margin, (model()?.side ?? 0) / scale, mask.width, mask.height);
  return inView.width < mask.width || inView.height < mask.height ? inView : null;
}

/// Whether the work is to be done so: as was chosen, else where that is less than half of the photo.
export function isFocused(part = focusWindow()) {
  if (!part) return false;
  return state.draft.focus ?? part.width * part.height < mask.width * mask.height / 2;
}

/// The mask as a picture of the server, or null where nothing was said or everything was taken away again.
async function maskPicture() {
  if (!mask.isOpen || mask.isEmpty || mask.measured.area === 0) return null;
  if (uploaded) return uploaded;
  const { id } = await upload(await mask.blob(), t("mask.label"));
  uploaded = id;
  if (mask.isLong) await mask.settle(id);
  return id;
}

const texts = (draft) => Object.fromEntries(
  ["source", "negative"].map((name) => [name, draft[name].trim()]).filter(([, text]) => text !== ""));

/// Everything that was changed from what suits the model; the server fills in the rest.
function settings(draft, chosen) {
  const found = {};
  const needs = chosen?.needs ?? {};
  if (draft.preset) found.preset = draft.preset;
  for (const name of ["steps", "guidance", "strength"]) if (draft[name] !== null) found[name] = draft[name];
  const options = draft.options[draft.method] ?? {};
  if (Object.keys(options).length) found.options = options;
  if (draft.inversion && needs.inversion) {
    found.inversion = draft.inversion;
    if (Object.keys(draft.inversionOptions).length) found.inversionOptions = draft.inversionOptions;
  }
  return found;
}

function seed(text) {
  const one = String(text).trim();
  if (one === "") return {};
  if (!/^\d{1,20}$/u.test(one)) throw new Refusal("error.seed", "seed");
  return { seed: Number(one) <= Number.MAX_SAFE_INTEGER ? Number(one) : one };
}

/// The wire's request of the draft.
async function request(kind) {
  const { draft, photo } = state;
  const found = {
    kind, picture: photo.id, prompt: draft.prompt.trim(), ...texts(draft), method: draft.method,
    ...settings(draft, method()), ...seed(draft.seed),
  };
  if (draft.model) found.model = draft.model;
  if (kind === "mask") {
    found.method = "diffedit";
    if (draft.method !== "diffedit") for (const name of ["options", "strength", "preset"]) delete found[name];
    return found;
  }
  const id = await maskPicture();
  if (id) found.mask = { picture: id };
  if (id && has("focus") && isFocused()) found.focus = { margin };
  if (has("previews")) found.previews = { every: 0.7 };
  return found;
}

/// Whether the server can do something that not every one can.
export const has = (name) => {
  const features = state.capabilities?.features ?? [];
  return Array.isArray(features) ? features.includes(name) : Boolean(features[name]);
};

async function ask(kind) {
  clear();
  try {
    const { draft } = state;
    if (!state.photo) throw new Refusal("error.photo", "photo");
    if (draft.prompt.trim() === "") throw new Refusal("error.prompt", "prompt");
    if (kind === "mask" && draft.source.trim() === "") throw new Refusal("error.source", "source");
    const part = focusWindow();
    const job = await api.post("/jobs", await request(kind));
    if (job.request?.focus) windows.set(job.id, part);
    set({ tool: null });
    follow(job);
    announce(t(kind === "mask" ? "say.finding" : "say.started"));
    return job;
  } catch (error) {
    tell(error, kind === "mask" ? "mask" : "paint");
    return null;
  }
}

/// Paints the draft.
export const paint = () => ask("edit");

/// Finds where the two texts differ, without painting.
export const findMask = () => ask("mask");

/// Shows a result over the photo it was made of.
export async function showResult(result, isNew = false) {
  try {
    const job = result.job
      ? await api.get(`/jobs/${result.job}`).catch((error) => { if (error.status === 404) return null; throw error; })
      : null;
    const from = result.photo ?? job?.request?.picture;
    let original = from === state.photo?.id ? state.photo : null;
    if (from && !original) original = await api.get(`/pictures/${from}`).catch(() => null);
    // Where the photo is gone, the result stands for it.
    original ??= await api.get(`/pictures/${result.picture}`);
    if (original.id !== state.photo?.id) usePicture(original);
    set({ result: { ...result, request: job?.request ?? null, warnings: job?.warnings ?? [] }, original, tool: null });
    if (isNew) stage.unveil();
    else stage.setCut(0);
  } catch (error) { tell(error); }
}

async function ended(job) {
  if (job.request?.picture !== state.photo?.id) return announce(t("say.done"));
  try {
    await showResult(await api.get(`/results/${job.result}`), true);
    announce(t("say.done"));
  } catch (error) { tell(error); }
}

async function found(job) {
  if (job.request?.picture !== state.photo?.id || !mask.isOpen) return;
  try {
    const { softMask, threshold } = job.result;
    await mask.load(softMask);
    mask.add({ op: "picture", id: softMask, threshold: threshold ?? 0.5 });
    set({ result: null, original: null, tool: "brush" });
    announce(t("say.found", { share: percent(mask.measured.area) }));
  } catch (error) { tell(error, "mask"); }
}

/// Takes over every setting a result was made with.
export function recall(result) {
  const wanted = result.request ?? {};
  const account = result.account ?? {};
  edit({
    source: wanted.source ?? account.source ?? "", prompt: wanted.prompt ?? account.prompt ?? "",
    negative: wanted.negative ?? "", method: wanted.method ?? "diffedit", preset: wanted.preset ?? null,
    model: wanted.model ?? null, seed: String(account.seed ?? wanted.seed ?? ""),
    steps: wanted.steps ?? null, guidance: wanted.guidance ?? null, strength: wanted.strength ?? null,
    inversion: wanted.inversion ?? null, inversionOptions: wanted.inversionOptions ?? {},
    options: { ...state.draft.options, [wanted.method ?? "diffedit"]: wanted.options ?? {} },
  });
  announce(t("say.recalled"));
}

/// Goes on from a result: it becomes the photo.
export async function useResult(result) {
  try {
    const picture = await api.get(`/pictures/${result.picture}`);
    const { prompt } = result.account ?? {};
    usePicture({ ...picture, label: picture.label ?? state.photo?.label });
    if (prompt) edit({ source: prompt });
    announce(t("say.opened"));
  } catch (error) { tell(error); }
}

/// Reads a mask file into the mask; white may change.
export async function openMask(blob, label) {
  clear();
  if (!state.photo || !mask.isOpen) return tell(new Refusal("error.photo", "photo"));
  try {
    const { id } = await upload(blob, label);
    await mask.load(id);
    mask.add({ op: "picture", id, threshold: null });
    set({ result: null, original: null, tool: "brush" });
  } catch (error) { tell(error, "mask"); }
}

const store = "pentimento-draft";

/// Keeps what is not painted yet: in this tab, and on the server for the next visit.
const keep = debounce(500, () => {
  if (!isRestored) return;
  const kept = {
    schema: 1, picture: state.photo?.id ?? null, draft: state.draft, mask: mask.isOpen ? mask.entries : waitingEntries,
    result: state.result?.id ?? null, jobs: [...mine],
  };
  try { sessionStorage.setItem(store, JSON.stringify(kept)); } catch { /* storage is full or forbidden */ }
  api.put("/draft", kept).catch(() => {});
});
let isRestored = false;

/// Brings back what was there: this tab's own draft, else the server's.
export async function restore() {
  let kept = null;
  try { kept = JSON.parse(sessionStorage.getItem(store)); } catch { /* none */ }
  kept ??= await api.get("/draft").catch(() => null);
  if (kept?.schema === 1) {
    edit(Object.fromEntries(Object.entries(kept.draft ?? {}).filter(([name]) => name in state.draft)));
    const photo = kept.picture ? await api.get(`/pictures/${kept.picture}`).catch(() => null) : null;
    if (photo) usePicture(photo, kept.mask ?? []);
    const result = photo && kept.result ? await api.get(`/results/${kept.result}`).catch(() => null) : null;
    if (result) await showResult(result);
    for (const id of photo ? kept.jobs ?? [] : []) {
      const job = await api.get(`/jobs/${id}`).catch(() => null);
      if (job) follow(job);
    }
  }
  isRestored = true;
}
