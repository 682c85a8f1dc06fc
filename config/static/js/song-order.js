// <song-order>: songs are dragged by their number, or moved by buttons without loading the page.
import { filled } from "./parts.js";

class SongOrder extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("ol");
    this.addEventListener("pointerdown", (event) => this.grab(event));
    this.addEventListener("submit", (event) => this.step(event));
  }

  grab(event) {
    const grip = event.target.closest("[data-part=grip]");
    if (!grip || event.button) return;
    event.preventDefault();
    const song = grip.closest("li");
    const before = this.ids().join();
    song.toggleAttribute("data-dragged", true);
    const move = ({ clientY }) => {
      const below = [...this.list.children].find((other) => {
        const { top, height } = other.getBoundingClientRect();
        return other !== song && clientY < top + height / 2;
      });
      if (below !== song.nextElementSibling) this.list.insertBefore(song, below ?? null);
    };
    // On the window: a grip that moves within the page would lose the pointer it captured.
    const drop = () => {
      window.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, drop);
      song.removeAttribute("data-dragged");
      this.number();
      if (this.ids().join() !== before) this.keep(song);
    };
    window.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, drop);
  }

  step(event) {
    const form = event.target.closest(".song-moves");
    if (!form) return;
    event.preventDefault();
    const song = form.closest("li");
    const button = event.submitter;
    if (button.value === "up") song.previousElementSibling?.before(song);
    else song.nextElementSibling?.after(song);
    this.number();
    const next = button.disabled ? form.querySelector("button:not(:disabled)") : button;
    next?.focus();
    this.keep(song);
  }

  ids() {
    return [...this.list.children].map((song) => song.dataset.song);
  }

  number() {
    const songs = [...this.list.children];
    songs.forEach((song, place) => {
      song.querySelector("[data-part=grip]").textContent = place + 1;
      const [up, down] = song.querySelectorAll(".song-moves button");
      up.disabled = place === 0;
      down.disabled = place === songs.length - 1;
    });
  }

  async keep(song) {
    const said = this.querySelector("[data-part=said]");
    const body = new FormData();
    for (const id of this.ids()) body.append("song", id);
    body.append("csrfmiddlewaretoken", this.querySelector("[name=csrfmiddlewaretoken]").value);
    try {
      const answer = await fetch(this.dataset.url, { method: "POST", body });
      if (!answer.ok) throw new Error(answer.status);
      said.classList.add("visually-hidden");
      said.textContent = filled(this.dataset.moved, { title: song.dataset.title, place: this.ids().indexOf(song.dataset.song) + 1 });
    } catch {
      said.classList.remove("visually-hidden");
      said.textContent = this.dataset.away;
    }
  }
}

customElements.define("song-order", SongOrder);
