// What went wrong, in one line, at the field it is about.

import { h, icon, announce } from "./dom.js";
import { Problem, Unreachable } from "./api.js";
import { t, sentence } from "./words.js";

/// Names of the wire whose field has another name on the page.
const homes = { picture: "photo", label: "photo", maskPicture: "mask", regions: "paint", n: "seed" };

function homeOf(field, fallback) {
  const found = (name) => document.querySelector(`[data-field="${CSS.escape(name)}"]`);
  if (field) {
    const parts = field.split(/[./[]/u).filter(Boolean);
    const names = [field, parts.slice(0, 2).join("."), homes[parts[0]] ?? parts[0]];
    for (const name of names) if (found(name)) return found(name);
  }
  return found(fallback) ?? found("paint");
}

/// Shows an error where it belongs and says it. `fallback` names the place where the server named none.
export function tell(error, fallback = "paint") {
  if (!(error instanceof Problem || error instanceof Unreachable || error instanceof Refusal)) console.error(error);
  if (error.status === 401) return;
  const text = sentence(error.message || t("error.unknown"));
  const home = homeOf(error.field, fallback);
  clear(home);
  const details = home.closest("details");
  if (details) details.open = true;
  const tab = home.closest("[data-part]")?.dataset.part;
  if (tab) document.body.dataset.tab = tab;
  const line = h("p", { class: "error", role: "alert", id: `error-${home.dataset.field}` }, icon("warning"),
    h("span", {}, text));
  home.append(line);
  const input = home.querySelector("textarea, input, select");
  if (input && !home.hidden) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", line.id);
    if (error.field) input.focus({ preventScroll: true });
  }
  line.scrollIntoView({ block: "nearest" });
  announce(text);
}

/// A refusal of the page itself.
export class Refusal extends Error {
  constructor(key, field, gaps) {
    super(t(key, gaps));
    this.field = field;
  }
}

/// Takes errors away: those of one place, or all.
export function clear(home = document) {
  for (const line of home.querySelectorAll(".error")) line.remove();
  for (const input of home.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

/// What is typed into a field takes its error away.
export function forgive() {
  document.addEventListener("input", (event) => {
    const home = event.target.closest("[data-field]");
    if (home) clear(home);
  });
}
