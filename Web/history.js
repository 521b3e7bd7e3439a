// <p-history>: what waits and runs, and every result, newest first.

import { h, button, show, icon } from "./dom.js";
import { t, ago, count } from "./words.js";
import { state, set, on, active } from "./store.js";
import { api, viewURL } from "./api.js";
import { cancel, retry, dismiss, olderResults, refreshResults } from "./jobs.js";
import { showResult } from "./work.js";
import { tell } from "./problems.js";
import { difference } from "./diff.js";

class History extends HTMLElement {
  connectedCallback() {
    this.queueTitle = h("h2", {}, t("queue"));
    this.queue = h("ul", { class: "queue" });
    this.list = h("ul", { class: "results" });
    this.empty = h("p", { class: "soft" }, t("history.empty"));
    this.more = button(null, t("history.more"), () => olderResults().catch(tell), { kind: "plain" });
    this.queuePart = h("section", { "aria-label": t("queue") }, this.queueTitle, this.queue);
    this.append(this.queuePart,
      h("section", { "aria-label": t("history") }, h("h2", {}, t("history")), this.empty, this.list, this.more));
    on("jobs watching", () => this.#renderQueue());
    on("results result moreResults", () => this.#renderResults());
    setInterval(() => {
      for (const time of this.list.querySelectorAll("time")) time.textContent = ago(time.dateTime);
    }, 30000);
    this.#renderQueue();
    this.#renderResults();
  }

  #renderQueue() {
    const waiting = active();
    const failed = [...state.jobs.values()].filter((job) => job.state === "failed");
    show(this.queuePart, waiting.length + failed.length > 0);
    this.queueTitle.textContent = waiting.length ? count("queue", waiting.length) : t("queue.failed");
    const rows = new Map([...this.queue.children].map((row) => [row.dataset.key, row]));
    this.queue.replaceChildren(...[...waiting, ...failed].map((job) => {
      const key = `${job.id} ${job.state} ${Boolean(job.isEnding)}`;
      const row = rows.get(key) ?? queueRow(job, key);
      row.fill?.(job.progress?.share ?? 0);
      return row;
    }));
  }

  #renderResults() {
    const { results, result } = state;
    show(this.empty, results.length === 0);
    show(this.more, Boolean(state.moreResults));
    const cards = new Map([...this.list.children].map((card) => [card.dataset.id, card]));
    this.list.replaceChildren(...results.map((one) => {
      const card = cards.get(one.id) ?? resultCard(one);
      card.classList.toggle("shown", one.id === result?.id);
      card.querySelector(".open").setAttribute("aria-current", one.id === result?.id ? "true" : "false");
      return card;
    }));
  }
}

function queueRow(job, key) {
  const name = job.kind === "mask" ? t("queue.mask") : job.request?.prompt ?? job.kind;
  const bar = h("div", { class: "fill" });
  const row = h("li", { "data-key": key, class: job.state },
    h("div", {}, h("p", { class: "name" }, name),
      h("p", { class: "soft" },
        job.state === "failed" ? job.error?.detail ?? t("error.unknown") : job.isEnding ? t("progress.ending")
        : t(`state.${job.state}`))),
    job.state === "failed"
      ? h("div", { class: "row" }, button("recall", t("retry"), () => retry(job.id), { bare: true }),
        button("close", t("dismiss"), () => dismiss(job.id), { bare: true }))
      : button("close", t("queue.cancel", { name }), () => cancel(job.id),
        { bare: true, disabled: Boolean(job.isEnding) }),
    job.state === "running" ? h("div", { class: "bar", "aria-hidden": "true" }, bar) : null);
  row.fill = (share) => { bar.style.transform = `scaleX(${share})`; };
  return row;
}

function resultCard(one) {
  const account = one.account ?? {};
  const text = account.prompt ?? t("result");
  const parts = account.source ? difference(account.source, text).filter((part) => part.kind !== "gone")
    : [{ kind: "same", text }];
  const name = parts.flatMap((part) => [part.kind === "new" ? h("b", {}, part.text) : part.text, " "]);
  const image = h("img",
    { src: viewURL(one.picture, 256), alt: "", loading: "lazy", decoding: "async", width: "256",
    height: String(Math.round(256 * one.height / one.width)) });
  image.addEventListener("error",
    () => { image.replaceWith(h("span", { class: "missing" }, icon("missing"), t("result.missing"))); },
    { once: true });
  return h("li", { "data-id": one.id },
    h("button", { type: "button", class: "open", onclick: () => showResult(one) },
      image, h("span", { class: "name" }, ...name),
        h("span", { class: "soft" }, h("time", { datetime: one.created }, ago(one.created)),
        account.seed === undefined ? null : ` · ${t("result.seed", { seed: account.seed })}`)),
    button("bin", t("result.delete", { name: text }), () => remove(one), { bare: true, class: "quiet bare delete" }));
}

async function remove(one) {
  if (!confirm(t("result.delete.sure"))) return;
  try {
    await api.remove(`/results/${one.id}`);
    if (state.result?.id === one.id) set({ result: null, original: null });
    await refreshResults();
  } catch (error) { tell(error); }
}

customElements.define("p-history", History);
