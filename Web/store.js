// The one state of the page. Parts read it and listen for the names they care about.

import { unknownWords } from "./diff.js";

const listeners = new Map();

/// What the page knows now. Only `set` and `edit` change it.
export const state = {
  capabilities: null, // what the server is
  methods: [], inversions: [], models: [],
  photo: null, // Picture: what is edited
  view: null, // {width, height} of the photo as it is shown
  result: null, // Result on the stage
  original: null, // Picture: what the result on the stage is compared with
  jobs: new Map(), // queued, running and freshly failed jobs, by id
  watching: null, // id of the job whose progress the stage shows
  results: [], moreResults: null,
  connection: "starting", // starting | open | lost
  upload: null, // share that is uploaded, or null
  tool: null, // the mask tool in hand, or null
  settings: {},
  draft: {
    source: "", prompt: "", negative: "", method: "diffedit", preset: null, model: null, seed: "",
    options: {}, // by method: {name: value}, changed ones only
    steps: null, guidance: null, strength: null, inversion: null, inversionOptions: {}, focus: null,
  },
};

/// Calls `action` after any of the named parts changed.
export function on(names, action) {
  for (const name of names.split(" ")) {
    if (!listeners.has(name)) listeners.set(name, new Set());
    listeners.get(name).add(action);
  }
}

/// Changes parts of the state and tells everybody who listens, each once.
export function set(parts) {
  Object.assign(state, parts);
  tell(Object.keys(parts));
}

/// Changes the draft: what will be painted next.
export function edit(parts) {
  Object.assign(state.draft, parts);
  tell(["draft"]);
}

/// Tells that a part changed from within.
export function tell(names) {
  const due = new Set();
  for (const name of names) for (const action of listeners.get(name) ?? []) due.add(action);
  for (const action of due) action();
}

/// The chosen model, or the one the server will choose; null while none is known.
export function model() {
  const usable = state.models.filter((one) => one.usable);
  return usable.find((one) => one.name === state.draft.model) ?? choice(usable);
}

/// Where none is chosen, the server takes the one of its own models that knows most of the words, else its default.
function choice(usable) {
  const usual = usable.find((one) => one.default) ?? usable[0] ?? null;
  const { source, prompt, negative } = state.draft;
  if (!usual?.words?.length) return usual;
  const missing = (one) => unknownWords(`${source} ${prompt} ${negative}`, new Set(one.words)).length;
  return usable.filter((one) => one.words?.length).reduce((best, one) => (missing(one) < missing(best) ? one : best),
    usual);
}

/// The chosen method's description, or null while none is known.
export const method = () =>
  state.methods.find((one) => one.name === state.draft.method) ?? state.methods[0] ?? null;

/// Jobs that wait or run, oldest first.
export const active = () =>
  [...state.jobs.values()].filter((job) => job.state === "queued" || job.state === "running")
    .sort((a, b) => (a.state === b.state ? (a.id < b.id ? -1 : 1) : a.state === "running" ? -1 : 1));
