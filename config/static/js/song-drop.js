// <song-drop>: mixes are sent one after the other, as many as are dropped or chosen.
import { takeDropped } from "./dropped.js";
import { filled } from "./parts.js";

const WAIT_MS = 3000; // until another upload is measured
const MOST_WAITS = 100;

class SongDrop extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.input = this.querySelector("input[type=file]");
    this.input.addEventListener("change", () => this.send([...this.input.files]));
    takeDropped(this, (files) => this.send(files));
  }

  async send(files) {
    if (this.isSending || !files.length) return;
    this.isSending = true;
    this.input.disabled = true;
    let refused = false;
    for (const [place, file] of files.entries()) {
      this.part("line").textContent = filled(this.dataset.sending, { place: place + 1, count: files.length, name: file.name });
      const refusals = await this.one(file);
      for (const text of refusals) {
        const line = document.createElement("li");
        line.textContent = text;
        this.part("refusals").append(line);
        refused = true;
      }
    }
    this.part("line").textContent = "";
    this.isSending = false;
    this.input.disabled = false;
    this.input.value = "";
    if (!refused) location.reload();
  }

  async one(file) {
    const away = filled(this.dataset.away, { name: file.name });
    for (let waits = 0; waits < MOST_WAITS; waits += 1) {
      const body = new FormData();
      body.append("files", file, file.name);
      body.append("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
      try {
        const answer = await fetch(this.dataset.url, { method: "POST", body, headers: { Accept: "application/json" } });
        if (answer.status === 201) return [];
        const { refusals } = answer.status === 409 ? await answer.json() : { refusals: [{ code: "", text: away }] };
        if (!refusals.some(({ code }) => code === "too_many_uploads")) return refusals.map(({ text }) => text);
      } catch {
        return [away];
      }
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
    return [away];
  }

  part(name) {
    return this.querySelector(`[data-part=${name}]`);
  }
}

customElements.define("song-drop", SongDrop);
