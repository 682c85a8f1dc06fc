// <level-plot src="plots.json" kind="spectrum">: before, reference and after in one plot.
//
// Drawn by uPlot from what the server sends. The read-out under it follows the pointer; with the
// plot focused, the arrow keys, Home and End move it, and it is spoken.

import { clock } from "./clock.js";
import { told } from "./told.js";

const STYLES = {
  original: { colour: "--original", dash: [8, 5], width: 1.75 },
  reference: { colour: "--reference", dash: [2, 4], width: 2 },
  master: { colour: "--master", width: 2.25 },
  asked: { colour: "--reference", dash: [2, 4], width: 2 },
  applied: { colour: "--master", width: 2.25, fill: true },
  reduction: { colour: "--master", width: 1.25, fill: true },
  capped: { colour: "--warning", width: 0, dots: true },
  target: { colour: "--text", width: 0, dots: true },
};
const HERTZ = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];
const BARS_SHARE = 0.78; // of the room of a place, for all its bars
const SPOKEN_AFTER_MS = 250; // keys held down say only where they end
const minus = (text) => text.replace(/^-(?=[0.]+(?![\d.]))/, "").replace("-", "\u2212");
const hertz = (value) => (value >= 1000 ? `${+(value / 1000).toFixed(1)} kHz` : `${Math.round(value)} Hz`);
const units = (value) => minus(`${value.toFixed(1)} LU`);
const level = (value, unit) => minus(`${value.toFixed(unit ? 1 : 2)}${unit ? `\u00a0${unit}` : ""}`);

class LevelPlot extends HTMLElement {
  #plot = null;
  #index = null;
  #spoken = 0;
  #resize = new ResizeObserver(() => this.#fit());
  #repaint = () => this.#draw();

  async connectedCallback() {
    const found = await told(this.getAttribute("src"));
    this.model = found?.plots[this.getAttribute("kind")];
    if (!this.isConnected) return;
    if (!this.model) return this.closest(".plot-panel")?.setAttribute("data-unloaded", "");
    this.legend = document.getElementById(this.getAttribute("legend"));
    this.line = this.closest(".plot-panel")?.querySelector("[data-spoken]");
    this.#resize.observe(this);
    document.addEventListener("themechange", this.#repaint);
    this.addEventListener("keydown", (event) => this.#step(event));
    this.addEventListener("focus", () => this.#point(this.#index));
    this.#draw();
  }

  disconnectedCallback() {
    this.#resize.disconnect();
    document.removeEventListener("themechange", this.#repaint);
    clearTimeout(this.#spoken);
    this.#plot?.destroy();
  }

  #draw() {
    if (!this.clientWidth || !this.model) return;
    this.#plot?.destroy();
    const { x, lines, across, floor } = this.model;
    const fitted = lines.map(({ values }) => values.map((value) => (value === null || value < (floor ?? -Infinity) ? null : value)));
    const near = this.#near(fitted);
    this.#plot = new uPlot(
      {
        width: this.clientWidth,
        height: this.clientHeight,
        padding: [this.model.marks.length ? 26 : 16, 20, 4, 4],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
        scales: { x: this.#across(), y: { range: (_, low, high) => this.#range(low, high) } },
        axes: this.#axes(),
        series: [{}, ...lines.map((line, index) => this.#series(line, index)), ...near.map(() => ({ width: 0, points: { show: false } }))],
        bands: near.length ? [{ series: [lines.length + 1, lines.length + 2], fill: this.#faint(this.#colour("--reference"), 0.16) }] : [],
        hooks: { setCursor: [(plot) => this.#read(plot.cursor.idx)], drawAxes: [(plot) => this.#mark(plot)] },
      },
      [x, ...fitted, ...near],
      this,
    );
    this.#read(this.#index ?? this.#start(across));
  }

  /** The two edges of the band around the reference, where there is one. */
  #near(fitted) {
    const { near, lines } = this.model;
    const reference = fitted[lines.findIndex(({ key }) => key === "reference")];
    if (!near || !reference) return [];
    return [near, -near].map((distance) => reference.map((value) => (value === null ? null : value + distance)));
  }

  #across() {
    const { across, x } = this.model;
    if (across === "hertz") return { time: false, distr: 3, log: 10, range: [20, 20000] };
    return across === "names" ? { time: false, range: [-0.5, x.length - 0.5] } : { time: false };
  }

  #axes() {
    const { across, lines, names, x } = this.model;
    const narrow = this.clientWidth < 520;
    const axis = { stroke: this.#colour("--quiet"), font: '12px "IBM Plex Sans", sans-serif', grid: { stroke: this.#colour("--line"), width: 1 }, ticks: { show: false }, size: 34 };
    const along = {
      hertz: { splits: () => HERTZ, filter: (_, ticks) => ticks, values: (_, ticks) => ticks.map((value) => (narrow && ![20, 100, 1000, 10000].includes(value) ? "" : hertz(value))) },
      clock: { space: 70, incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600], values: (_, ticks) => ticks.map(clock) },
      units: { space: 70, values: (_, ticks) => ticks.map((value) => minus(`${value} LU`)) },
      names: { splits: () => x, grid: { show: false }, rotate: narrow ? -50 : 0, size: narrow ? 78 : 34, values: () => names },
    }[across];
    const { unit } = lines[0];
    return [
      { ...axis, ...along },
      { ...axis, size: 64, space: 40, values: (_, ticks) => ticks.map((value) => minus(unit ? `${value} ${unit}` : `${value}`)) },
    ];
  }

  #series(line, index) {
    const style = STYLES[line.style];
    const colour = this.#colour(style.colour);
    const bars = this.model.across === "names" && !style.dots;
    return {
      label: line.key,
      stroke: colour,
      width: bars ? 1.5 : style.width,
      dash: style.dash,
      spanGaps: false,
      points: style.dots ? { show: true, size: bars ? 9 : 8, fill: colour } : { show: false },
      paths: bars ? this.#bars(index) : undefined,
      fill: bars || style.fill ? this.#faint(colour, bars ? 0.3 : 0.14) : undefined,
      fillTo: bars ? (plot) => plot.scales.y.min : 0,
    };
  }

  /** The bars of one line, beside those of the others at the same place. */
  #bars(index) {
    const count = this.model.lines.filter(({ style }) => !STYLES[style].dots).length;
    const room = BARS_SHARE / count;
    return uPlot.paths.bars({
      disp: {
        x0: { unit: 1, values: (plot) => plot.data[0].map((at) => at - BARS_SHARE / 2 + index * room) },
        size: { unit: 1, values: () => [room * 0.86] },
      },
    });
  }

  /** Names the sections over a plot along time. */
  #mark({ ctx, bbox, valToPos, scales }) {
    const { marks } = this.model;
    if (!marks.length) return;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${12 * ratio}px "IBM Plex Sans", sans-serif`;
    ctx.fillStyle = this.#colour("--quiet");
    ctx.strokeStyle = this.#colour("--edge");
    ctx.lineWidth = ratio;
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left";
    const places = marks.map(({ at }) => valToPos(Math.max(at, scales.x.min), "x", true));
    marks.forEach(({ label }, index) => {
      const x = places[index];
      const room = (places[index + 1] ?? bbox.left + bbox.width) - x;
      ctx.setLineDash([2 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top - 6 * ratio);
      ctx.lineTo(x, bbox.top + bbox.height);
      if (index) ctx.stroke();
      if (ctx.measureText(label).width + 6 * ratio < room) ctx.fillText(label, x + 4 * ratio, bbox.top - 5 * ratio);
    });
    ctx.restore();
  }

  /** Where the read-out stands before anyone points: at 1 kHz, at the first name, or in the middle. */
  #start(across) {
    const { x } = this.model;
    if (across === "names") return 0;
    return across === "hertz" ? x.findLastIndex((at) => at <= 1010) : Math.floor(x.length / 2);
  }

  #range(low, high) {
    if (low === null) return [-1, 1];
    const { zero, across } = this.model;
    if (across === "names") return [Math.floor(low - 4), Math.min(Math.ceil(high + 2), 0)];
    const from = zero ? Math.min(low, 0) : low;
    const to = zero ? Math.max(high, 0) : high;
    const room = Math.max((to - from) * 0.08, 0.05);
    return [from - room, to + room];
  }

  #fit() {
    if (!this.#plot) return this.#draw();
    const { clientWidth: width, clientHeight: height } = this;
    if (width && (width !== this.#plot.width || height !== this.#plot.height)) this.#draw();
  }

  #step(event) {
    const last = this.model.x.length - 1;
    const pace = event.shiftKey ? 10 : 1;
    const to = { ArrowRight: this.#index + pace, ArrowLeft: this.#index - pace, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#point(Math.min(Math.max(0, to), last));
    this.#say();
  }

  #point(index) {
    if (index === null || !this.#plot) return;
    this.#plot.setCursor({ left: this.#plot.valToPos(this.model.x[index], "x"), top: 0 });
    this.#read(index);
  }

  #at(index) {
    const { x, across, names } = this.model;
    return names[index] ?? { hertz, clock, units }[across](x[index]);
  }

  #read(index) {
    if (index === null || index === undefined) return; // the pointer left: keep the last place
    this.#index = index;
    if (!this.legend) return;
    this.legend.querySelector("[data-at]").textContent = this.#at(index);
    for (const { key, values, unit } of this.model.lines) {
      const value = values[index] ?? null;
      this.legend.querySelector(`[data-value=${key}]`).textContent = value === null ? "–" : level(value, unit);
    }
  }

  /** Speak the read-out, once the keys rest. */
  #say() {
    clearTimeout(this.#spoken);
    this.#spoken = setTimeout(() => {
      if (this.line) this.line.textContent = [...this.legend.children].map((part) => part.textContent.trim().replace(/\s+/g, " ")).join(", ");
    }, SPOKEN_AFTER_MS);
  }

  #colour(name) {
    this.#probe ??= this.appendChild(Object.assign(document.createElement("i"), { hidden: true }));
    this.#probe.style.color = `var(${name})`;
    return getComputedStyle(this.#probe).color;
  }

  #probe = null;

  #faint(colour, share) {
    return colour.replace("rgb(", "rgba(").replace(")", `, ${share})`);
  }
}

customElements.define("level-plot", LevelPlot);
