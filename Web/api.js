// The server's API: JSON in and out, problem+json as errors, uploads with progress.

import { t } from "./words.js";

const root = "/api/v1";

/// What the server refused, in its own words.
export class Problem extends Error {
  constructor(facts, status) {
    super(facts.detail ?? facts.title ?? t("error.status", { status }));
    this.code = facts.code ?? null;
    this.field = facts.field ?? null;
    this.nearest = facts.nearest ?? null;
    this.status = status;
  }
}

/// A lost connection: nothing was answered at all.
export class Unreachable extends Error {
  constructor() { super(t("error.unreachable")); }
}

let onLocked = () => {};
/// Calls `action` whenever the server wants a token.
export function whenLocked(action) { onLocked = action; }

function problem(status, text) {
  let facts = {};
  try { facts = JSON.parse(text); } catch { /* a proxy's page: its status has to do */ }
  if (status === 401) onLocked();
  return new Problem(facts ?? {}, status);
}

/// A key no other request has; `crypto.randomUUID` is missing on plain addresses of a local network.
export const key = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function ask(method, path, body, headers = {}) {
  let response;
  try {
    response = await fetch(root + path, {
      method, headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin",
    });
  } catch {
    throw new Unreachable();
  }
  const text = await response.text();
  if (!response.ok) throw problem(response.status, text);
  return text === "" ? null : JSON.parse(text);
}

export const api = {
  get: (path) => ask("GET", path),
  put: (path, body) => ask("PUT", path, body),
  patch: (path, body) => ask("PATCH", path, body),
  remove: (path) => ask("DELETE", path),
  /// Makes something: repeated with the same key while the connection is broken, so it is never made twice.
  async post(path, body) {
    const headers = { "Idempotency-Key": key() };
    for (const wait of [500, 1000, 2000, 4000]) {
      try { return await ask("POST", path, body, headers); } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
      }
      await new Promise((done) => setTimeout(done, wait));
    }
    return ask("POST", path, body, headers);
  },
};

/// Uploads a picture; `progress` hears the share that is there. Fetch cannot tell that, XMLHttpRequest can.
export function upload(blob, label, progress = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${root}/pictures${label ? `?label=${encodeURIComponent(label)}` : ""}`);
    request.setRequestHeader("Content-Type", blob.type.startsWith("image/") ? blob.type : "application/octet-stream");
    request.setRequestHeader("Idempotency-Key", key());
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(problem(request.status, request.responseText));
    });
    request.addEventListener("error", () => reject(new Unreachable()));
    request.send(blob);
  });
}

/// Where a picture's upright view is.
export const viewURL = (id, side = 2048, format = "webp") =>
  `${root}/pictures/${id}/view?side=${side}&format=${format}`;

/// Where a result's file is.
export function fileURL(id, { format, quality, metadata }) {
  const query = new URLSearchParams({ format, metadata });
  if (format !== "png") query.set("quality", quality);
  return `${root}/results/${id}/file?${query}`;
}
