// <keep-file kind>: a card for people without an account; its file waits in the browser for one.
import { forget, keep, kept } from "./kept-files.js";

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes >= 1e7 ? 0 : 1)} MB`;

class KeepFile extends HTMLElement {
  async connectedCallback() {
    this.parts = Object.fromEntries([...this.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    const input = this.querySelector("input");
    input.addEventListener("change", () => input.files[0] && this.#keep(input.files[0]));
    this.parts.forget.addEventListener("click", async () => {
      await forget(this.dataset.kind);
      this.#show(null);
      input.value = "";
      input.focus();
    });
    for (const kind of ["dragenter", "dragover"]) this.addEventListener(kind, (event) => this.#hover(event, true));
    for (const kind of ["dragleave", "drop"]) this.addEventListener(kind, (event) => this.#hover(event, false));
    this.addEventListener("drop", (event) => event.dataTransfer.files[0] && this.#keep(event.dataTransfer.files[0]));
    this.parts.plain.hidden = true;
    this.#show(await kept(this.dataset.kind));
  }

  #hover(event, over) {
    event.preventDefault();
    this.classList.toggle("over", over);
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
