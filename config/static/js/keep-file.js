// <keep-file kind>: a card for people without an account; its file waits in the browser for one.
import { takeDropped } from "./dropped.js";
import { forget, keep, kept } from "./kept-files.js";
import { partsOf } from "./parts.js";

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes >= 1e7 ? 0 : 1)} MB`;

class KeepFile extends HTMLElement {
  async connectedCallback() {
    this.parts = partsOf(this);
    const input = this.querySelector("input");
    input.addEventListener("change", () => input.files[0] && this.#keep(input.files[0]));
    this.parts.forget.addEventListener("click", async () => {
      await forget(this.dataset.kind);
      this.#show(null);
      input.value = "";
      input.focus();
    });
    takeDropped(this, ([file]) => file && this.#keep(file));
    this.parts.plain.hidden = true;
    this.#show(await kept(this.dataset.kind));
  }

  async #keep(file) {
    try {
      await keep(this.dataset.kind, file);
      this.#show(file);
      this.parts.kept.focus({ preventScroll: true });
    } catch {
      this.parts.failure.hidden = false;
    }
  }

  #show(file) {
    this.dataset.state = file ? "kept" : "empty";
    this.parts.failure.hidden = true;
    this.parts.drop.hidden = Boolean(file);
    this.parts.kept.hidden = !file;
    this.parts.name.textContent = file?.name ?? "";
    this.parts.size.textContent = file ? megabytes(file.size) : "";
  }
}

customElements.define("keep-file", KeepFile);
