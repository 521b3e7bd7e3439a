// The mask: a list of what was done to it, drawn into one grey canvas of the size the photo is shown at. Undo draws
// the list again without its last entry. White may change.

import { cut, dabs, around, measure } from "./mask-geometry.js";
import { picture } from "./dom.js";
import { viewURL } from "./api.js";

const most = 500;

function canvas(width, height, settings) {
  const found = document.createElement("canvas");
  [found.width, found.height] = [width, height];
  return [found, found.getContext("2d", settings)];
}

/// Entries: {op: "stroke", erase, radius, softness, points: [x, y, pressure, …]},
/// {op: "shape", erase, points: [x, y, …]},
/// {op: "all"}, {op: "none"}, {op: "invert"}, {op: "picture", id, threshold}: a map that was found, cut at its
/// threshold, or with a null threshold a mask as it was given.
export class Mask extends EventTarget {
  entries = [];
  undone = [];
  width = 0;
  height = 0;
  /// The mask as the alpha of a white canvas, for painting it over the photo.
  alpha = null;
  maps = new Map();
  #grey = null;
  #pen = null;
  #alphaPen = null;
  #tip = new Map();
  #measured = null;

  /// Begins anew for a photo of that view; entries are those of a draft.
  async open(width, height, entries = []) {
    [this.width, this.height] = [width, height];
    [this.#grey, this.#pen] = canvas(width, height, { willReadFrequently: true, alpha: false });
    [this.alpha, this.#alphaPen] = canvas(width, height);
    [this.entries, this.undone] = [entries, []];
    this.maps = new Map();
    for (const entry of entries) if (entry.op === "picture") await this.load(entry.id);
    this.redraw();
  }

  /// Lets go of everything.
  close() {
    [this.entries, this.undone, this.width, this.height, this.alpha, this.#grey] = [[], [], 0, 0, null, null];
    this.#changed();
  }

  get isOpen() { return this.#grey !== null; }

  /// Whether anything was said about where it may change.
  get isEmpty() { return this.entries.length === 0 || this.entries.at(-1).op === "none"; }

  /// The entry of a found map that is still in effect, or null.
  get found() {
    const last = this.entries.findLast((entry) => ["picture", "all", "none"].includes(entry.op));
    return last?.op === "picture" && last.threshold !== null ? last : null;
  }

  /// Reads a map's grey values at this mask's size.
  async load(id) {
    if (this.maps.has(id)) return;
    const image = await picture(viewURL(id, 2048, "png"));
    const [, pen] = canvas(this.width, this.height, { willReadFrequently: true });
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, 0, 0, this.width, this.height);
    const { data } = pen.getImageData(0, 0, this.width, this.height);
    const grey = new Uint8ClampedArray(this.width * this.height);
    for (let k = 0; k < grey.length; k += 1) {
      grey[k] = 0.299 * data[4 * k] + 0.587 * data[4 * k + 1] + 0.114 * data[4 * k + 2];
    }
    this.maps.set(id, grey);
  }

  /// Does one more thing. What was undone before is gone.
  add(entry) {
    this.entries.push(entry);
    this.undone = [];
    this.#show(this.#draw(entry));
    this.#changed();
  }

  /// Draws the piece of a stroke that is still under way; `add` keeps it when it ends.
  sketch(entry, from) {
    const piece = { ...entry, points: entry.points.slice(from) };
    this.#show(this.#draw(piece));
    this.dispatchEvent(new Event("sketch"));
  }

  get canUndo() { return this.entries.length > 0; }
  get canRedo() { return this.undone.length > 0; }

  undo() {
    if (!this.canUndo) return;
    this.undone.push(this.entries.pop());
    this.redraw();
  }

  redo() {
    if (!this.canRedo) return;
    this.entries.push(this.undone.pop());
    this.redraw();
  }

  /// Cuts the found map elsewhere: no new entry, so that a slider is not a hundred steps to undo.
  cutAt(threshold) {
    this.found.threshold = threshold;
    this.redraw();
  }

  /// Whether there are more entries than are kept apart; the page then makes a picture of them.
  get isLong() { return this.entries.length >= most; }

  /// Puts one picture in the place of all entries.
  async settle(id) {
    await this.load(id);
    [this.entries, this.undone] = [[{ op: "picture", id, threshold: null }], []];
    this.redraw();
  }

  /// Draws all entries again.
  redraw() {
    if (!this.isOpen) return;
    this.#fill("#000");
    const start = this.entries.findLastIndex((entry) => ["picture", "all", "none"].includes(entry.op));
    for (const entry of this.entries.slice(Math.max(0, start))) this.#draw(entry);
    this.#show({ x: 0, y: 0, width: this.width, height: this.height });
    this.#changed();
  }

  /// Its area and box.
  get measured() {
    if (!this.isOpen) return { area: 0, box: null };
    this.#measured ??= measure(this.#values(0, 0, this.width, this.height), this.width, this.height);
    return this.#measured;
  }

  /// The mask as a grey PNG.
  blob() { return new Promise((done) => this.#grey.toBlob(done, "image/png")); }

  #changed() {
    this.#measured = null;
    this.dispatchEvent(new Event("change"));
  }

  #fill(colour) {
    this.#pen.globalCompositeOperation = "source-over";
    this.#pen.fillStyle = colour;
    this.#pen.fillRect(0, 0, this.width, this.height);
    return { x: 0, y: 0, width: this.width, height: this.height };
  }

  /// Draws an entry and tells where it changed anything (null: nowhere).
  #draw(entry) {
    switch (entry.op) {
      case "all": return this.#fill("#fff");
      case "none": return this.#fill("#000");
      case "invert":
        this.#pen.globalCompositeOperation = "difference";
        this.#pen.fillStyle = "#fff";
        this.#pen.fillRect(0, 0, this.width, this.height);
        return { x: 0, y: 0, width: this.width, height: this.height };
      case "picture": return this.#drawMap(entry);
      case "shape": return this.#drawShape(entry);
      default: return this.#drawStroke(entry);
    }
  }

  #drawMap({ id, threshold }) {
    const map = this.maps.get(id);
    const grey = threshold === null ? map : cut(map, threshold);
    const image = this.#pen.createImageData(this.width, this.height);
    for (let k = 0; k < grey.length; k += 1) {
      image.data[4 * k] = image.data[4 * k + 1] = image.data[4 * k + 2] = grey[k];
      image.data[4 * k + 3] = 255;
    }
    this.#pen.putImageData(image, 0, 0);
    return { x: 0, y: 0, width: this.width, height: this.height };
  }

  #drawShape({ points, erase }) {
    this.#pen.globalCompositeOperation = "source-over";
    this.#pen.fillStyle = erase ? "#000" : "#fff";
    this.#pen.beginPath();
    for (let k = 0; k < points.length; k += 2) this.#pen.lineTo(points[k], points[k + 1]);
    this.#pen.fill();
    return around(points, 2, 1, this.width, this.height);
  }

  /// Painting takes the lighter of mask and dab, erasing the darker of mask and the dab's negative: dabs that lie over
  /// one another do not add up, so that a soft edge stays soft.
  #drawStroke({ points, erase, radius, softness }) {
    const tip = this.#tipOf(softness, erase);
    this.#pen.globalCompositeOperation = erase ? "darken" : "lighten";
    for (const [x, y, r] of dabs(points, radius)) this.#pen.drawImage(tip, x - r, y - r, 2 * r, 2 * r);
    return around(points, 3, radius + 1, this.width, this.height);
  }

  #tipOf(softness, erase) {
    const name = `${softness} ${erase}`;
    if (this.#tip.has(name)) return this.#tip.get(name);
    const side = 256;
    const [tip, pen] = canvas(side, side);
    const [inner, outer] = erase ? ["#000", "#fff"] : ["#fff", "#000"];
    pen.fillStyle = outer;
    pen.fillRect(0, 0, side, side);
    // Half of the fall lies within the radius and half would lie beyond: the radius is where it ends.
    const gradient = pen.createRadialGradient(side / 2, side / 2, (side / 2 - 3) * (1 - softness), side / 2, side / 2,
      side / 2 - 1);
    gradient.addColorStop(0, inner);
    gradient.addColorStop(1, outer);
    pen.fillStyle = gradient;
    pen.fillRect(0, 0, side, side);
    this.#tip.set(name, tip);
    return tip;
  }

  #values(x, y, width, height) {
    const { data } = this.#pen.getImageData(x, y, width, height);
    const grey = new Uint8ClampedArray(width * height);
    for (let k = 0; k < grey.length; k += 1) grey[k] = data[4 * k];
    return grey;
  }

  /// Copies a changed part into the alpha that is shown.
  #show(part) {
    if (!part) return;
    const image = this.#pen.getImageData(part.x, part.y, part.width, part.height);
    const { data } = image;
    for (let k = 0; k < data.length; k += 4) {
      data[k + 3] = data[k];
      data[k] = data[k + 1] = data[k + 2] = 255;
    }
    this.#alphaPen.putImageData(image, part.x, part.y);
  }
}

/// The page's one mask.
export const mask = new Mask();
