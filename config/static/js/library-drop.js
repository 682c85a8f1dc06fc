// <library-drop>: takes many files at once for the library, and sends them one after the other.
//
// The form inside works without this script too. While too many wait to be measured, the next file
// waits for its turn; the list of the library is told ("libraryadded") after each.

import { takeDropped } from "./dropped.js";
import { partsOf, wordOf } from "./parts.js";
import { Refused, sendFile } from "./send-file.js";

const PATIENCE_MS = 3000;
const WAIT_FOR = new Set(["too_many_uploads", "too_busy"]);

class LibraryDrop extends HTMLElement {
  #waiting = [];
  #sending = false;

  connectedCallback() {
    this.parts = partsOf(this);
    this.form = this.querySelector("form");
    this.parts.plain.hidden = true;
    this.parts.input.addEventListener("change", () => {
      this.#take(this.parts.input.files);
      this.parts.input.value = "";
    });
    takeDropped(this, (files) => this.#take(files));
  }

  #take(files) {
    if (this.parts.rights && !this.parts.rights.checked) {
      this.parts.rights.setCustomValidity(this.#word("rights"));
      this.parts.rights.reportValidity();
      this.parts.rights.addEventListener("change", () => this.parts.rights.setCustomValidity(""), { once: true });
      return;
    }
    for (const file of files) this.#waiting.push({ file, row: this.#row(file) });
    this.#next();
  }

  async #next() {
    if (this.#sending || this.#waiting.length === 0) return;
    this.#sending = true;
    const { file, row } = this.#waiting.shift();
    try {
      await this.#send(file, row);
    } catch (error) {
      row.end("refusal", this.#word(error instanceof Refused ? "refused" : "offline"));
    }
    this.#sending = false;
    this.#next();
  }

  async #send(file, row) {
    if (file.size > Number(this.dataset.maxBytes)) return row.end("refusal", this.#word("too-large"));
    const { url, directUrl } = this.dataset;
    const token = this.form.elements.csrfmiddlewaretoken.value;
    const fields = { kind: "reference", ...(this.parts.rights ? { rights: "1" } : {}) };
    const request = await sendFile(file, { url, directUrl, name: "files", fields, token, began: () => {}, show: row.show });
    if (request.status === 201) {
      row.end("good", this.#word("done"));
      document.body.dispatchEvent(new Event("libraryadded"));
      return;
    }
    const told = this.#told(request);
    if (!WAIT_FOR.has(told.code)) return row.end("refusal", told.text || this.#word("refused"));
    row.say(this.#word("waiting"));
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    document.body.dispatchEvent(new Event("libraryadded"));
    if (this.isConnected) await this.#send(file, row);
  }

  /** What a refusal says: JSON of the library's own answers, a card of those of an upload. */
  #told(request) {
    if (request.getResponseHeader("Content-Type")?.startsWith("application/json")) return JSON.parse(request.responseText);
    const holder = document.createElement("template");
    holder.innerHTML = request.responseText;
    const alert = holder.content.querySelector("[role=alert]:not([hidden])");
    return { code: alert?.querySelector(".code")?.textContent, text: alert?.textContent.trim().replace(/\s+/g, " ") };
  }

  #row(file) {
    const item = document.createElement("li");
    const name = document.createElement("strong");
    const state = document.createElement("span");
    const progress = document.createElement("progress");
    name.className = "cut";
    name.textContent = file.name;
    progress.max = 1;
    progress.value = 0;
    progress.setAttribute("aria-label", file.name);
    item.append(name, state, progress);
    this.parts.list.append(item);
    return {
      show: (share) => (progress.value = share),
      say: (text) => (state.textContent = text),
      end: (severity, text) => {
        progress.remove();
        item.dataset.severity = severity;
        state.textContent = text;
      },
    };
  }

  #word(key) {
    return wordOf(this.parts.words, key);
  }
}

customElements.define("library-drop", LibraryDrop);
