// What is painted over the photo: the mask, hatched and outlined, and the tool in hand. The canvas has the screen's
// pixels, so hatching and outline are as fine at every zoom.

const colours = { pink: ["#ff2fa0", "#ffffff"], blue: ["#00b7ff", "#00131f"], yellow: ["#ffe100", "#1f1a00"] };

const layers = {};
const patterns = new Map();

/// Names of the colours a mask may have.
export const maskColours = Object.keys(colours);

function hatching(pen, name, ratio) {
  const key = `${name} ${ratio}`;
  if (patterns.has(key)) return patterns.get(key);
  const side = Math.round(9 * ratio);
  const tile = document.createElement("canvas");
  tile.width = tile.height = side;
  const ink = tile.getContext("2d");
  ink.lineWidth = 1.6 * ratio;
  ink.strokeStyle = colours[name][0];
  ink.beginPath();
  for (const shift of [-side, 0, side]) {
    ink.moveTo(shift - 1, side + 1);
    ink.lineTo(shift + side + 1, -1);
  }
  ink.stroke();
  const pattern = pen.createPattern(tile, "repeat");
  patterns.set(key, pattern);
  return pattern;
}

/// Paints the overlay.
/// - mask: what may change; null shows none.
/// - view: {scale, x, y} in CSS pixels. ratio: pixels of the screen per CSS pixel.
/// - tool: {cursor: {x, y, radius} | null, path: [x, y, …] | null, closes, cross: {x, y} | null} in picture pixels.
export function paintOverlay(canvas, { mask, view, ratio, colour, tool }) {
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const name = colours[colour] ? colour : "pink";
  if (mask?.alpha) paintMask(pen, canvas, mask.alpha, view, ratio, name);
  if (tool) paintTool(pen, view, ratio, tool);
}

/// A canvas as large as the overlay, kept from frame to frame.
function layerOf(name, { width, height }) {
  const kept = layers[name];
  if (kept?.width === width && kept.height === height) {
    const pen = kept.getContext("2d");
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, width, height);
    return [kept, pen];
  }
  const made = document.createElement("canvas");
  [made.width, made.height] = [width, height];
  layers[name] = made;
  return [made, made.getContext("2d")];
}

function paintMask(pen, canvas, alpha, view, ratio, name) {
  const [main, edge] = colours[name];
  // Scaled once; everything else is made of that at the screen's size.
  const [seen, seenPen] = layerOf("seen", canvas);
  const scale = view.scale * ratio;
  seenPen.setTransform(scale, 0, 0, scale, view.x * ratio, view.y * ratio);
  seenPen.drawImage(alpha, 0, 0);
  seenPen.setTransform(1, 0, 0, 1, 0, 0);
  const tint = (style, opacity, draw) => {
    const [layer, ink] = layerOf("work", canvas);
    draw(ink);
    ink.globalCompositeOperation = "source-in";
    ink.fillStyle = style;
    ink.fillRect(0, 0, layer.width, layer.height);
    pen.globalAlpha = opacity;
    pen.drawImage(layer, 0, 0);
    pen.globalAlpha = 1;
  };
  const whole = (ink) => ink.drawImage(seen, 0, 0);
  tint(main, 0.16, whole);
  tint(hatching(pen, name, ratio), 0.75, whole);
  for (const [width, style] of [[2.4, edge], [1.3, main]]) {
    tint(style, 1, (ink) => {
      for (let k = 0; k < 8; k += 1) ink.drawImage(seen, Math.cos(k * Math.PI / 4) * width * ratio,
        Math.sin(k * Math.PI / 4) * width * ratio);
      ink.globalCompositeOperation = "destination-out";
      ink.drawImage(seen, 0, 0);
    });
  }
}

function paintTool(pen, view, ratio, { cursor, path, closes, cross }) {
  const at = (x, y) => [(x * view.scale + view.x) * ratio, (y * view.scale + view.y) * ratio];
  const twice = (trace) => {
    for (const [style, width] of [["rgb(0 0 0 / 0.65)", 3], ["#fff", 1.4]]) {
      pen.strokeStyle = style;
      pen.lineWidth = width * ratio;
      pen.beginPath();
      trace();
      pen.stroke();
    }
  };
  if (cursor) {
    twice(() => {
      const [x, y] = at(cursor.x, cursor.y);
      pen.arc(x, y, Math.max(2, cursor.radius * view.scale * ratio), 0, 2 * Math.PI);
    });
  }
  if (path?.length) {
    pen.setLineDash(closes ? [] : [6 * ratio, 4 * ratio]);
    twice(() => {
      for (let k = 0; k < path.length; k += 2) pen.lineTo(...at(path[k], path[k + 1]));
      if (closes) pen.closePath();
    });
    pen.setLineDash([]);
  }
  if (cross) {
    twice(() => {
      const [x, y] = at(cross.x, cross.y);
      const [gap, arm] = [5 * ratio, 15 * ratio];
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        pen.moveTo(x + dx * gap, y + dy * gap);
        pen.lineTo(x + dx * arm, y + dy * arm);
      }
    });
  }
}
