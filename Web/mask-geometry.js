// The arithmetic of masks: no canvas, no page. Maps are grey bytes, row by row, 255 where everything may change.

/// The dabs of a stroke: [x, y, radius] along its path. Points are [x, y, pressure] in a row, pressure 0…1;
/// neighbours lie a sixth of the radius apart, so that the edge looks smooth.
export function dabs(points, radius) {
  const found = [];
  const size = (pressure) => Math.max(0.5, radius * (0.25 + 0.75 * pressure));
  found.push([points[0], points[1], size(points[2])]);
  for (let k = 3; k < points.length; k += 3) {
    const [x0, y0, p0, x1, y1, p1] = points.slice(k - 3, k + 3);
    const length = Math.hypot(x1 - x0, y1 - y0);
    const count = Math.max(1, Math.ceil(length / Math.max(0.5, size(Math.min(p0, p1)) / 6)));
    for (let step = 1; step <= count; step += 1) {
      const share = step / count;
      found.push([x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, size(p0 + (p1 - p0) * share)]);
    }
  }
  return found;
}

/// The rectangle around points [x, y, …] with a margin, in whole pixels within a picture; null where it is empty.
export function around(points, stride, margin, width, height) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = 0; k < points.length; k += stride) {
    left = Math.min(left, points[k]);
    right = Math.max(right, points[k]);
    top = Math.min(top, points[k + 1]);
    bottom = Math.max(bottom, points[k + 1]);
  }
  return within({ left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin }, width,
    height);
}

function within({ left, top, right, bottom }, width, height) {
  const x = Math.max(0, Math.floor(left));
  const y = Math.max(0, Math.floor(top));
  const w = Math.min(width, Math.ceil(right)) - x;
  const h = Math.min(height, Math.ceil(bottom)) - y;
  return w > 0 && h > 0 ? { x, y, width: w, height: h } : null;
}

/// The share of a picture that a mask lets change, and the box around all of it (null where it is empty).
export function measure(grey, width, height) {
  let sum = 0;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, k = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, k += 1) {
      const value = grey[k];
      if (value === 0) continue;
      sum += value;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return {
    area: sum / 255 / (width * height),
    box: right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 },
  };
}

/// A soft map cut at a threshold 0…1: what reaches it may change. The edge is a ramp of two levels either way, so
/// that it does not step.
export function cut(soft, threshold) {
  const level = threshold * 255;
  const found = new Uint8ClampedArray(soft.length);
  for (let k = 0; k < soft.length; k += 1) found[k] = (soft[k] - level) * 64 + 128;
  if (threshold <= 0) found.fill(255);
  return found;
}

/// How much of the picture every threshold 0, 0.01 … 1 would let change: the slider tells it while it moves.
export function areas(soft) {
  const histogram = new Uint32Array(256);
  for (let k = 0; k < soft.length; k += 1) histogram[soft[k]] += 1;
  const above = new Float64Array(257);
  for (let level = 255; level >= 0; level -= 1) above[level] = above[level + 1] + histogram[level];
  return Array.from({ length: 101 }, (_, k) => above[Math.min(256, Math.ceil(k * 2.55))] / Math.max(1, soft.length));
}

/// The square about a mask's box that is worked on where the work is done closely: the box with a margin, a share of
/// its longer side, and no smaller than `least` pixels, pushed into the picture.
export function surroundings(box, margin, least, width, height) {
  const side = Math.max(Math.ceil(Math.max(box.width, box.height) * (1 + 2 * margin)), least);
  const stretch = (start, length, size) => {
    const room = Math.min(side, size);
    return [Math.min(Math.max(Math.floor((2 * start + length - room) / 2), 0), size - room), room];
  };
  const [x, across] = stretch(box.x, box.width, width);
  const [y, down] = stretch(box.y, box.height, height);
  return { x, y, width: across, height: down };
}

/// A view that shows the place under `at` at the same spot after a zoom by `factor`, with the scale kept in bounds.
/// A view is {scale, x, y}: picture point p is seen at p · scale + (x, y).
export function zoomed(view, factor, at, least, most) {
  const scale = Math.min(most, Math.max(least, view.scale * factor));
  const share = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * share, y: at.y - (at.y - view.y) * share };
}

/// A view kept where something of the picture is seen: a side that fits is centred, a longer one leaves no gap.
export function settled(view, picture, frame) {
  const place = (start, length, room) =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, start));
  return {
    scale: view.scale,
    x: place(view.x, picture.width * view.scale, frame.width),
    y: place(view.y, picture.height * view.scale, frame.height),
  };
}

/// The view that shows a whole picture in a frame, never larger than three times its size.
export function fitted(picture, frame) {
  const scale = Math.min(frame.width / picture.width, frame.height / picture.height, 3);
  return settled({ scale, x: 0, y: 0 }, picture, frame);
}

/// How pinching moves a view: two fingers, before and after; the points under them stay under them.
export function pinched(view, before, after, least, most) {
  const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const span = ([a, b]) => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
  const [from, to] = [middle(before), middle(after)];
  const next = zoomed(view, span(after) / span(before), from, least, most);
  return { scale: next.scale, x: next.x + to.x - from.x, y: next.y + to.y - from.y };
}
