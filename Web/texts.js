// <p-texts>: what the photo shows, what it should show, and the words that differ.

import { h, button } from "./dom.js";
import { t } from "./words.js";
import { state, edit, on, model } from "./store.js";
import { difference, unknownWords } from "./diff.js";

class Texts extends HTMLElement {
  connectedCallback() {
    this.source = this.#area("source", "texts.source", "texts.source.hint");
    this.prompt = this.#area("prompt", "texts.prompt", "texts.prompt.hint");
    this.swap = button("swap", t("texts.swap"), () => edit({ source: state.draft.prompt, prompt: state.draft.source }),
      { bare: true });
    this.changes = h("p", { class: "diff", id: "diff" });
    this.words = h("div", { class: "note words", "aria-live": "polite" });
    this.append(this.#field("source", this.source), this.#field("prompt", this.prompt, this.swap), this.changes,
      this.words);
    on("draft models", () => this.#render());
    this.#render();
  }

  #area(name, label, hint) {
    const area = h("textarea", {
      id: `text-${name}`, name, rows: "2", placeholder: t(hint), maxlength: "8000", autocomplete: "off",
        spellcheck: "true",
      enterkeyhint: "enter", oninput: () => edit({ [name]: area.value }),
    });
    area.label = t(label);
    return area;
  }

  #field(name, area, extra = null) {
    return h("div", { class: "field", "data-field": name },
      h("div", { class: "label" }, h("label", { for: area.id }, area.label), extra), area);
  }

  /// Puts the cursor into "It should show" with what will most likely change selected.
  select(part) {
    this.prompt.focus();
    const start = part ? this.prompt.value.indexOf(part) : -1;
    if (start >= 0) this.prompt.setSelectionRange(start, start + part.length);
    else this.prompt.select();
  }

  #render() {
    const { draft } = state;
    for (const name of ["source", "prompt"]) {
      const area = this[name];
      if (area.value !== draft[name]) area.value = draft[name];
    }
    const known = model()?.words?.length ? new Set(model().words) : null;
    const unknown = known ? unknownWords(`${draft.source} ${draft.prompt} ${draft.negative}`, known) : [];
    this.#showChanges(draft, new Set(unknown));
    this.#showWords(unknown);
  }

  #showChanges({ source, prompt }, unknown) {
    const parts = source.trim() && prompt.trim() ? difference(source, prompt) : [];
    const marked = { gone: (text) => h("del", {}, text), new: (text) => h("ins", {}, ...underlined(text, unknown)),
      same: (text) => h("span", {}, ...underlined(text, unknown)) };
    const isSame = parts.every((part) => part.kind === "same");
    if (parts.length && isSame) this.changes.replaceChildren(h("span", { class: "soft" }, t("texts.same")));
    else this.changes.replaceChildren(...parts.flatMap((part) => [marked[part.kind](part.text), " "]));
    this.changes.hidden = parts.length === 0;
  }

  #showWords(unknown) {
    const chosen = model();
    const key = `${chosen?.name} ${unknown.join(" ")}`;
    if (this.words.dataset.key === key) return;
    this.words.dataset.key = key;
    this.words.hidden = unknown.length === 0;
    if (!unknown.length) return this.words.replaceChildren();
    const named = unknown.flatMap((word, k) => [k ? ", " : "", h("span", { class: "unknown" }, word)]);
    const better = state.models.find((one) => one.usable && one.name !== chosen.name && one.words
      && unknownWords(`${state.draft.source} ${state.draft.prompt}`, new Set(one.words)).length === 0);
    this.words.replaceChildren(h("p", {}, t("texts.unknown", { model: chosen.name }), " ", ...named, ". ",
      better ? null : t("texts.knows", { words: sample(chosen) })),
    better ? button("model", t("texts.better", { model: better.name }), () => edit({ model: better.name })) : "");
  }
}

/// A few of the things a model knows: those that it names itself, else words it knows one and many of, else any.
export function sample({ words, settings }, most = 8) {
  if (settings?.kinds?.length) return settings.kinds.slice(0, most).join(", ");
  const all = new Set(words);
  const single = (word) => [word.replace(/ies$/u, "y"),
    word.replace(/s$/u, "")].find((one) => one !== word && all.has(one));
  const many = words.map(single).filter(Boolean);
  const things = many.length >= 3 ? [...new Set(many)] : words.filter((word) => word.length > 3 && !single(word));
  const step = Math.max(1, things.length / most);
  return Array.from({ length: Math.min(most, things.length) }, (_, k) => things[Math.floor(k * step)]).join(", ");
}

/// Text with unknown words in elements of their own.
function underlined(text, unknown) {
  return text.split(/([^\p{L}]+)/u).map((piece) =>
    unknown.has(piece.toLowerCase()) ? h("span", { class: "unknown", title: t("texts.unknown.word") }, piece) : piece);
}

customElements.define("p-texts", Texts);
