// <p-mask>: where it may change. Tools, what was found, files.

import { h, button, show } from "./dom.js";
import { t, percent } from "./words.js";
import { state, set, on, edit, active } from "./store.js";
import { mask } from "./mask.js";
import { maskColours } from "./mask-overlay.js";
import { brush } from "./mask-tools.js";
import { findMask, openMask, isFocused, focusWindow, has } from "./work.js";
import { api } from "./api.js";

const tools = [["brush", "B"], ["eraser", "E"], ["lasso", "L"], ["box", "R"]];

class MaskPanel extends HTMLElement {
  connectedCallback() {
    this.summary = h("p", { class: "soft", id: "mask-summary" });
    this.findButton = button("find", t("mask.find"), findMask, { kind: "plain", id: "find" });
    this.tools = h("div", { class: "tools", role: "group", "aria-label": t("mask.tools") },
      ...tools.map(([name, key]) => button(name, t(`mask.${name}`), () => pick(name), {
        bare: true, "data-tool": name, "aria-pressed": "false", "aria-keyshortcuts": key,
          title: t("mask.key", { name: t(`mask.${name}`), key }),
      })));
    this.steps = h("div", { class: "tools", role: "group", "aria-label": t("mask.steps") },
      this.undo = button("undo", t("mask.undo"), () => mask.undo(), { bare: true }),
      this.redo = button("redo", t("mask.redo"), () => mask.redo(), { bare: true }));
    this.brushes = h("div", { class: "sliders" },
      slider("brush-size", t("mask.size"), brush.size, (value) => { brush.size = value; set({ tool: state.tool }); },
        0.02),
      slider("brush-softness", t("mask.softness"), brush.softness, (value) => { brush.softness = value; }));
    this.threshold = slider("mask-threshold", t("mask.threshold"), 0.5, (value) => mask.cutAt(value), 0.01, true);
    this.whole = h("div", { class: "row inset" },
      button("all", t("mask.all"), () => mask.add({ op: "all" })),
        button("invert", t("mask.invert"), () => mask.add({ op: "invert" })),
      this.clear = button("clear", t("mask.clear"), () => { mask.add({ op: "none" }); }));
    this.file = h("input",
      { type: "file", accept: "image/*", hidden: true, "aria-label": t("mask.load"), tabindex: "-1", id: "mask-file",
      onchange: () => this.#take(this.file.files[0]) });
    this.whole.append(button("open", t("mask.load"), () => this.file.click()),
      this.save = button("download", t("mask.save"), download), this.file);
    this.colour = h("select", { id: "mask-colour", onchange: () => remember(this.colour.value) },
      ...maskColours.map((name) => h("option", { value: name }, t(`mask.colour.${name}`))));
    this.focusBox = h("input",
      { type: "checkbox", id: "mask-focus", onchange: () => edit({ focus: this.focusBox.checked }) });
    this.focusRow = h("div", { class: "switch" }, this.focusBox, h("label", { for: "mask-focus" }, t("mask.focus")),
      h("p", { class: "soft" }, t("mask.focus.help")));
    this.rest = h("div", { class: "stack" }, this.threshold, this.brushes, this.whole,
      h("div", { class: "inline" }, h("label", { for: "mask-colour" }, t("mask.colour")), this.colour));
    this.done = button("check", t("mask.done"), () => set({ tool: null }), { kind: "plain" });
    this.append(this.summary, h("div", { class: "toolbar" }, this.tools, this.steps),
      h("div", { class: "toolbar" }, this.findButton, this.done), this.rest, this.focusRow);
    on("tool photo draft jobs capabilities settings", () => this.#render());
    mask.addEventListener("change", () => this.#render());
    this.#render();
  }

  #take(file) {
    if (file) openMask(file, file.name);
    this.file.value = "";
  }

  #render() {
    const isThere = mask.isOpen && !mask.isEmpty;
    const isFinding = active().some((job) => job.kind === "mask");
    const { area } = isThere ? mask.measured : { area: 0 };
    this.summary.textContent = !isThere ? t("mask.none") : area === 0 ? t("mask.empty")
      : t("mask.some", { share: percent(area) });
    for (const one of this.tools.children) {
      one.setAttribute("aria-pressed", String(state.tool === one.dataset.tool));
      one.disabled = !mask.isOpen;
    }
    show(this.findButton, has("mask"));
    this.findButton.disabled = isFinding || !state.photo;
    this.findButton.classList.toggle("busy", isFinding);
    this.undo.disabled = !mask.canUndo;
    this.redo.disabled = !mask.canRedo;
    show(this.done, Boolean(state.tool));
    show(this.rest, Boolean(state.tool) || isThere);
    show(this.brushes, state.tool === "brush" || state.tool === "eraser");
    this.brushes.querySelector("#brush-size").value = brush.size;
    show(this.threshold, Boolean(mask.found));
    if (mask.found) this.threshold.set(mask.found.threshold);
    this.save.disabled = !isThere;
    this.clear.disabled = !isThere;
    this.colour.value = maskColours.includes(state.settings.maskColour) ? state.settings.maskColour : maskColours[0];
    show(this.focusRow, has("focus") && isThere && area > 0 && focusWindow() !== null);
    this.focusBox.checked = isFocused();
  }
}

/// Takes a tool into the hand, or puts it down. The stage then shows the photo.
export function pick(name) {
  if (!mask.isOpen) return;
  const isDown = state.tool === name;
  set({ tool: isDown ? null : name });
  // On a narrow screen the tools stay in view; on a wide one the keys go to the photo.
  if (isDown || matchMedia("(max-width: 899px)").matches) return;
  document.querySelector("p-stage .overlay").focus({ preventScroll: true });
}

/// A labelled range with its value in words; as a percentage where `shares` is set.
function slider(id, label, value, action, least = 0, shares = false) {
  const output = h("output", { for: id });
  const range = h("input", { type: "range", id, min: String(least), max: "1", step: "0.01", ".value": String(value),
    oninput: () => { write(); action(Number(range.value)); } });
  const write = () => {
    output.textContent = shares ? Number(range.value).toFixed(2) : String(Math.round(range.value * 100));
  };
  const found = h("div", { class: "slider" }, h("label", { for: id }, label), range, output);
  found.set = (next) => {
    if (document.activeElement !== range || Number(range.value) !== next) range.value = next;
    write();
  };
  write();
  return found;
}

async function download() {
  const url = URL.createObjectURL(await mask.blob());
  const name = (state.photo?.label ?? "photo").replace(/\.[^.]*$/u, "");
  h("a", { href: url, download: `${name}-mask.png` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function remember(maskColour) {
  set({ settings: { ...state.settings, maskColour } });
  api.patch("/settings", { maskColour }).catch(() => {});
}

customElements.define("p-mask", MaskPanel);
