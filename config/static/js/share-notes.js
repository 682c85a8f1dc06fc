// <share-notes>: comments at places of the song that plays above; a place said is a way there.

import { clock } from "./clock.js";

const LOOK_MS = 250;

class ShareNotes extends HTMLElement {
  #looking = 0;

  connectedCallback() {
    const part = (name) => this.querySelector(`[data-part=${name}]`);
    const player = document.querySelector("ab-player");
    const form = this.querySelector("form");
    const field = form.elements.at_seconds;
    const author = form.elements.author;
    const [timed, used, place] = ["timed", "use-time", "place"].map(part);
    for (const button of this.querySelectorAll("[data-seek]")) {
      button.addEventListener("click", () => {
        player.seek(Number(button.dataset.seek));
        player.scrollIntoView({ block: "nearest" });
      });
    }
    timed.hidden = false;
    const look = () => {
      const text = clock(player.position ?? 0);
      if (place.textContent !== text) place.textContent = text;
    };
    this.#looking = setInterval(look, LOOK_MS);
    form.addEventListener("submit", () => {
      field.value = used.checked ? (player.position ?? 0).toFixed(1) : "";
      try { localStorage.setItem("listener", author.value); } catch { /* private mode: typed again */ }
    });
    try { author.value ||= localStorage.getItem("listener") ?? ""; } catch { /* as above */ }
  }

  disconnectedCallback() {
    clearInterval(this.#looking);
  }
}

customElements.define("share-notes", ShareNotes);
