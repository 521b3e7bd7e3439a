// The page starts here: parts are put together, the server is asked what it is, keys are listened to.

import { fill, t } from "./words.js";
import { button, show, announce } from "./dom.js";
import { state, set, on, active } from "./store.js";
import { api, whenLocked, Unreachable } from "./api.js";
import { listen, reconnect } from "./events.js";
import { hear, refresh, cancel } from "./jobs.js";
import { begin, restore, openPhoto, closePhoto, paint } from "./work.js";
import { tell, forgive } from "./problems.js";
import { listenToDrops, choosePhoto } from "./drop.js";
import { login, tokenOfAddress, applyTheme, settingsDialog, helpDialog } from "./dialogs.js";
import { mask } from "./mask.js";
import { resize } from "./mask-tools.js";
import { pick } from "./mask-panel.js";
import "./stage.js";
import "./texts.js";
import "./options.js";
import "./progress.js";
import "./results.js";
import "./history.js";
import "./welcome.js";

applyTheme();
fill();
const help = helpDialog();
const settings = settingsDialog();
const paintButton = document.getElementById("paint");

document.getElementById("tools").append(
  button("photo", t("photo.other"), choosePhoto, { id: "other", hidden: true }),
    button("gear", t("settings"), () => settings.showModal(), { bare: true, id: "open-settings" }),
  button("help", t("help"), () => help.showModal(), { bare: true, id: "open-help", "aria-keyshortcuts": "?" }));
document.getElementById("file").addEventListener("change", (event) => {
  const file = event.target.files[0];
  if (file) openPhoto(file, file.name);
});
document.getElementById("brand").addEventListener("click", (event) => {
  event.preventDefault();
  closePhoto();
});
paintButton.addEventListener("click", paint);
for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => { document.body.dataset.tab = tab.dataset.tab; showTab(); });
}
function showTab() {
  for (const tab of document.querySelectorAll(".tabs button")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.tab === document.body.dataset.tab));
  }
  if (document.body.dataset.tab === "options") document.getElementById("options").open = true;
}
new MutationObserver(showTab).observe(document.body, { attributeFilter: ["data-tab"] });
showTab();

on("photo results", () => {
  document.body.classList.toggle("empty", !state.photo);
  document.body.classList.toggle("fresh", state.results.length === 0);
  show(document.getElementById("other"), Boolean(state.photo));
});
on("draft photo", () => {
  // Not disabled: whoever presses it hears what is missing.
  paintButton.classList.toggle("waits", !state.photo || state.draft.prompt.trim() === "");
});
on("connection", () => {
  const isLost = state.connection === "lost";
  show(document.getElementById("lost"), isLost);
  if (isLost) announce(t("connection.lost"));
});

/// Keys that work everywhere; letters only where nothing is typed.
addEventListener("keydown", (event) => {
  const isTyping = event.target.matches?.("textarea, select, input:not([type=range], [type=checkbox], [type=file])");
  const isOpen = Boolean(document.querySelector("dialog[open]"));
  const withCtrl = event.ctrlKey || event.metaKey;
  if (isOpen) return;
  if (withCtrl && event.key === "Enter") {
    event.preventDefault();
    paint();
  } else if (event.key === "Escape") {
    if (state.tool) set({ tool: null });
    else if (active().length && state.watching) cancel();
  } else if (withCtrl && event.key.toLowerCase() === "z" && !isTyping && mask.isOpen) {
    event.preventDefault();
    if (event.shiftKey) mask.redo();
    else mask.undo();
  } else if (!isTyping && !withCtrl && !event.altKey) letter(event);
});

function letter(event) {
  const found = { b: "brush", e: "eraser", l: "lasso", r: "box" }[event.key.toLowerCase()];
  if (found && state.photo) pick(found);
  else if (event.key === "[") resize(0.85);
  else if (event.key === "]") resize(1.18);
  else if (event.key === "?") help.showModal();
  else return;
  event.preventDefault();
}

/// Asks the server what it is and brings back what was there.
async function start() {
  let wait = 500;
  for (;;) {
    try {
      // Alone first: it tells whether a token is wanted.
      const capabilities = await api.get("/capabilities");
      const [methods, inversions, models, kept] =
        await Promise.all(["/methods", "/inversions", "/models", "/settings"].map(api.get));
      set({ capabilities, methods: list(methods), inversions: list(inversions), models: list(models),
        settings: kept ?? {}, connection: "open" });
      break;
    } catch (error) {
      if (error.status === 401) return login(start);
      if (!(error instanceof Unreachable) && error.status !== 503) throw error;
      set({ connection: "lost" });
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(8000, wait * 2);
    }
  }
  await restore();
  document.body.classList.remove("starting");
  set({ photo: state.photo });
  if (isListening) return reconnect();
  isListening = true;
  listen({
    onNews(kind, data) {
      hear(kind, data);
      if (kind === "model") api.get("/models").then((models) => set({ models: list(models) }), () => {});
    },
    onStatus: (isOpen) => set({ connection: isOpen ? "open" : "lost" }),
    onPoll: refresh,
  });
  refresh().catch(() => {});
}
let isListening = false;
const list = (answer) => (Array.isArray(answer) ? answer : answer.items);

begin();
forgive();
listenToDrops();
whenLocked(() => login(start));
tokenOfAddress().then(start).catch(tell);
