// Runs tests inside the browser: `test(name, body)` in a file, results as lines in the page.

const found = [];

/// Tells what a body found; it fails by throwing.
export function test(name, body) {
  found.push((async () => {
    try {
      await body();
      return { name, error: null };
    } catch (error) {
      return { name, error: String(error.stack ?? error) };
    }
  })());
}

/// Holds a value to what is wanted, by their JSON.
export function equal(value, wanted, note = "") {
  const [a, b] = [JSON.stringify(value), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${note} is ${a}, not ${b}`);
}

/// Holds a number to another within a distance.
export function near(value, wanted, within, note = "") {
  if (!(Math.abs(value - wanted) <= within)) throw new Error(`${note} is ${value}, not within ${within} of ${wanted}`);
}

/// Writes the results into the page.
export async function report() {
  const results = await Promise.all(found);
  const place = document.createElement("pre");
  place.id = "results";
  place.textContent = JSON.stringify(results);
  document.body.append(place);
}
