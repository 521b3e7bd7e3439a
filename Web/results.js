// <p-result>: the divider between old and new, what the result cost, and what can be done with it.

import { h, button, icon, show } from "./dom.js";
import { t, count, duration, percent, sentence } from "./words.js";
import { state, set, edit, on } from "./store.js";
import { fileURL, api } from "./api.js";
import { useResult, recall } from "./work.js";

class ResultBar extends HTMLElement {
  connectedCallback() {
    const stage = document.querySelector("p-stage");
    this.range = h("input",
      { type: "range", id: "divider", min: "0", max: "100", step: "0.5", "aria-label": t("divider"),
      oninput: () => stage.setCut(Number(this.range.value)) });
    this.facts = h("p", { class: "facts" });
    this.warnings = h("ul", { class: "warnings" });
    this.actions = h("div", { class: "row" },
      button("download", t("download"), () => this.download.showModal(), { kind: "plain", id: "download" }),
      button("photo", t("result.use"), () => useResult(state.result)),
      button("recall", t("result.recall"), () => recall(state.result)),
      button("close", t("result.close"), () => set({ result: null, original: null })));
    this.download = downloadDialog();
    this.append(h("div", { class: "divide" }, this.range),
      this.facts, this.actions, this.warnings, this.download);
    stage.addEventListener("cut", () => {
      if (document.activeElement !== this.range
        || Math.abs(this.range.value - stage.cut) > 0.5) this.range.value = stage.cut;
      this.range.setAttribute("aria-valuetext", t("divider.value", { n: Math.round(stage.cut) }));
    });
    on("result tool watching", () => this.#render());
    this.#render();
  }

  #render() {
    const { result } = state;
    show(this, Boolean(result) && !state.tool);
    if (!result) return;
    const { account = {} } = result;
    const cost = account.cost ?? {};
    const seed = account.seed ?? result.request?.seed;
    const facts = [
      seed === undefined || seed === null ? null
        : h("button", { type: "button", class: "fact", title: t("result.seed.use"),
        onclick: () => edit({ seed: String(seed) }) },
        t("result.seed", { seed }), h("span", { class: "vh" }, `, ${t("result.seed.use")}`)),
      methodTitle(account.method), cost.forwards ? count("passes", cost.forwards) : null,
      cost.seconds ? duration(cost.seconds) : null,
        account.maskArea ? t("result.area", { share: percent(account.maskArea) }) : null,
    ].filter(Boolean);
    this.facts.replaceChildren(...facts.flatMap((fact,
      k) => [k ? h("span", { class: "sep", "aria-hidden": "true" }, " · ") : "", fact]));
    if (account.maskArea < 1
      && result.mask) this.facts.append(h("span", { class: "promise" }, icon("shield"), t("result.outside")));
    const warnings = [...new Set([...result.warnings ?? [], ...account.warnings ?? []])];
    this.warnings.replaceChildren(...warnings.map((text) => h("li", {}, sentence(text))));
    show(this.warnings, warnings.length > 0);
  }
}

const methodTitle = (name) => state.methods.find((one) => one.name === name)?.title ?? name;

/// Format, quality and what the file tells of its making; what was chosen last is remembered.
function downloadDialog() {
  const select = (id, choices, label) => {
    const node = h("select", { id, onchange: update },
      ...choices.map((one) => h("option", { value: one }, t(`${id}.${one}`))));
    return [node, h("div", { class: "field" }, h("div", { class: "label" }, h("label", { for: id }, label)), node)];
  };
  const [format, formatRow] = select("format", ["png", "jpeg", "webp"], t("format"));
  const [metadata, metadataRow] = select("metadata", ["full", "settings", "none"], t("metadata"));
  const output = h("output", { for: "quality" });
  const quality = h("input",
    { type: "range", id: "quality", min: "50", max: "100", step: "1", ".value": "92", oninput: update });
  const qualityRow = h("div", { class: "slider" }, h("label", { for: "quality" }, t("quality")), quality, output);
  const note = h("p", { class: "note" });
  const link = h("a", { class: "button strong", download: true, onclick: () => setTimeout(() => dialog.close(), 100) },
    icon("download"), h("span", {}, t("download.now")));
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "download-title" },
    h("h2", { id: "download-title" }, t("download.title")), formatRow, qualityRow, metadataRow, note,
    h("div", { class: "row end" }, button(null, t("close"), () => dialog.close(), { kind: "plain" }), link));
  function update() {
    output.textContent = quality.value;
    show(qualityRow, format.value !== "png");
    note.textContent = t(`format.note.${format.value}`);
    if (state.result) link.href = fileURL(state.result.id,
      { format: format.value, quality: quality.value, metadata: metadata.value });
  }
  dialog.showModal = () => {
    const { download = {} } = state.settings;
    if (["png", "jpeg", "webp"].includes(download.format)) format.value = download.format;
    if (["full", "settings", "none"].includes(download.metadata)) metadata.value = download.metadata;
    if (download.quality) quality.value = download.quality;
    update();
    HTMLDialogElement.prototype.showModal.call(dialog);
  };
  link.addEventListener("click", () => {
    const download = { format: format.value, metadata: metadata.value, quality: Number(quality.value) };
    set({ settings: { ...state.settings, download } });
    api.patch("/settings", { download }).catch(() => {});
  });
  return dialog;
}

customElements.define("p-result", ResultBar);
