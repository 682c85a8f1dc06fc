// <song-drop>: mixes are sent one after the other, as many as are dropped or chosen.
const WAIT_MS = 3000; // until another upload is measured
const MOST_WAITS = 100;

class SongDrop extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.input = this.querySelector("input[type=file]");
    this.input.addEventListener("change", () => this.send([...this.input.files]));
    for (const name of ["dragenter", "dragover"]) this.addEventListener(name, (event) => this.hover(event, true));
    for (const name of ["dragleave", "drop"]) this.addEventListener(name, (event) => this.hover(event, false));
    this.addEventListener("drop", (event) => this.send([...event.dataTransfer.files]));
  }

  hover(event, isOver) {
    event.preventDefault();
    this.classList.toggle("over", isOver);
  }

  async send(files) {
    if (this.isSending || !files.length) return;
    this.isSending = true;
    this.input.disabled = true;
    let refused = false;
    for (const [place, file] of files.entries()) {
      const words = { place: place + 1, count: files.length, name: file.name };
      this.part("line").textContent = this.said("sending", words);
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
    for (let waits = 0; waits < MOST_WAITS; waits += 1) {
      const body = new FormData();
      body.append("files", file, file.name);
      body.append("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
      try {
        const answer = await fetch(this.dataset.url, { method: "POST", body, headers: { Accept: "application/json" } });
        if (answer.status === 201) return [];
        const { refusals } = answer.status === 409 ? await answer.json() : { refusals: [{ code: "", text: this.said("away", { name: file.name }) }] };
        if (!refusals.some(({ code }) => code === "too_many_uploads")) return refusals.map(({ text }) => text);
      } catch {
        return [this.said("away", { name: file.name })];
      }
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
    return [this.said("away", { name: file.name })];
  }

  said(key, words) {
    return Object.entries(words).reduce((text, [name, value]) => text.replace(`{${name}}`, value), this.dataset[key]);
  }

  part(name) {
    return this.querySelector(`[data-part=${name}]`);
  }
}

customElements.define("song-drop", SongDrop);
