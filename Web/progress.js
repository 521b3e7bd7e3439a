// <p-progress>: what is being done, how far it is, how long it will take, and a way to stop it.

import { h, button, show } from "./dom.js";
import { t, maybe, remaining, percent, capital } from "./words.js";
import { state, on, active } from "./store.js";
import { cancel } from "./jobs.js";

class ProgressCard extends HTMLElement {
  connectedCallback() {
    this.words = h("p", { class: "what" });
    this.left = h("p", { class: "soft left" });
    this.fillBar = h("div", { class: "fill" });
    this.bar = h("div",
      { class: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100", "aria-label": t("progress") },
      this.fillBar);
    this.stop = button("stop", t("cancel"), () => cancel(),
      { kind: "plain", id: "cancel", "aria-keyshortcuts": "Escape" });
    this.append(h("div", { class: "lines" }, this.words, this.left), this.stop, this.bar);
    on("jobs watching upload", () => this.#render());
    this.#render();
  }

  #render() {
    const job = state.jobs.get(state.watching);
    if (state.upload !== null) return this.#write(t("progress.upload"), percent(state.upload), state.upload, false);
    if (!job) return show(this, false);
    const before = active().findIndex((one) => one.id === job.id);
    if (job.isEnding) this.#write(t("progress.ending"), "", job.progress?.share ?? null, false);
    else if (job.state === "queued") this.#write(t("progress.queued"),
      before > 0 ? t("progress.before", { n: before }) : "", null, true);
    else if (!job.progress) this.#write(t("progress.loading"), "", null, true);
    else {
      const { stage, share, secondsLeft, step, of } = job.progress;
      const left = secondsLeft === undefined || secondsLeft === null ? t("progress.step", { step, of })
        : remaining(secondsLeft);
      this.#write(maybe(`stage.${stage}`) ?? capital(stage), left, share ?? null, true);
    }
  }

  #write(words, left, share, canStop) {
    show(this, true);
    this.words.textContent = words;
    this.left.textContent = left;
    show(this.stop, canStop);
    this.bar.classList.toggle("open", share === null);
    if (share === null) this.bar.removeAttribute("aria-valuenow");
    else this.bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    this.bar.setAttribute("aria-valuetext", [words, left].filter(Boolean).join(", "));
    this.fillBar.style.transform = `scaleX(${share ?? 0})`;
  }
}

customElements.define("p-progress", ProgressCard);
