// Photos come by drop, paste or choosing; with a photo open a drop may also be its mask.

import { h, icon, show } from "./dom.js";
import { t } from "./words.js";
import { state } from "./store.js";
import { openPhoto, openMask } from "./work.js";

/// Whether a drag carries files.
const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/// Listens to drops and pastes anywhere on the page.
export function listenToDrops() {
  const photo = zone("photo", t("drop.photo"));
  const mask = zone("mask", t("drop.mask"));
  const veil = h("div", { class: "veil", hidden: true }, photo, mask);
  document.body.append(veil);
  let depth = 0;
  const end = () => {
    depth = 0;
    show(veil, false);
  };
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    show(mask, Boolean(state.photo));
    photo.querySelector("p").textContent = t(state.photo ? "drop.photo" : "drop.first");
    show(veil, true);
  });
  addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth -= 1;
    if (depth <= 0) end();
  });
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    for (const one of [photo, mask]) one.classList.toggle("over", one.contains(event.target));
  });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    end();
    const file = event.dataTransfer.files[0];
    if (!file) return;
    if (mask.contains(event.target) || event.target.closest?.("p-mask")) openMask(file, file.name);
    else openPhoto(file, file.name);
  });
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    openPhoto(file, file.name);
  });
}

const zone = (name, text) => h("div", { class: `zone ${name}` }, icon(name === "mask" ? "brush" : "photo"),
  h("p", {}, text));

/// Lets people choose a photo.
export function choosePhoto() {
  const input = document.getElementById("file");
  input.value = "";
  input.click();
}
