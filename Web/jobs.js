// Jobs as the server tells of them: what waits, what runs, what the stage follows.

import { api } from "./api.js";
import { state, set, tell as changed, active } from "./store.js";
import { announce } from "./dom.js";
import { t } from "./words.js";
import { tell } from "./problems.js";

/// Jobs that this tab asked for and has not shown yet, oldest first.
export const mine = [];
const handlers = { edit: () => {}, mask: () => {}, preview: () => {} };
let spoken = 0;
/// How the last jobs ended.
const over = new Map();

/// What is done with a job's end: `edit(job)`, `mask(job)`, and with a preview's address: `preview(url | null, job)`.
export const whenDone = (actions) => Object.assign(handlers, actions);

/// Follows a job that this tab asked for.
export function follow(job) {
  if (!mine.includes(job.id)) mine.push(job.id);
  if (!state.watching) watch(job.id);
  // News may have been faster than the answer.
  const last = over.get(job.id) ?? state.jobs.get(job.id) ?? job;
  if (ended(last)) finish(last);
  else state.jobs.set(job.id, last);
  changed(["jobs"]);
}

function watch(id) {
  spoken = 0;
  handlers.preview(null);
  set({ watching: id });
}

const ended = (job) => ["done", "failed", "cancelled"].includes(job.state);

/// Takes in one piece of news.
export function hear(kind, data) {
  if (kind === "hello") resume(data.jobs);
  else if (kind === "resync") refresh();
  else if (kind === "job") take(data);
  else if (kind === "progress") step(data);
  else if (kind === "preview" && data.job === state.watching) handlers.preview(data.url, state.jobs.get(data.job));
}

function take(job) {
  const known = state.jobs.get(job.id);
  if (ended(job)) finish(job);
  else if (!over.has(job.id)) {
    state.jobs.set(job.id, { ...known, ...job, progress: job.progress ?? known?.progress });
    changed(["jobs"]);
  }
}

function step({ job: id, ...progress }) {
  const job = state.jobs.get(id);
  if (!job) return;
  // A bar never goes back.
  const share = Math.max(job.progress?.share ?? 0, progress.share ?? 0);
  state.jobs.set(id, { ...job, state: "running", progress: { ...progress, share } });
  changed(["jobs"]);
  if (id !== state.watching) return;
  const quarter = Math.floor(share * 4);
  if (quarter > spoken && quarter < 4) announce(t("say.share", { n: quarter * 25 }));
  spoken = Math.max(spoken, quarter);
}

function finish(job) {
  const place = mine.indexOf(job.id);
  over.set(job.id, job);
  if (over.size > 200) over.delete(over.keys().next().value);
  // Failures stay in the queue until they are dismissed.
  if (job.state === "failed") state.jobs.set(job.id, job);
  else state.jobs.delete(job.id);
  if (place >= 0) mine.splice(place, 1);
  if (job.id === state.watching) watch(mine.find((id) => state.jobs.has(id)) ?? null);
  changed(["jobs"]);
  if (job.state === "done") {
    if (job.kind === "edit") refreshResults().catch(() => {});
    if (place >= 0) handlers[job.kind]?.(job);
  } else if (place >= 0) {
    if (job.state === "failed") tell(Object.assign(new Error(job.error?.detail ?? t("error.unknown")),
      { field: job.error?.field, status: 1 }), "paint");
    else announce(t("say.cancelled"));
  }
}

/// After the connection came (back): what is active now, and what ended meanwhile.
async function resume(jobs) {
  const now = new Set(jobs.map((job) => job.id));
  const gone = [...state.jobs.values()].filter((job) => !ended(job) && !now.has(job.id)).map((job) => job.id);
  for (const job of jobs) take(job);
  for (const id of new Set([...gone, ...mine.filter((one) => !now.has(one))])) {
    try { take(await api.get(`/jobs/${id}`)); } catch (error) {
      if (error.status !== 404) continue;
      state.jobs.delete(id);
      if (mine.includes(id)) mine.splice(mine.indexOf(id), 1);
      if (state.watching === id) watch(null);
      changed(["jobs"]);
    }
  }
  refreshResults().catch(() => {});
}

/// Asks for what is active; true where there was an answer.
export async function refresh() {
  const lists = await Promise.all(["running", "queued"].map((one) => api.get(`/jobs?state=${one}&limit=200`)));
  await resume(lists.flatMap((list) => list.items));
  return true;
}

/// Reads the newest results.
export async function refreshResults() {
  const { items, next } = await api.get("/results?limit=30");
  set({ results: items, moreResults: next ?? null });
}

/// Reads the next page of results.
export async function olderResults() {
  const { items, next } = await api.get(`/results?limit=30&after=${state.moreResults}`);
  set({ results: [...state.results, ...items], moreResults: next ?? null });
}

/// Cancels a job; the newest of this tab where none is named.
export async function cancel(id = state.watching ?? active()[0]?.id) {
  if (!id) return;
  const job = state.jobs.get(id);
  if (job) state.jobs.set(id, { ...job, isEnding: true });
  changed(["jobs"]);
  try { take(await api.post(`/jobs/${id}/cancel`)); } catch (error) { tell(error); }
}

/// Tries a failed job again, with the same seed.
export async function retry(id) {
  try {
    const job = await api.post(`/jobs/${id}/retry`);
    state.jobs.delete(id);
    follow(job);
  } catch (error) { tell(error); }
}

/// Takes a failed job out of the queue's list.
export function dismiss(id) {
  state.jobs.delete(id);
  changed(["jobs"]);
}
