// <p-options>: the model, the method and every option it describes, made from /api/v1/methods.

import { h, button, show } from "./dom.js";
import { t, maybe } from "./words.js";
import { state, edit, on, method, model } from "./store.js";
import { field, isShown } from "./option-fields.js";

class Options extends HTMLElement {
  #made = "";

  connectedCallback() {
    this.model = this.#choice("model", (value) => edit({ model: value || null }));
    this.method = this.#choice("method",
      (value) => edit({ method: value, preset: null, steps: null, guidance: null, strength: null, inversion: null,
      inversionOptions: {} }));
    this.preset = this.#choice("preset", (value) => edit({ preset: value || null }));
    this.modelNote = h("p", { class: "note" });
    this.about = h("p", { class: "note" });
    this.negative = h("textarea", { id: "text-negative", rows: "1", placeholder: t("negative.hint"), maxlength: "8000",
      oninput: () => edit({ negative: this.negative.value }) });
    this.seed = h("input",
      { type: "text", inputmode: "numeric", id: "seed", placeholder: t("seed.hint"), autocomplete: "off",
      oninput: () => edit({ seed: this.seed.value }) });
    this.fields = h("div", { class: "stack" });
    this.reset = button("reset", t("options.reset"), () => this.#forget());
    this.more = h("details", { class: "more" }, h("summary", {}, this.moreTitle = h("span", {})), this.fields);
    this.append(
      row("model", t("model"), this.model, this.modelNote), row("method", t("method"), this.method, this.about),
        row("preset", t("preset"), this.preset),
      row("negative", t("negative"), this.negative), row("seed", t("seed"), this.seed), this.more, this.reset);
    on("draft methods models inversions", () => this.#render());
    this.#render();
  }

  #choice(name, action) {
    const select = h("select", { id: `choose-${name}`, onchange: () => action(select.value) });
    return select;
  }

  #render() {
    const { draft } = state;
    fill(this.model, [{ value: "", text: t("model.auto", { model: model()?.name ?? "" }) },
      ...state.models.map((one) => ({ value: one.name, text: one.title ?? one.name, off: !one.usable }))],
        draft.model ?? "");
    const unusable = state.models.filter((one) => !one.usable && one.reason);
    const side = model()?.side;
    this.modelNote.textContent = [side ? t("model.side", { n: side }) : null,
      ...unusable.map((one) => t("model.unusable", { name: one.name, reason: one.reason }))]
      .filter(Boolean).join(" ");
    fill(this.method, state.methods.map((one) => ({ value: one.name, text: `${one.title}`, off: !isPossible(one) })),
      draft.method);
    const chosen = method();
    if (!chosen) return;
    this.about.replaceChildren(chosen.summary);
    fill(this.preset, [{ value: "", text: t("preset.own") }, { value: "paper", text: t("preset.paper") },
      ...Object.keys(chosen.presets).map((name) => ({ value: name, text: maybe(`preset.${name}`) ?? name }))],
        draft.preset ?? "");
    if (this.negative.value !== draft.negative) this.negative.value = draft.negative;
    if (this.seed.value !== draft.seed) this.seed.value = draft.seed;
    this.#renderFields(chosen);
    show(this.reset, isChanged());
  }

  #renderFields(chosen) {
    const { draft } = state;
    const inversion = state.inversions.find((one) => one.kind === draft.inversion);
    const key = `${chosen.name} ${draft.preset} ${draft.inversion} ${model()?.name} ${state.inversions.length}`;
    if (this.#made !== key) {
      this.#made = key;
      this.moreTitle.textContent = t("options.more", { method: chosen.title });
      this.fields.replaceChildren(...main(chosen),
        ...chosen.options.filter(isShown).map((one) => optionField(chosen, one)),
        ...(inversion?.options ?? []).map((one) => field(one, {
          name: `inversionOptions.${one.name}`, standard: preset(one, draft.preset),
            get: () => state.draft.inversionOptions[one.name],
          set: (value) => edit({ inversionOptions: changed(state.draft.inversionOptions, one.name, value) }),
        })));
    }
    for (const one of this.fields.children) one.update();
  }

  #forget() {
    edit({ model: null, preset: null, steps: null, guidance: null, strength: null, inversion: null,
      inversionOptions: {}, negative: "", seed: "",
      options: { ...state.draft.options, [state.draft.method]: {} } });
    this.#made = "";
    this.#render();
  }
}

/// What the form can ask for: no regions yet, no network with other channels.
const isPossible = (one) => one.needs.regions !== "required" && !one.needs.imageChannels;

function isChanged() {
  const { draft } = state;
  return Boolean(draft.model || draft.preset || draft.inversion || draft.negative || draft.seed
    || ["steps", "guidance", "strength"].some((name) => draft[name] !== null)
    || Object.keys(draft.options[draft.method] ?? {}).length);
}

/// An option's value as a preset has it; a preset that does not name it leaves it.
const preset = (one, name) => (name && one.presets?.[name] !== undefined ? one.presets[name] : one.standard);

/// What suits the chosen model where no preset is named: {guidance, steps, strength, options}.
function suited(chosen) {
  const { shared = {}, methods = {} } = (state.draft.preset ? null : model()?.settings) ?? {};
  const own = methods[chosen.name] ?? {};
  return { ...shared, ...own, options: { ...shared.options, ...own.options } };
}

/// A value that a model's folder writes as a text, as the option has it.
function typed(one, text) {
  if (text === undefined) return undefined;
  if (one.kind.type === "integer" || one.kind.type === "number") return Number(text);
  return one.kind.type === "flag" ? text === "true" : text;
}

const changed = (values, name, value) => {
  const next = { ...values };
  if (value === undefined) delete next[name];
  else next[name] = value;
  return next;
};

function optionField(chosen, one) {
  return field(one, {
    name: `options.${one.name}`,
    standard: typed(one, suited(chosen).options[one.name]) ?? preset(one, state.draft.preset),
    get: () => (state.draft.options[chosen.name] ?? {})[one.name],
    set: (value) => edit({ options: { ...state.draft.options,
      [chosen.name]: changed(state.draft.options[chosen.name] ?? {}, one.name, value) } }),
  });
}

/// Fields that most methods share, with the values the method or its preset has.
function main(chosen) {
  const standard = { ...chosen.standard, ...(chosen.presets[state.draft.preset] ?? {}), ...suited(chosen) };
  const kinds = {
    steps: { type: "integer", minimum: 1, maximum: 1000, shown: [5, 100] },
      guidance: { type: "number", minimum: 0, maximum: 100, shown: [0, 20] },
    strength: { type: "number", minimum: 0, maximum: 1 },
  };
  const found = Object.entries(kinds).filter(([name]) => standard[name] !== undefined && standard[name] !== null)
    .map(([name, kind]) => field({ name: t(`option.${name}`), help: t(`option.${name}.help`), kind }, {
      name, standard: standard[name], get: () => state.draft[name] ?? undefined,
        set: (value) => edit({ [name]: value ?? null }),
    }));
  if (chosen.needs.inversion && state.inversions.length) {
    const values = state.inversions.map((one) => ({ value: one.kind, text: one.title }));
    found.push(field({ name: t("option.inversion"), help: t("option.inversion.help"),
      kind: { type: "choice", values } }, {
      name: "inversion", standard: standard.inversion ?? "ddim", get: () => state.draft.inversion ?? undefined,
      set: (value) => edit({ inversion: value ?? null, inversionOptions: {} }),
    }));
  }
  return found;
}

function row(name, label, input, ...more) {
  return h("div", { class: "field", "data-field": name },
    h("div", { class: "label" }, h("label", { for: input.id }, label)), input, ...more);
}

/// Puts choices into a select, without touching one that is the same.
function fill(select, choices, value) {
  const key = JSON.stringify(choices);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...choices.map((one) => h("option", { value: one.value, disabled: one.off }, one.text)));
  }
  if (value !== undefined && select.value !== value) select.value = value;
}

customElements.define("p-options", Options);
