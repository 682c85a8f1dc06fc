// <wave-form src="waveform.json">: one track as a filled wave, in the element's own colour.
class WaveForm extends HTMLElement {
  #peaks = null;
  #canvas = document.createElement("canvas");
  #resize = new ResizeObserver(() => this.#draw());
  #redraw = () => this.#draw();

  async connectedCallback() {
    this.#canvas.setAttribute("aria-hidden", "true");
    this.append(this.#canvas);
    this.#resize.observe(this);
    document.addEventListener("themechange", this.#redraw);
    if (!this.hasAttribute("src")) return;
    const answer = await fetch(this.getAttribute("src"));
    if (!answer.ok) return;
    this.#peaks = await answer.json();
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
    const { minimum, maximum } = this.#peaks;
    const middle = height / 2;
    const reach = middle - 2 * devicePixelRatio;
    const column = (x) => [Math.floor((x * maximum.length) / width), Math.max(Math.ceil(((x + 1) * maximum.length) / width), 1)];

    pen.beginPath();
    for (let x = 0; x < width; x++) {
      const [from, to] = column(x);
      pen.lineTo(x, middle - reach * Math.max(0, ...maximum.slice(from, to)));
    }
    for (let x = width - 1; x >= 0; x--) {
      const [from, to] = column(x);
      pen.lineTo(x, middle + Math.max(devicePixelRatio / 2, -reach * Math.min(0, ...minimum.slice(from, to))));
    }
    pen.closePath();
    pen.fillStyle = getComputedStyle(this).color;
    pen.fill();
  }
}

customElements.define("wave-form", WaveForm);
