// Which words changed between two sentences, and which of them a model never saw.

const trim = (word) => word.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
const split = (text) => text.split(/\s+/u).filter((word) => word !== "");

/// The difference of two texts by words: runs of {kind: "same" | "gone" | "new", text}, as a longest common
/// subsequence finds them. Letters' case and marks around a word do not count.
export function difference(before, after) {
  const [a, b] = [split(before), split(after)];
  const [x, y] = [a.map(trim), b.map(trim)];
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i][j] = x[i] === y[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  const words = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && x[i] === y[j]) {
      words.push(["same", b[j]]);
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || table[i + 1][j] >= table[i][j + 1])) {
      words.push(["gone", a[i]]);
      i += 1;
    } else {
      words.push(["new", b[j]]);
      j += 1;
    }
  }
  return runs(words);
}

/// Joins neighbours of one kind; between two same words all that went stands before all that came.
function runs(words) {
  const found = [];
  let [gone, come] = [[], []];
  const close = () => {
    if (gone.length) found.push({ kind: "gone", text: gone.join(" ") });
    if (come.length) found.push({ kind: "new", text: come.join(" ") });
    [gone, come] = [[], []];
  };
  for (const [kind, word] of words) {
    if (kind === "gone") gone.push(word);
    else if (kind === "new") come.push(word);
    else {
      close();
      const last = found.at(-1);
      if (last?.kind === "same") last.text += ` ${word}`;
      else found.push({ kind, text: word });
    }
  }
  close();
  return found;
}

/// Little words name no thing: no model is blamed for them.
const little = new Set((
  "a an and are as at be beside between by for from has have in into is it its near no not of on or over " +
  "some that the their there these this those to under with without").split(" "));

/// The words of a text that are not among those a model knows, in their order, each once. An s at the end makes no
/// other word; what has digits or one letter is no word.
export function unknownWords(text, known) {
  const found = [];
  for (const word of text.toLowerCase().split(/[^\p{L}]+/u)) {
    if (word.length < 2 || little.has(word) || found.includes(word)) continue;
    if (known.has(word) || (word.endsWith("s") && known.has(word.slice(0, -1)))) continue;
    found.push(word);
  }
  return found;
}
