import { Mask } from "/mask.js";
import { test, equal, near } from "./harness.js";

const [width, height] = [80, 60];

async function opened(entries = []) {
  const mask = new Mask();
  await mask.open(width, height, entries);
  return mask;
}

/// Grey at a place, as it would be uploaded.
async function grey(mask, x, y) {
  const image = await createImageBitmap(await mask.blob());
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  return pen.getImageData(x, y, 1, 1).data[0];
}

const stroke = (points, more = {}) => ({ op: "stroke", erase: false, radius: 8, softness: 0, points, ...more });

test("a stroke is white within its radius and leaves the rest", async () => {
  const mask = await opened();
  mask.add(stroke([20, 20, 1, 50, 20, 1]));
  equal([await grey(mask, 35, 20), await grey(mask, 35, 26), await grey(mask, 35, 30)], [255, 255, 0]);
});

// Dabs that add up would make the soft edge hard: 3 dabs of 0.3 would give 0.66.
test("a soft edge stays soft along a stroke", async () => {
  const [one, many] = [await opened(), await opened()];
  one.add(stroke([40, 30, 1], { softness: 1, radius: 20 }));
  many.add(stroke([40, 30, 1, 41, 30, 1, 40, 30, 1, 41, 30, 1, 40, 30, 1], { softness: 1, radius: 20 }));
  near(await grey(many, 40, 42), await grey(one, 40, 42), 4, "after going over it");
});

test("erasing takes away, and only there", async () => {
  const mask = await opened([{ op: "all" }]);
  mask.add(stroke([40, 30, 1], { erase: true }));
  equal([await grey(mask, 40, 30), await grey(mask, 60, 30)], [0, 255]);
});

test("undo and redo go through the list, a new entry ends redo", async () => {
  const mask = await opened();
  for (let k = 0; k < 50; k += 1) mask.add(stroke([k, 10, 1], { radius: 2 }));
  for (let k = 0; k < 50; k += 1) mask.undo();
  equal([mask.measured.area, mask.canUndo, mask.canRedo], [0, false, true]);
  for (let k = 0; k < 50; k += 1) mask.redo();
  equal([await grey(mask, 49, 10), mask.canRedo], [255, false]);
  mask.undo();
  mask.add({ op: "shape", erase: false, points: [0, 40, 20, 40, 20, 60, 0, 60] });
  equal([mask.canRedo, await grey(mask, 10, 50)], [false, 255]);
});

test("invert, all and none", async () => {
  const mask = await opened();
  mask.add({ op: "shape", erase: false, points: [0, 0, 40, 0, 40, 60, 0, 60] });
  near(mask.measured.area, 0.5, 1e-6);
  mask.add({ op: "invert" });
  equal([await grey(mask, 10, 10), await grey(mask, 70, 10)], [0, 255]);
  mask.add({ op: "none" });
  equal([mask.isEmpty, mask.measured.area], [true, 0]);
});

test("a draft's entries draw the same mask", async () => {
  const mask = await opened();
  mask.add(stroke([10, 10, 1, 60, 50, 0.5], { softness: 0.5 }));
  mask.add({ op: "invert" });
  const again = await opened(JSON.parse(JSON.stringify(mask.entries)));
  near(again.measured.area, mask.measured.area, 1e-9);
});

test("a found map is cut at its threshold, and strokes go over it", async () => {
  const mask = await opened();
  const ramp = new Uint8ClampedArray(width * height).map((_, k) => (k % width) * 255 / (width - 1));
  mask.maps.set("m", ramp);
  mask.add({ op: "picture", id: "m", threshold: 0.5 });
  near(mask.measured.area, 0.5, 0.01);
  mask.add(stroke([5, 30, 1]));
  mask.cutAt(0.75);
  equal([await grey(mask, 5, 30), await grey(mask, 50, 10), await grey(mask, 70, 10)], [255, 0, 255]);
  equal(mask.entries.length, 2, "a slider is not a step to undo");
});
