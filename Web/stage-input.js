// Fingers, pens, mice, wheels and keys on the stage. One pointer paints, divides or pans; two fingers pinch.

import { pinched, zoomed } from "./mask-geometry.js";
import { state } from "./store.js";
import * as tools from "./mask-tools.js";
import { mask } from "./mask.js";
import { clamp } from "./dom.js";

/// Milliseconds, and pixels on the screen, within which a second finger takes back the stroke that the first one began.
const regret = { time: 150, way: 8 };

export class StageInput {
  cross = null;
  cursor = null;
  #stage;
  #surface;
  #pointers = new Map();
  #mode = null;
  #began = 0;
  #hasPen = false;
  #space = false;
  #last = null;
  #start = null;

  constructor(stage, surface) {
    [this.#stage, this.#surface] = [stage, surface];
    const listen = (name, action, settings) => surface.addEventListener(name, action.bind(this), settings);
    listen("pointerdown", this.#down);
    listen("pointermove", this.#move);
    listen("pointerup", this.#up);
    listen("pointercancel", this.#lost);
    listen("lostpointercapture", this.#lost);
    listen("pointerleave", () => { this.cursor = null; stage.repaint(); });
    listen("wheel", this.#wheel, { passive: false });
    listen("keydown", this.#key);
    listen("keyup", (event) => { if (event.key === " ") this.#hold(false); });
    listen("blur", () => { this.cross = null; this.#hold(false); stage.repaint(); });
    listen("contextmenu", (event) => { if (state.tool) event.preventDefault(); });
  }

  #hold(space) {
    this.#space = space;
    this.#surface.classList.toggle("grab", space);
  }

  #place(event) {
    const box = this.#surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #inPicture(event) {
    const [{ x, y }, view] = [this.#place(event), this.#stage.view];
    const pressure = event.pointerType === "pen" ? clamp(event.pressure * 1.4, 0, 1) : 1;
    return { x: (x - view.x) / view.scale, y: (y - view.y) / view.scale, pressure };
  }

  #down(event) {
    if (!state.view || event.button > 1) return;
    event.preventDefault();
    this.#surface.focus({ preventScroll: true });
    try { this.#surface.setPointerCapture(event.pointerId); } catch { /* it is gone already */ }
    this.cross = null;
    this.#hasPen ||= event.pointerType === "pen";
    this.#pointers.set(event.pointerId, this.#place(event));
    if (this.#pointers.size === 2) {
      if (this.#mode === "paint") {
        if (this.#isRegretted()) tools.cancel();
        else tools.end();
      }
      this.#mode = "pinch";
    } else if (this.#pointers.size === 1) {
      this.#mode = this.#modeFor(event);
      this.#began = performance.now();
      this.#start = this.#last = this.#place(event);
      if (this.#mode === "paint") tools.begin(this.#inPicture(event), event.altKey);
      if (this.#mode === "divide") this.#divide(event);
      this.#surface.classList.toggle("grabbing", this.#mode === "pan");
    }
    this.#stage.repaint();
  }

  /// Whether the first finger hardly did anything before the second one came.
  #isRegretted() {
    const way = Math.hypot(this.#last.x - this.#start.x, this.#last.y - this.#start.y);
    return performance.now() - this.#began < regret.time || way < regret.way;
  }

  #modeFor(event) {
    if (event.button === 1 || this.#space) return "pan";
    if (state.tool) return this.#hasPen && event.pointerType === "touch" ? "pan" : "paint";
    return this.#stage.isComparing ? "divide" : "pan";
  }

  #divide(event) {
    const { x } = this.#inPicture(event);
    this.#stage.setCut(clamp(100 * x / state.view.width, 0, 100));
  }

  #move(event) {
    if (state.tool && event.pointerType !== "touch") this.cursor = this.#inPicture(event);
    const known = this.#pointers.get(event.pointerId);
    if (!known) {
      if (this.cursor) this.#stage.repaint();
      return;
    }
    const before = [...this.#pointers.values()];
    this.#pointers.set(event.pointerId, this.#place(event));
    if (this.#mode === "pinch" && this.#pointers.size >= 2) {
      const after = [...this.#pointers.values()];
      this.#stage.setView(pinched(this.#stage.view, before.slice(0, 2), after.slice(0, 2), ...this.#stage.bounds));
    } else if (this.#mode === "pan") {
      this.#stage.pan(this.#place(event).x - this.#last.x, this.#place(event).y - this.#last.y);
    } else if (this.#mode === "divide") {
      this.#divide(event);
    } else if (this.#mode === "paint") {
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const one of passed.length ? passed : [event]) tools.move(this.#inPicture(one));
      this.#stage.repaint();
    }
    this.#last = this.#place(event);
  }

  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#mode === "paint") tools.end();
    this.#rest();
  }

  #lost(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#mode === "paint") tools.end();
    this.#rest();
  }

  /// After a pinch the finger that stays does nothing until it is lifted as well.
  #rest() {
    this.#mode = this.#pointers.size ? "none" : null;
    this.#surface.classList.remove("grabbing");
    this.#stage.repaint();
  }

  #wheel(event) {
    if (!state.view) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const factor = Math.exp(-clamp(event.deltaY, -120, 120) / 240);
      this.#stage.setView(zoomed(this.#stage.view, factor, this.#place(event), ...this.#stage.bounds));
    } else if (!this.#stage.isFitted) {
      event.preventDefault();
      this.#stage.pan(-event.deltaX, -event.deltaY);
    }
  }

  #key(event) {
    if (!state.view || event.ctrlKey || event.metaKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const stage = this.#stage;
    if (arrows[event.key]) {
      this.#arrow(...arrows[event.key], event.shiftKey ? 5 : 1);
    } else if (event.key === " ") {
      if (state.tool && this.cross && !event.repeat) tools.press(this.cross, event.altKey || event.shiftKey);
      else if (!this.cross) this.#hold(true);
    } else if (event.key === "Enter" && tools.isDrawing()) tools.end();
    else if (event.key === "Escape" && tools.isDrawing()) {
      tools.cancel();
      event.stopPropagation();
    } else if (event.key === "0") stage.fit();
    else if (event.key === "1") stage.actual();
    else if (event.key === "+" || event.key === "=") stage.zoom(1.25);
    else if (event.key === "-") stage.zoom(0.8);
    else return;
    event.preventDefault();
    stage.repaint();
  }

  /// With a tool the crosshair goes, with a result the divider, else the picture.
  #arrow(dx, dy, times) {
    const stage = this.#stage;
    if (state.tool) {
      const step = 8 * times / stage.view.scale;
      this.cross ??= stage.middle;
      this.cross = { x: clamp(this.cross.x + dx * step, 0, mask.width),
        y: clamp(this.cross.y + dy * step, 0, mask.height) };
      this.cursor = state.tool === "brush" || state.tool === "eraser" ? this.cross : null;
      if (tools.isDrawing() && state.tool === "box") tools.move({ ...this.cross, pressure: 1 });
      stage.reveal(this.cross);
    } else if (stage.isComparing && dx) stage.setCut(clamp(stage.cut + dx * times, 0, 100));
    else stage.pan(-dx * 24 * times, -dy * 24 * times);
  }
}
