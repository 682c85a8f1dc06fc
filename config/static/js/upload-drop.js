// <upload-drop>: a card that sends its file as soon as it is dropped or chosen.
//
// The file input covers the zone, so dropping and choosing work without this script too; with it
// the file goes up at once, and the answer, the next state of the card, takes this card's place.

import { takeDropped } from "./dropped.js";
import { forget, kept } from "./kept-files.js";
import { partsOf, wordOf } from "./parts.js";
import { Refused, sendFile } from "./send-file.js";

class UploadDrop extends HTMLElement {
  #request = null;
  #file = null;

  connectedCallback() {
    this.parts = partsOf(this);
    const input = this.querySelector("input[type=file]");
    if (!input) return;
    input.addEventListener("change", () => input.files[0] && this.#send(input.files[0]));
    this.parts.cancel.addEventListener("click", () => this.#cancel());
    this.parts.retry.addEventListener("click", () => this.#send(this.#file));
    takeDropped(this, ([file]) => file && this.#send(file));
    if (this.dataset.state === "empty") this.#sendKept();
  }

  /** Send what was chosen before there was an account, once. */
  async #sendKept() {
    const file = await kept(this.dataset.kind);
    if (!file || !this.isConnected || this.#request) return;
    await forget(this.dataset.kind);
    this.#send(file);
  }

  disconnectedCallback() {
    this.#request?.abort();
  }

  #send(file) {
    if (this.#request) return;
    this.#file = file;
    if (file.size > Number(this.dataset.maxBytes)) return this.#fail("too-large", false);
    const { name, progress, percent } = this.parts;
    name.textContent = file.name;
    const show = (share) => {
      progress.value = share * 100;
      percent.textContent = `${Math.round(share * 100)} %`;
    };
    show(0);
    this.#state("sending");

    const { url, directUrl, kind } = this.dataset;
    const token = this.closest("form").elements.csrfmiddlewaretoken.value;
    const began = (request) => (this.#request = request);
    sendFile(file, { url, directUrl, name: "file", fields: { kind }, token, began, show }).then(
      (request) => this.#answered(request),
      (error) => this.#fail(error instanceof Refused ? "refused" : "offline"),
    );
  }

  #answered(request) {
    this.#request = null;
    const holder = document.createElement("template");
    holder.innerHTML = request.responseText;
    const card = holder.content.querySelector("upload-drop");
    const elsewhere = request.responseURL && new URL(request.responseURL).pathname.startsWith("/account/");
    if (elsewhere || request.status === 401) return this.#fail("signed-out");
    if (card) {
      this.replaceWith(card);
      window.htmx?.process(card);
      card.focus({ preventScroll: true });
      return;
    }
    this.#fail(request.status === 413 ? "too-large" : "refused", request.status !== 413);
  }

  #cancel() {
    this.#request?.abort();
    this.#request = null;
    this.#state("empty");
    this.querySelector("input[type=file]").focus();
  }

  #fail(reason, retry = true) {
    this.#request = null;
    this.parts["failure-text"].textContent = wordOf(this.parts.words, reason);
    this.parts.retry.hidden = !retry;
    this.#state("failed");
  }

  #state(state) {
    this.dataset.state = state;
    const input = this.querySelector("input[type=file]");
    if (state !== "sending") input.value = "";
    input.disabled = state === "sending"; // the form must not send it a second time
    this.parts.sending.hidden = state !== "sending";
    this.parts.drop.hidden = state === "sending";
    this.parts.failure.hidden = state !== "failed";
  }
}

customElements.define("upload-drop", UploadDrop);
