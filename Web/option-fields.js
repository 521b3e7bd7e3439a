// One field for one described option: range and number, list, text or switch, each with what it does, a dot where it
// was changed, and a way back.

import { h, button, show } from "./dom.js";
import { t, number, capital } from "./words.js";

let made = 0;

/// A field.
/// - option: {name, help, symbol?, kind: {type, minimum, maximum, values, shown?}}; shown is the range of the slider.
/// - of: {name: of the wire, standard, get(): changed value or undefined, set(value or undefined)}
export function field(option, of) {
  const id = `option-${made += 1}`;
  const input = (inputs[isList(option) ? "list" : option.kind.type] ?? inputs.text)(option, of, id);
  const reset = button("reset", t("option.reset", { name: option.name }), () => { of.set(undefined); found.update(); },
    { bare: true, class: "quiet bare small" });
  const dot = h("span", { class: "dot", title: t("option.changed") }, h("span", { class: "vh" }, t("option.changed")));
  const symbol = option.symbol ? h("i", { class: "symbol", "aria-hidden": "true" }, option.symbol) : null;
  const label = input.isLabelled ? null : h("label", { for: id }, spoken(option.name));
  const found = h("div", { class: `field option ${option.kind.type}`, "data-field": of.name },
    h("div", { class: "label" }, label ?? input.label, symbol, dot, reset),
    ...input.nodes, h("p", { class: "note", id: `${id}-help` }, option.help));
  found.update = () => {
    const value = of.get();
    show(dot, value !== undefined);
    show(reset, value !== undefined);
    input.write(value ?? of.standard);
  };
  found.update();
  return found;
}

const spoken = (name) => capital(name.replaceAll("-", " "));

/// Only what differs from the standard is sent.
const send = (of, value) => of.set(value === of.standard ? undefined : value);

/// Over HTTP no file is ever named: sentences are written down, one a line, and masks have no place here.
export const isShown = (option) => !isFile(option) || isList(option);
const isFile = (option) => option.kind.type === "file" || /^file of/u.test(option.help);
const isList = (option) => isFile(option) && option.name.endsWith("sentences");

const inputs = {
  list(option, of, id) {
    const area = h("textarea",
      { id, rows: "3", "aria-describedby": `${id}-help`, placeholder: t("option.list.hint"), oninput: () => {
      const lines = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
      of.set(lines.length ? lines : undefined);
    } });
    const write = (value) => {
      if (area !== document.activeElement) area.value = Array.isArray(value) ? value.join("\n") : "";
    };
    return { nodes: [area], write };
  },
  integer: (option, of, id) => numeric(option, of, id, true),
  number: (option, of, id) => numeric(option, of, id, false),
  choice(option, of, id) {
    const values = option.kind.values.map((one) => (typeof one === "string" ? { value: one, text: spoken(one) } : one));
    const select = h("select", { id, "aria-describedby": `${id}-help`, onchange: () => send(of, select.value) },
      ...values.map((one) => h("option", { value: one.value },
        one.value === of.standard ? t("option.standard", { name: one.text }) : one.text)));
    return { nodes: [select], write: (value) => { select.value = value; } };
  },
  text(option, of, id) {
    const input = h("input",
      { type: "text", id, "aria-describedby": `${id}-help`, autocomplete: "off", spellcheck: "false",
      oninput: () => send(of, input.value) });
    return { nodes: [input], write: (value) => { if (input !== document.activeElement) input.value = value ?? ""; } };
  },
  flag(option, of, id) {
    const input = h("input",
      { type: "checkbox", id, "aria-describedby": `${id}-help`, onchange: () => send(of, input.checked) });
    const label = h("label", { class: "check", for: id }, input, h("span", {}, spoken(option.name)));
    return { nodes: [], isLabelled: true, label, write: (value) => { input.checked = Boolean(value); } };
  },
};

/// A number with a slider where its range is one to slide over.
function numeric(option, of, id, isWhole) {
  const { minimum, maximum, shown } = option.kind;
  const [least, most] = shown ?? [minimum, maximum];
  const step = isWhole ? 1 : grain(most - least);
  const entry = h("input",
    { type: "number", id, min: String(minimum), max: String(maximum), step: isWhole ? "1" : "any",
    "aria-describedby": `${id}-help`, oninput: () => take(entry.value) });
  const canSlide = Number.isFinite(most - least) && most - least <= (isWhole ? 1000 : 100);
  const slider = canSlide
    ? h("input", { type: "range", min: String(least), max: String(most), step: String(step), tabindex: "-1",
    "aria-label": t("option.slider", { name: spoken(option.name) }), oninput: () => take(slider.value) }) : null;
  function take(text) {
    if (text === "") return of.set(undefined);
    const value = Number(text);
    if (!Number.isFinite(value)) return;
    send(of, value);
    if (slider && slider !== document.activeElement) slider.value = String(value);
    if (entry !== document.activeElement) entry.value = String(value);
  }
  return {
    nodes: [h("div", { class: "numeric" }, slider, entry)],
    write(value) {
      if (value === undefined || value === null) {
        if (entry !== document.activeElement) entry.value = "";
        return;
      }
      if (slider && slider !== document.activeElement) slider.value = String(value);
      if (entry !== document.activeElement) entry.value = String(value);
      entry.placeholder = number(Number(of.standard), 6);
    },
  };
}

/// The step of a slider: about a hundred over its range, and round.
function grain(range) {
  const raw = range / 100;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= raw * 0.999);
}
