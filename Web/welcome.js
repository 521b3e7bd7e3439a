// <p-welcome>: the empty stage. Drop, paste, choose, or try with a sample; and what the model in use knows.

import { h, button, icon, show } from "./dom.js";
import { t } from "./words.js";
import { state, on, model } from "./store.js";
import { choosePhoto } from "./drop.js";
import { openPhoto } from "./work.js";
import { sample } from "./texts.js";
import { tell } from "./problems.js";

class Welcome extends HTMLElement {
  connectedCallback() {
    this.knows = h("p", { class: "knows" });
    const keys = /Mac|iPhone|iPad/u.test(navigator.platform ?? "") ? "⌘V" : "Ctrl+V";
    this.append(
      h("div", { class: "hero" }, h("h2", {}, t("welcome.title")), h("p", { class: "lead" }, t("welcome.lead"))),
      h("div", { class: "target" }, icon("photo"), h("p", { class: "big" }, t("welcome.drop")),
        h("p", { class: "soft" }, t("welcome.paste", { keys })),
        button("open", t("welcome.choose"), choosePhoto, { kind: "strong", id: "choose" }),
          h("div", { "data-field": "welcome" })),
      h("div", { class: "sample" }, h("img", { src: "/sample.jpg", alt: t("sample.alt"), width: "640", height: "427" }),
        h("div", {}, button("sparkle", t("sample.try"), trySample, { kind: "plain", id: "sample" }),
          h("p", { class: "soft" }, t("sample.text")),
          h("p", { class: "credit" }, t("sample.credit"), " ",
            h("a", { href: "https://www.flickr.com/photos/vultilion/6056698931/", rel: "noreferrer",
            target: "_blank" }, t("sample.by")), ", ",
            h("a", { href: "https://creativecommons.org/licenses/by/2.0/", rel: "noreferrer", target: "_blank" },
              "CC BY 2.0")))),
      this.knows);
    on("models photo", () => this.#render());
    this.#render();
  }

  #render() {
    show(this, !state.photo);
    const chosen = model();
    show(this.knows, Boolean(chosen));
    if (!chosen) return;
    this.knows.replaceChildren(icon("info"), h("span", {}, chosen.words?.length
      ? t("welcome.small", { model: chosen.name, words: sample(chosen, 10) })
        : t("welcome.large", { model: chosen.name })));
  }
}

async function trySample() {
  try {
    const response = await fetch("/sample.jpg");
    const isOpen = await openPhoto(await response.blob(), "dahlia.jpg",
      { source: t("sample.source"), prompt: t("sample.source") });
    if (isOpen) document.querySelector("p-texts").select(t("sample.select"));
  } catch (error) { tell(error, "welcome"); }
}

customElements.define("p-welcome", Welcome);
