// <master-form>: opens the Master button when both cards hold a track, and says why while not.
//
// It also keeps the two tracks in the address, so that a reload loses nothing, and tells the page
// ("pairchange") when there is another pair to compare. What was folded out stays so when the choices
// are told anew.

import { wordOf } from "./parts.js";

class MasterForm extends HTMLElement {
  #watch = new MutationObserver(() => this.#update());
  #pair;
  #folds = []; // open ones of the choices that are being replaced

  connectedCallback() {
    const part = (name) => this.querySelector(`[data-part=${name}]`);
    this.parts = { cards: part("cards"), reason: part("reason"), submit: part("submit") };
    this.words = this.querySelector(":scope > form > template[data-part=words]");
    this.#watch.observe(this.parts.cards, { childList: true, subtree: true, attributeFilter: ["data-state"] });
    this.addEventListener("input", () => this.#summarise());
    this.addEventListener("change", ({ target }) => target.name === "genre" && document.body.dispatchEvent(new Event("pairchange")));
    this.addEventListener("htmx:beforeSwap", ({ detail }) => (this.#folds = [...detail.target.querySelectorAll("[data-fold][open]")].map((fold) => fold.dataset.fold)));
    this.addEventListener("htmx:load", ({ target }) => this.#folds.forEach((name) => target.querySelector(`[data-fold=${name}]`)?.setAttribute("open", "")));
    this.#update();
    this.#summarise();
  }

  disconnectedCallback() {
    this.#watch.disconnect();
  }

  /** Keep the line beside "Settings" true while they are folded away. */
  #summarise() {
    for (const place of this.querySelectorAll("[data-shows]")) {
      const field = this.querySelector(`[name=${place.dataset.shows}]`);
      place.textContent = field.selectedOptions?.[0].textContent ?? field.value.replace("-", "\u2212");
    }
  }

  #update() {
    const chosen = Object.fromEntries(["mix", "reference"].map((kind) => [kind, this.querySelector(`input[type=hidden][name=${kind}]`)?.value]));
    const missing = Object.keys(chosen).filter((kind) => !chosen[kind]);
    const sending = this.querySelector("[data-state=sending]");
    const reason = missing.length === 0 ? "ready" : sending ? "sending" : missing.length === 2 ? "both" : missing[0];
    const text = wordOf(this.words, reason);
    this.parts.submit.disabled = missing.length > 0;
    if (this.parts.reason.textContent !== text) this.parts.reason.textContent = text;

    const pair = `${chosen.mix} ${chosen.reference}`;
    if (this.#pair !== undefined && this.#pair !== pair) document.body.dispatchEvent(new Event("pairchange"));
    this.#pair = pair;

    const address = new URL(location);
    for (const [kind, id] of Object.entries(chosen)) {
      if (id) address.searchParams.set(kind, id);
      else address.searchParams.delete(kind);
    }
    if (address.href !== location.href) history.replaceState(null, "", address);
    for (const link of this.querySelectorAll("a[data-reference]")) {
      const target = new URL(link.href);
      if (chosen.mix) target.searchParams.set("mix", chosen.mix);
      if (target.href !== link.href) link.href = target.href;
    }
  }
}

customElements.define("master-form", MasterForm);
