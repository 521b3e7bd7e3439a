import { dabs, around, measure, cut, areas, surroundings, zoomed, settled, fitted, pinched } from "/mask-geometry.js";
import { test, equal, near } from "./harness.js";

test("dabs of a stroke lie a sixth of the radius apart at most and reach its end", () => {
  const found = dabs([0, 0, 1, 60, 0, 1], 12);
  equal([found[0][0], found.at(-1)[0]], [0, 60]);
  const gaps = found.slice(1).map(([x], k) => x - found[k][0]);
  if (Math.max(...gaps) > 2.0001) throw new Error(`a gap of ${Math.max(...gaps)}`);
});

test("pressure sets the radius, from a quarter to the whole", () => {
  equal(dabs([0, 0, 0], 16)[0][2], 4);
  equal(dabs([0, 0, 1], 16)[0][2], 16);
});

// Without the margin the soft edge of a stroke would stay where it was erased.
test("the box around points has its margin and stays within the picture", () => {
  equal(around([5, 6, 1, 40, 20, 1], 3, 10, 45, 100), { x: 0, y: 0, width: 45, height: 30 });
  equal(around([-50, -50, 1], 3, 10, 45, 100), null);
});

test("area is a share of all pixels by their greys, the box holds every one above zero", () => {
  const grey = new Uint8ClampedArray(20);
  [grey[6], grey[12], grey[13]] = [255, 255, 51];
  const { area, box } = measure(grey, 5, 4);
  near(area, 2.2 / 20, 1e-9, "area");
  equal(box, { x: 1, y: 1, width: 3, height: 2 });
  equal(measure(new Uint8ClampedArray(20), 5, 4), { area: 0, box: null });
});

test("a soft map is cut where it reaches the threshold", () => {
  equal([...cut(new Uint8ClampedArray([0, 120, 127, 128, 135, 255]), 0.5)], [0, 0, 96, 160, 255, 255]);
  equal([...cut(new Uint8ClampedArray([0, 3]), 0)], [255, 255]);
});

test("the areas of all thresholds fall from everything to what is white", () => {
  const soft = new Uint8ClampedArray([0, 100, 200, 255]);
  const found = areas(soft);
  equal([found[0], found[30], found[50], found[100]], [1, 0.75, 0.5, 0.25]);
});

test("a mask's surroundings are a square with a margin, as large as the model's side, within the picture", () => {
  const about = (box, margin, least) => surroundings(box, margin, least, 200, 100);
  equal(about({ x: 40, y: 50, width: 20, height: 10 }, 0.25, 0), { x: 35, y: 40, width: 30, height: 30 });
  equal(about({ x: 40, y: 50, width: 20, height: 10 }, 0.25, 64), { x: 18, y: 23, width: 64, height: 64 });
  // Pushed in at a border, not cut off there.
  equal(about({ x: 190, y: 0, width: 10, height: 10 }, 0.5, 0), { x: 180, y: 0, width: 20, height: 20 });
  equal(about({ x: 0, y: 0, width: 150, height: 10 }, 0.25, 0), { x: 0, y: 0, width: 200, height: 100 });
});

test("zooming keeps the place under the pointer", () => {
  const view = { scale: 0.5, x: 10, y: 20 };
  const at = { x: 60, y: 70 };
  const next = zoomed(view, 3, at, 0.1, 16);
  near((at.x - next.x) / next.scale, (at.x - view.x) / view.scale, 1e-9);
  near((at.y - next.y) / next.scale, (at.y - view.y) / view.scale, 1e-9);
  equal(zoomed(view, 1000, at, 0.1, 16).scale, 16);
});

test("pinching keeps both fingers on what they hold", () => {
  const view = { scale: 1, x: -30, y: 12 };
  const [before, after] = [[{ x: 100, y: 100 }, { x: 200, y: 100 }], [{ x: 80, y: 140 }, { x: 280, y: 140 }]];
  const next = pinched(view, before, after, 0.1, 16);
  equal(next.scale, 2);
  for (const k of [0, 1]) {
    near((after[k].x - next.x) / next.scale, (before[k].x - view.x) / view.scale, 1e-9, `x of finger ${k}`);
    near((after[k].y - next.y) / next.scale, (before[k].y - view.y) / view.scale, 1e-9, `y of finger ${k}`);
  }
});

test("a picture that fits is centred, a larger one leaves no gap", () => {
  equal(settled({ scale: 1, x: 500, y: -900 }, { width: 100, height: 400 }, { width: 300, height: 200 }),
    { scale: 1, x: 100, y: -200 });
});

test("the whole is never shown larger than three times its size", () => {
  equal(fitted({ width: 64, height: 64 }, { width: 1000, height: 800 }), { scale: 3, x: 404, y: 304 });
});
