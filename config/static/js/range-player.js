// <range-player data-wave data-sound data-duration data-ranges>: where something was found, marked
// on the track's wave, each place to be heard at the press of a button.
//
// Without this script every place is a link that plays the sound from there.
const LEAD_SECONDS = 0.6; // what is heard before and after a place, so that it stands out
const SVG = "http://www.w3.org/2000/svg";

const sound = new Audio(); // one for the page: a second place silences the first
let playing = null;
let until = 0;

const stop = () => {
  sound.pause();
  playing?.setAttribute("aria-pressed", "false");
  playing = null;
};
sound.addEventListener("timeupdate", () => sound.currentTime >= until && stop());
sound.addEventListener("ended", stop);
sound.addEventListener("error", stop);

class RangePlayer extends HTMLElement {
  connectedCallback() {
    if (this.dataset.ready) return;
    this.dataset.ready = "yes";
    for (const link of this.querySelectorAll("a[data-start]")) link.replaceWith(this.#button(link));
    const fold = this.closest("details");
    if (!fold || fold.open) this.#draw();
    else fold.addEventListener("toggle", () => this.#draw(), { once: true });
    fold?.addEventListener("toggle", () => !fold.open && this.contains(playing) && stop());
  }

  disconnectedCallback() {
    if (this.contains(playing)) stop();
  }

  #button(link) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "badge range";
    button.setAttribute("aria-pressed", "false");
    button.append(...link.childNodes);
    const { start, end } = link.dataset;
    button.addEventListener("click", () => this.#toggle(button, Number(start), Number(end)));
    return button;
  }

  #toggle(button, start, end) {
    const again = playing === button;
    stop();
    if (again) return;
    const { href } = new URL(this.dataset.sound, location);
    if (sound.src !== href) sound.src = href;
    sound.currentTime = Math.max(0, start - LEAD_SECONDS);
    until = end + LEAD_SECONDS;
    playing = button;
    button.setAttribute("aria-pressed", "true");
    sound.play().catch(stop);
  }

  #draw() {
    if (this.querySelector("wave-form")) return;
    const wave = document.createElement("wave-form");
    wave.setAttribute("src", this.dataset.wave);
    const marks = document.createElementNS(SVG, "svg");
    marks.setAttribute("class", "marks");
    marks.setAttribute("role", "img");
    marks.setAttribute("aria-label", this.dataset.label);
    const duration = Number(this.dataset.duration) || 1;
    for (const range of this.dataset.ranges.trim().split(/\s+/)) {
      const [start, end] = range.split(",").map(Number);
      const mark = document.createElementNS(SVG, "rect");
      mark.setAttribute("x", `${(100 * start) / duration}%`);
      mark.setAttribute("width", `${(100 * (end - start)) / duration}%`);
      mark.setAttribute("y", "0");
      mark.setAttribute("height", "100%");
      marks.append(mark);
    }
    wave.append(marks);
    this.prepend(wave);
  }
}

customElements.define("range-player", RangePlayer);
