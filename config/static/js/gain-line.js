// <gain-line src="plots.json">: gain reduction over time as a thin line hanging from the top.

import { told } from "./told.js";

const FLOOR_DB = 6;

class GainLine extends HTMLElement {
  #track = null;
  #canvas = document.createElement("canvas");
  #resize = new ResizeObserver(() => this.#draw());
  #redraw = () => this.#draw();

  async connectedCallback() {
    this.#canvas.setAttribute("aria-hidden", "true");
    this.append(this.#canvas);
    this.#resize.observe(this);
    document.addEventListener("themechange", this.#redraw);
    const plots = await told(this.getAttribute("src"));
    this.#track = plots?.limiting?.track?.reduction_db ?? null;
    this.#draw();
  }

  disconnectedCallback() {
    this.#resize.disconnect();
    document.removeEventListener("themechange", this.#redraw);
  }

  #draw() {
    const { clientWidth, clientHeight } = this;
    if (!this.#track?.length || !clientWidth) return;
    const width = (this.#canvas.width = Math.round(clientWidth * devicePixelRatio));
    const height = (this.#canvas.height = Math.round(clientHeight * devicePixelRatio));
    const pen = this.#canvas.getContext("2d");
    const track = this.#track;
    pen.beginPath();
    for (let x = 0; x < width; x++) {
      const from = Math.floor((x * track.length) / width);
      const to = Math.max(Math.ceil(((x + 1) * track.length) / width), from + 1);
      const depth = Math.max(...track.slice(from, to).map(Math.abs));
      pen.lineTo(x, devicePixelRatio + (Math.min(depth, FLOOR_DB) / FLOOR_DB) * (height - 2 * devicePixelRatio));
    }
    pen.strokeStyle = getComputedStyle(this).color;
    pen.lineWidth = devicePixelRatio;
    pen.stroke();
  }
}

customElements.define("gain-line", GainLine);
