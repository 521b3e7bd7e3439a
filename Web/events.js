// News from the server. One stream serves all tabs of a browser (six connections to one address are all a browser
// has): the tab that holds the lock listens and passes on. Without locks (a plain address of a local network) every
// *visible* tab listens itself. Where no stream can be held, the page asks every two seconds.

const stream = "/api/v1/events";
const kinds = ["hello", "job", "progress", "preview", "model", "bye", "resync"];
const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("pentimento") : null;

let source = null;
let failures = 0;
let timer = null;
let isLeader = false;
let connected = false;
let deliver = () => {};
let changed = () => {};
let poll = () => {};

function news(kind, data) {
  deliver(kind, data);
  if (isLeader) channel?.postMessage({ kind, data });
}

function status(isOpen) {
  connected = isOpen;
  changed(isOpen);
  if (isLeader) channel?.postMessage({ status: isOpen });
}

function open() {
  close();
  source = new EventSource(stream);
  for (const kind of kinds) {
    source.addEventListener(kind, (event) => {
      failures = 0;
      if (!connected) status(true);
      news(kind, JSON.parse(event.data));
    });
  }
  source.addEventListener("error", () => {
    status(false);
    // The browser gives up for good on an answer other than 200, so every new try is ours.
    close();
    failures += 1;
    if (failures >= 3) poll().then((answered) => { if (answered) status(true); }, () => {});
    timer = setTimeout(open, failures >= 3 ? 2000 : Math.min(8000, 400 * 2 ** failures));
  });
}

function close() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

/// Begins to listen.
/// - onNews(kind, data): each piece of news, in every tab.
/// - onStatus(isOpen): the connection was made or lost.
/// - onPoll(): asks for the state by hand and tells whether there was an answer.
export function listen({ onNews, onStatus, onPoll }) {
  [deliver, changed, poll] = [onNews, onStatus, onPoll];
  addEventListener("pagehide", close);
  if (navigator.locks && channel) {
    channel.addEventListener("message", ({ data }) => {
      if (data.ask && isLeader) channel.postMessage({ status: connected });
      else if (isLeader) return;
      else if (data.status !== undefined) changed(data.status);
      else if (data.kind) deliver(data.kind, data.data);
    });
    navigator.locks.request("pentimento-events", () => new Promise(() => { isLeader = true; open(); }));
    channel.postMessage({ ask: true });
    addEventListener("pageshow", (event) => { if (event.persisted && isLeader) open(); });
  } else {
    const follow = () => (document.visibilityState === "visible" ? open() : close());
    document.addEventListener("visibilitychange", follow);
    addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
    follow();
  }
}

/// Tries again at once, as after a login.
export function reconnect() {
  failures = 0;
  if (isLeader || !navigator.locks || !channel) open();
  else channel.postMessage({ ask: true });
}
