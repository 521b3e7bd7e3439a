// The login, the settings and the help.

import { h, button } from "./dom.js";
import { t, bytes } from "./words.js";
import { state, on } from "./store.js";
import { api } from "./api.js";

/// Asks for the token until it is right, then goes on with `action`.
export function login(action) {
  if (document.getElementById("login")) return;
  const line = h("p", { class: "error", role: "alert", hidden: true, id: "login-error" });
  const input = h("input",
    { type: "password", id: "token", autocomplete: "current-password", required: true,
    "aria-describedby": "login-help login-error" });
  const form = h("form", { method: "dialog", onsubmit: async (event) => {
    event.preventDefault();
    line.hidden = true;
    try {
      await api.post("/session", { token: input.value.trim() });
      dialog.close();
      dialog.remove();
      action();
    } catch (error) {
      line.textContent = error.status === 401 ? t("login.wrong") : error.message;
      line.hidden = false;
      input.select();
    }
  } }, h("input", { type: "text", autocomplete: "username", value: "pentimento", hidden: true, tabindex: "-1" }),
    h("h2", { id: "login-title" }, t("login.title")), h("p", { class: "soft", id: "login-help" }, t("login.help")),
  h("div", { class: "field" }, h("div", { class: "label" }, h("label", { for: "token" }, t("login.token"))), input,
    line),
  h("div", { class: "row end" }, h("button", { class: "strong" }, t("login.go"))));
  const dialog = h("dialog",
    { class: "sheet", id: "login", "aria-labelledby": "login-title", oncancel: (event) => event.preventDefault() },
    form);
  document.body.append(dialog);
  dialog.showModal();
}

/// Opens a session with a token from the address (`#token=…`) and takes it out of the address.
export async function tokenOfAddress() {
  const found = /^#token=(.+)$/u.exec(location.hash);
  if (!found) return;
  history.replaceState(null, "", location.pathname);
  await api.post("/session", { token: decodeURIComponent(found[1]) }).catch(() => {});
}

const themes = ["auto", "light", "dark"];

/// Shows light or dark as was chosen in this browser, else as the system does.
export function applyTheme() {
  const chosen = read("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}

const read = (name) => { try { return localStorage.getItem(`pentimento-${name}`); } catch { return null; } };
const write = (name, value) => { try { localStorage.setItem(`pentimento-${name}`, value); } catch { /* forbidden */ } };

function sheet(id, title, ...content) {
  const dialog = h("dialog", { class: "sheet", id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title), ...content,
    h("div", { class: "row end" }, button(null, t("close"), () => dialog.close(), { kind: "plain" })));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  return dialog;
}

/// The settings: how it looks, and what the server is.
export function settingsDialog() {
  const theme = h("select", { id: "theme", onchange: () => { write("theme", theme.value); applyTheme(); } },
    ...themes.map((name) => h("option", { value: name }, t(`theme.${name}`))));
  theme.value = themes.includes(read("theme")) ? read("theme") : "auto";
  const about = h("p", { class: "note" });
  const models = h("ul", { class: "models" });
  const fill = () => {
    const { capabilities } = state;
    if (capabilities) about.textContent = t("settings.about",
      { version: capabilities.version.replace(/^Pentimento /u, ""), device: capabilities.device ?? "cpu" });
    models.replaceChildren(...state.models.map((one) => h("li", {}, h("b", {}, one.title ?? one.name), " ",
      h("span", { class: "soft" },
        one.usable ? t("model.facts", { side: one.side, size: bytes(one.bytes) }) : one.reason ?? t("model.no")))));
  };
  on("capabilities models", fill);
  fill();
  return sheet("settings", t("settings"),
    h("div", { class: "field" }, h("div", { class: "label" }, h("label", { for: "theme" }, t("theme"))), theme),
    h("h3", {}, t("models")), models, h("p", { class: "note" }, t("models.add")), about);
}

const keys = ["paint", "cancel", "undo", "tools", "size", "zoom", "pan", "cross", "help"];

/// The help: how to go about it, and every key.
export function helpDialog() {
  return sheet("help", t("help"), h("ol", { class: "steps" }, ...[1, 2, 3, 4].map((n) => h("li", {}, t(`help.${n}`)))),
    h("h3", {}, t("keys")), h("dl", { class: "keys" }, ...keys.map((name) =>
      h("div", {}, h("dt", {}, ...t(`keys.${name}`).split(" ").map((key) => h("kbd", {}, key))),
        h("dd", {}, t(`keys.${name}.does`))))));
}
