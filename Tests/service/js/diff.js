import { difference, unknownWords } from "/diff.js";
import { test, equal } from "./harness.js";

const marks = { gone: "-", new: "+", same: "=" };
const short = (before, after) => difference(before, after).map(({ kind, text }) => marks[kind] + text);

test("words that changed stand between those that stayed", () => {
  equal(short("a red apple on a table", "a green pear on a table"), ["=a", "-red apple", "+green pear", "=on a table"]);
});

// A comparison by position calls everything after the new word changed.
test("a word that came moves nothing else", () => {
  equal(short("an apple on a table", "an apple and a candle on a table"),
    ["=an apple", "+and a candle", "=on a table"]);
});

// A set of words sees no difference here at all.
test("order counts", () => {
  equal(short("red cup blue bowl", "blue bowl red cup"), ["-red cup", "=blue bowl", "+red cup"]);
});

test("letters' case and commas do not count", () => {
  equal(short("A red apple, on wood", "a red apple on wood."), ["=a red apple on wood."]);
});

test("one side empty", () => {
  equal(short("", "a pear"), ["+a pear"]);
  equal(short("a pear", ""), ["-a pear"]);
  equal(short("", " "), []);
});

test("unknown words are told once, plurals and little words never", () => {
  const known = new Set(["flower", "red", "photo"]);
  equal(unknownWords("a photo of red flowers, a Kiwi and the kiwi", known), ["kiwi"]);
});

// Cutting the s off without asking would call every "glass" a "glas".
test("a word that ends with s is looked for as it stands first", () => {
  equal(unknownWords("glass", new Set(["glass"])), []);
  equal(unknownWords("glasses", new Set(["glass"])), ["glasses"]);
});
