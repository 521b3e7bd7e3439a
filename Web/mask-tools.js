// What the tools in hand do to the mask: brush, eraser, lasso, box, by pointer or by the keyboard's crosshair.

import { mask } from "./mask.js";
import { state, set } from "./store.js";
import { clamp } from "./dom.js";

/// How the brush is: both 0…1. Size 1 is a quarter of the photo's longer side.
export const brush = { size: 0.35, softness: 0.15 };

/// The brush's radius in pixels of the mask.
export const radius = () => Math.max(1, 0.25 * Math.max(mask.width, mask.height) * brush.size ** 1.6);

/// Makes the brush larger or smaller by keys.
export function resize(factor) {
  brush.size = clamp(brush.size * factor, 0.02, 1);
  set({ tool: state.tool });
}

const round = (value) => Math.round(value * 10) / 10;

/// The entry that is being made, or null.
let entry = null;
let drawn = 0;
let corner = null;

/// The outline that is shown while a shape is drawn.
export const outline = () => (entry?.op === "shape" ? entry.points : null);

/// Whether something is being drawn.
export const isDrawing = () => entry !== null;

/// Begins at a place of the photo; `erase` turns what the tool does into its opposite.
export function begin({ x, y, pressure }, erase) {
  const takes = (state.tool === "eraser") !== erase;
  if (state.tool === "brush" || state.tool === "eraser") {
    entry = {
      op: "stroke", erase: takes, radius: round(radius()), softness: brush.softness,
      points: [round(x), round(y), round(pressure)],
    };
    drawn = 0;
    mask.sketch(entry, 0);
  } else {
    corner = { x: round(x), y: round(y) };
    entry = { op: "shape", erase: takes, points: [corner.x, corner.y] };
  }
}

/// Goes on to a place.
export function move({ x, y, pressure }) {
  if (!entry) return;
  if (entry.op === "stroke") {
    const points = entry.points;
    const [lastX, lastY] = points.slice(-3);
    if (Math.hypot(x - lastX, y - lastY) < 0.7) return;
    points.push(round(x), round(y), round(pressure));
    mask.sketch(entry, drawn);
    drawn = points.length - 3;
  } else if (state.tool === "box") {
    entry.points = [corner.x, corner.y, round(x), corner.y, round(x), round(y), corner.x, round(y)];
  } else {
    entry.points.push(round(x), round(y));
  }
}

/// Ends what is being made and keeps it.
export function end() {
  const made = entry;
  entry = null;
  if (!made || (made.op === "shape" && made.points.length < 6)) return;
  mask.add(made);
}

/// Forgets what is being made.
export function cancel() {
  const wasStroke = entry?.op === "stroke";
  entry = null;
  if (wasStroke) mask.redraw();
}

/// One press at the crosshair: a dab of the brush, a corner of lasso or box (the second ends a box, Enter a lasso).
export function press(cross, erase) {
  const at = { ...cross, pressure: 1 };
  if (state.tool === "brush" || state.tool === "eraser") {
    begin(at, erase);
    end();
  } else if (!entry) {
    begin(at, erase);
  } else {
    move(at);
    if (state.tool === "box") end();
  }
}
