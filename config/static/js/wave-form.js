// <wave-form src="waveform.json" clips="0.1-0.12 …">: one track as a filled wave, in the element's
// own colour; where it is clipped, in shares of its length, flat bars close it above and below.
//
// The file holds, per channel, [lowest, highest, lowest, highest, …] from −127 to 127.
import { told } from "./told.js";

const FULL_SCALE = 127;

class WaveForm extends HTMLElement {
  #peaks = null;
  #canvas = document.createElement("canvas");
  #resize = new ResizeObserver(() => this.#draw());
  #redraw = () => this.#draw();

  static observedAttributes = ["src"];

  connectedCallback() {
    this.#canvas.setAttribute("aria-hidden", "true");
    this.append(this.#canvas);
    this.#markClips();
    this.#resize.observe(this);
    document.addEventListener("themechange", this.#redraw);
  }

  async attributeChangedCallback(_name, _before, src) {
    const found = await told(src);
    if (!found || src !== this.getAttribute("src")) return;
    this.#peaks = found.channels;
    this.#draw();
  }

  disconnectedCallback() {
    this.#resize.disconnect();
    document.removeEventListener("themechange", this.#redraw);
  }

  #draw() {
    const { clientWidth, clientHeight } = this;
    if (!this.#peaks || !clientWidth) return;
    const width = Math.round(clientWidth * devicePixelRatio);
    const height = Math.round(clientHeight * devicePixelRatio);
    this.#canvas.width = width;
    this.#canvas.height = height;
    const pen = this.#canvas.getContext("2d");
    const middle = height / 2;
    const reach = middle - 2 * devicePixelRatio;
    const columns = this.#peaks[0].length / 2;
    // The furthest of all channels within one pixel; side 0 is below the middle, 1 above.
    const furthest = (x, side) => {
      const from = Math.floor((x * columns) / width);
      const to = Math.max(Math.ceil(((x + 1) * columns) / width), from + 1);
      let most = 0;
      for (const channel of this.#peaks) {
        for (let column = from; column < to; column++) most = Math.max(most, Math.abs(channel[2 * column + side]));
      }
      return (most / FULL_SCALE) * reach;
    };

    pen.beginPath();
    for (let x = 0; x < width; x++) pen.lineTo(x, middle - Math.max(furthest(x, 1), devicePixelRatio / 2));
    for (let x = width - 1; x >= 0; x--) pen.lineTo(x, middle + Math.max(furthest(x, 0), devicePixelRatio / 2));
    pen.closePath();
    pen.fillStyle = getComputedStyle(this).color;
    pen.fill();
  }

  /** Close the wave with bars where the track is flat-topped. */
  #markClips() {
    for (const clip of this.getAttribute("clips")?.split(" ") ?? []) {
      const [start, end] = clip.split("-").map(Number);
      const mark = Object.assign(document.createElement("i"), { className: "clip" });
      mark.style.left = `${100 * start}%`;
      mark.style.width = `${100 * (end - start)}%`;
      this.append(mark);
    }
  }
}

customElements.define("wave-form", WaveForm);
