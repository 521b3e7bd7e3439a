// <p-stage>: the photo, the result over it with a divider, the preview while it paints, and the mask.

import { h, button, icon, picture, still, clamp } from "./dom.js";
import { t, percent } from "./words.js";
import { on, state, set } from "./store.js";
import { viewURL } from "./api.js";
import { mask } from "./mask.js";
import { paintOverlay } from "./mask-overlay.js";
import { fitted, settled, zoomed } from "./mask-geometry.js";
import { StageInput } from "./stage-input.js";
import * as tools from "./mask-tools.js";

class Stage extends HTMLElement {
  view = { scale: 1, x: 0, y: 0 };
  cut = 0;
  isFitted = true;
  #frame = { width: 1, height: 1 };
  #due = false;
  #sweep = null;
  #shown = { before: null, after: null };

  connectedCallback() {
    this.photo = h("img", { class: "photo", alt: "", draggable: "false" });
    this.after = h("img", { class: "after", alt: "", draggable: "false", hidden: true });
    this.preview = h("img", { class: "preview", alt: "", draggable: "false", hidden: true });
    this.content = h("div", { class: "view" }, this.photo, this.after, this.preview);
    this.overlay = h("canvas",
      { class: "overlay", tabindex: "0", role: "application", "aria-label": t("stage.label") });
    this.divider = h("div", { class: "divider", "aria-hidden": "true", hidden: true }, h("span", {}, icon("grip")));
    this.tags = ["before",
      "after"].map((name) => h("span", { class: `tag ${name}`, "aria-hidden": "true", hidden: true }, t(name)));
    this.scaleText = button(null, "100 %", () => this.fit(), { title: t("zoom.fit"), class: "quiet scale" });
    const zoom = h("div", { class: "zoom", role: "group", "aria-label": t("zoom") },
      button("minus", t("zoom.out"), () => this.zoom(0.8), { bare: true }), this.scaleText,
      button("plus", t("zoom.in"), () => this.zoom(1.25), { bare: true }));
    this.frame = h("div", { class: "frame" }, this.content, this.divider, this.overlay, ...this.tags);
    this.append(this.frame, zoom);
    this.input = new StageInput(this, this.overlay);
    new ResizeObserver(() => this.#resized()).observe(this.frame);
    on("photo result original", () => this.#load());
    on("tool", () => this.repaint());
    on("settings", () => this.repaint());
    mask.addEventListener("change", () => this.repaint());
    mask.addEventListener("sketch", () => this.repaint());
  }

  /// Least and largest scale.
  get bounds() { return [Math.min(this.#whole.scale, 1), 16]; }
  get #whole() { return fitted(state.view ?? { width: 1, height: 1 }, this.#frame); }
  get isComparing() { return Boolean(state.result) && !state.tool && this.preview.hidden; }
  /// The photo's place in the middle of what is seen.
  get middle() {
    return { x: (this.#frame.width / 2 - this.view.x) / this.view.scale,
      y: (this.#frame.height / 2 - this.view.y) / this.view.scale };
  }

  setView(view) {
    const [least, most] = this.bounds;
    this.view = settled({ ...view, scale: clamp(view.scale, least, most) }, state.view, this.#frame);
    this.isFitted = Math.abs(this.view.scale - this.#whole.scale) < 1e-4;
    this.repaint();
  }

  pan(dx, dy) { this.setView({ ...this.view, x: this.view.x + dx, y: this.view.y + dy }); }
  fit() { if (state.view) this.setView(this.#whole); }
  zoom(factor) {
    const at = { x: this.#frame.width / 2, y: this.#frame.height / 2 };
    this.setView(zoomed(this.view, factor, at, ...this.bounds));
  }
  /// One pixel of the photo for one of the page.
  actual() { this.zoom((state.original ?? state.photo).width / state.view.width / this.view.scale); }

  /// Pans as little as is needed to see a place.
  reveal({ x, y }) {
    const [sx, sy] = [x * this.view.scale + this.view.x, y * this.view.scale + this.view.y];
    const over = (at, room) => (at < 24 ? 24 - at : at > room - 24 ? room - 24 - at : 0);
    this.pan(over(sx, this.#frame.width), over(sy, this.#frame.height));
  }

  /// Where the divider stands, in percent from the left: the old picture before it, the new one behind it.
  setCut(cut) {
    cancelAnimationFrame(this.#sweep);
    this.cut = cut;
    this.dispatchEvent(new Event("cut"));
    this.repaint();
  }

  /// Draws the new picture over the old one, from the right.
  unveil() {
    if (still()) return this.setCut(0);
    const start = performance.now();
    const step = (now) => {
      const share = Math.min(1, (now - start) / 900);
      this.setCut(100 * (1 - share) ** 3);
      if (share < 1) this.#sweep = requestAnimationFrame(step);
    };
    this.setCut(100);
    this.#sweep = requestAnimationFrame(step);
  }

  /// Shows what is being painted, in a part of the view or all of it; a null address shows it no longer.
  async setPreview(url, part = null) {
    if (url === null) {
      this.preview.hidden = true;
      this.preview.removeAttribute("src");
      return this.repaint();
    }
    try { await picture(url); } catch { return; }
    if (!state.watching || !state.view) return;
    const { x, y, width, height } = part ?? { x: 0, y: 0, ...state.view };
    Object.assign(this.preview.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    this.preview.src = url;
    this.preview.hidden = false;
    this.repaint();
  }

  async #load() {
    const before = (state.result && state.original) || state.photo;
    const after = state.result?.picture ?? null;
    if (before?.id !== this.#shown.before) {
      this.#shown.before = before?.id ?? null;
      if (before) {
        this.classList.add("loading");
        const image = await picture(viewURL(before.id)).catch(() => null);
        if (this.#shown.before !== before.id) return;
        this.classList.remove("loading");
        if (image) await this.#begin(before, image);
      } else {
        this.photo.removeAttribute("src");
        set({ view: null });
      }
    }
    if (after !== this.#shown.after) {
      this.#shown.after = after;
      if (after) this.after.src = viewURL(after);
      else this.after.removeAttribute("src");
    }
    this.repaint();
  }

  async #begin(before, image) {
    this.photo.src = image.src;
    this.photo.alt = before.label ? t("photo.named", { name: before.label }) : t("photo");
    const { naturalWidth: width, naturalHeight: height } = image;
    for (const node of [this.content, this.photo, this.after]) {
      node.style.width = `${width}px`;
      node.style.height = `${height}px`;
    }
    set({ view: { width, height } });
    this.fit();
  }

  #resized() {
    const wasFitted = this.isFitted;
    this.#frame = { width: this.frame.clientWidth, height: this.frame.clientHeight };
    this.ratio = Math.min(3, devicePixelRatio || 1);
    this.overlay.width = Math.max(1, Math.round(this.#frame.width * this.ratio));
    this.overlay.height = Math.max(1, Math.round(this.#frame.height * this.ratio));
    if (!state.view) return;
    if (wasFitted) this.fit();
    else this.setView(this.view);
  }

  /// Paints once before the next frame is shown.
  repaint() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      if (state.view) this.#paint();
    });
  }

  #paint() {
    const { scale, x, y } = this.view;
    this.content.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.content.classList.toggle("pixels", scale > 3);
    this.scaleText.firstChild.textContent = percent(scale * state.view.width / (state.original ?? state.photo
      ?? state.view).width);
    const comparing = this.isComparing;
    this.after.hidden = !comparing;
    this.after.style.clipPath = `inset(0 0 0 ${this.cut}%)`;
    this.divider.hidden = !comparing || this.cut <= 0 || this.cut >= 100;
    const top = Math.max(0, y);
    this.divider.style.height = `${Math.min(this.#frame.height, y + scale * state.view.height) - top}px`;
    this.divider.style.transform = `translate(${x + scale * state.view.width * this.cut / 100}px, ${top}px)`;
    this.#placeTags(comparing);
    this.overlay.classList.toggle("dividing", comparing);
    this.overlay.classList.toggle("painting", Boolean(state.tool));
    this.overlay.setAttribute("aria-label",
      t(state.tool ? "stage.label.tool" : comparing ? "stage.label.result" : "stage.label"));
    const cursor = this.input.cursor && (state.tool === "brush" || state.tool === "eraser")
      ? { ...this.input.cursor, radius: tools.radius() } : null;
    paintOverlay(this.overlay, {
      mask: comparing || !this.preview.hidden || mask.isEmpty && !tools.isDrawing() ? null : mask,
      view: this.view, ratio: this.ratio, colour: state.settings.maskColour,
      tool: state.tool ? { cursor, path: tools.outline(), closes: state.tool === "box", cross: this.input.cross }
        : null,
    });
  }

  /// Tags stand in the picture's upper corners; the divider's slider below is as wide as the picture.
  #placeTags(comparing) {
    const left = Math.max(0, this.view.x);
    const right = Math.min(this.#frame.width, this.view.x + this.view.scale * state.view.width);
    const top = Math.max(0, this.view.y) + 10;
    this.tags[0].hidden = !comparing || this.cut < 12;
    this.tags[1].hidden = !comparing || this.cut > 88;
    this.tags[0].style.transform = `translate(${left + 10}px, ${top}px)`;
    this.tags[1].style.transform = `translate(${right - 10}px, ${top}px) translateX(-100%)`;
    this.parentElement.style.setProperty("--left", `${left}px`);
    this.parentElement.style.setProperty("--width", `${right - left}px`);
  }
}

customElements.define("p-stage", Stage);
