// Building nodes without strings of HTML, and the small tools that every part of the page shares.

/// A new element: `h("p", {class: "note", onclick: f}, "text", node)`. Keys with "on" listen, others are attributes
/// (true: present, false or null: absent) or, where the element has such a property, properties of `.name`.
export function h(tag, settings = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(settings)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key.startsWith(".")) node[key.slice(1)] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/// A drawing of `icons.svg`, hidden from readers: the button around it carries the name.
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/// A button with a drawing and, unless it is hidden, a word.
export function button(name, label, action, { bare = false, kind = "quiet", title, ...settings } = {}) {
  return h("button", {
    type: "button", class: `${kind}${bare ? " bare" : ""}`, onclick: action,
    "aria-label": bare ? label : null, title: title ?? (bare ? label : null), ...settings,
  }, name ? icon(name) : null, bare ? null : h("span", {}, label));
}

/// Calls only after `wait` milliseconds of silence; `flush()` calls at once what waits.
export function debounce(wait, action) {
  let timer = null;
  const run = () => { clearTimeout(timer); timer = null; action(); };
  const later = () => { clearTimeout(timer); timer = setTimeout(run, wait); };
  later.flush = () => { if (timer !== null) run(); };
  return later;
}

export const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

/// Says a line to people who listen to the page; the same line twice is said twice.
export function announce(text) {
  const place = document.getElementById("say");
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = text; });
}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/// Shows or hides, and says whether that changed anything.
export function show(node, visible) {
  if (node.hidden === !visible) return false;
  node.hidden = !visible;
  return true;
}

/// Loads a picture and waits until it can be painted.
export async function picture(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
