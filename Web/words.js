// What the page says: sentences of strings.en.json, numbers, times.

const strings = await (await fetch("/strings.en.json")).json();

/// The sentence of that name with its {gaps} filled.
export function t(key, gaps = {}) {
  const text = strings[key];
  if (text === undefined) throw new Error(`strings.en.json has no "${key}"`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (gaps[name] === undefined ? whole : String(gaps[name])));
}

/// The same, or null where there is no such sentence.
export const maybe = (key, gaps) => (strings[key] === undefined ? null : t(key, gaps));

/// "one" or "many" of a thing, each a sentence of its own with {n}.
export const count = (key, n) => t(n === 1 ? `${key}.one` : `${key}.many`, { n: number(n) });

export const number = (value, digits = 0) =>
  value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: 0 });

/// A share as a percentage.
export const percent = (share) => (share > 0 && share < 0.01 ? t("percent.less")
  : t("percent", { n: Math.round(share * 100) }));

/// How long something takes: "1.4 s", "12 s", "3 min", "1 h 20 min".
export function duration(seconds) {
  if (seconds < 10) return t("seconds", { n: number(seconds, 1) });
  if (seconds < 90) return t("seconds", { n: Math.round(seconds) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return t("minutes", { n: minutes });
  return t("hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
}

/// With a capital letter.
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/// A line of the server as a sentence.
export const sentence = (text) => `${capital(text.trim())}${/[.!?…]$/u.test(text.trim()) ? "" : "."}`;

/// What is left, rounded as one would say it.
export function remaining(seconds) {
  if (seconds < 1.5) return t("left.moment");
  if (seconds < 20) return t("left", { time: t("seconds", { n: Math.round(seconds) }) });
  if (seconds < 90) return t("left", { time: t("seconds", { n: Math.round(seconds / 5) * 5 }) });
  return t("left", { time: duration(seconds) });
}

/// How long ago, in words; older than a day: the date.
export function ago(time, now = Date.now()) {
  const seconds = Math.max(0, (now - new Date(time).getTime()) / 1000);
  if (seconds < 45) return t("ago.now");
  if (seconds < 3600) return t("ago.minutes", { n: Math.max(1, Math.round(seconds / 60)) });
  if (seconds < 86400) return t("ago.hours", { n: Math.round(seconds / 3600) });
  return new Date(time).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

export function bytes(n) {
  if (n < 1e6) return t("kilobytes", { n: Math.max(1, Math.round(n / 1e3)) });
  if (n < 1e9) return t("megabytes", { n: number(n / 1e6, n < 1e7 ? 1 : 0) });
  return t("gigabytes", { n: number(n / 1e9, 1) });
}

/// Fills every element of the page that names its sentence in data-t, and labels that name theirs in data-t-label.
export function fill(root = document) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
    if (node.tagName === "BUTTON") node.title = t(node.dataset.tLabel);
  }
}
