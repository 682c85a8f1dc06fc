// <level-plot src="plots.json" kind="spectrum">: before, reference and after in one plot.
//
// Drawn by uPlot. The read-out under it follows the pointer, and the arrow keys when focused.

const TRACKS = {
  before: { colour: "--original", dash: [8, 5], width: 1.75 },
  reference: { colour: "--reference", dash: [2, 4], width: 2 },
  after: { colour: "--master", width: 2.25 },
};
const HERTZ = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];
const minus = (text) => text.replace("-", "\u2212");
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const hertz = (value) => (value >= 1000 ? `${+(value / 1000).toFixed(1)} kHz` : `${Math.round(value)} Hz`);
const tracks = (part) => Object.entries(TRACKS).map(([key, style]) => ({ key, ...style, values: part[`${key}_db`], unit: "dB" }));
const ASKED = { key: "wanted", colour: "--reference", dash: [2, 4], width: 2, unit: "dB" };
const APPLIED = { key: "applied", colour: "--master", width: 2.25, unit: "dB", fill: true };

// What each kind of plot takes from the report.
const KINDS = {
  spectrum: ({ tone }) => ({ x: tone.bands_hz, across: "hertz", series: tracks(tone) }),
  tone: ({ tone }) => ({
    x: tone.curve_hz, across: "hertz", zero: true,
    series: [
      { ...ASKED, values: tone.wanted_db },
      { ...APPLIED, values: tone.applied_db },
      { key: "capped", colour: "--warning", width: 0, dots: true, unit: "dB", values: tone.applied_db.map((db, index) => (Math.abs(tone.capped_db[index]) < 0.1 ? null : db)) },
    ],
  }),
  loudness: ({ loudness_over_time: found }) => {
    const step = found.after.step_seconds;
    const longest = Math.max(...Object.values(found).map((track) => track.lufs.length * track.step_seconds));
    const x = Array.from({ length: Math.floor(longest / step) }, (_, index) => index * step);
    const series = Object.entries(TRACKS).map(([key, style]) => ({ key, ...style, unit: "LUFS", values: x.map((time) => found[key].lufs[Math.floor(time / found[key].step_seconds)]) }));
    const top = Math.max(...series.flatMap(({ values }) => values.filter((lufs) => lufs !== undefined)));
    return { x, across: "clock", floor: top - 30, series }; // a fade to silence would flatten all the rest
  },
  limiting: ({ limiting: { track } }) => ({
    x: track.reduction_db.map((_, index) => index * track.step_seconds), across: "clock", zero: true,
    series: [{ ...APPLIED, key: "reduction", width: 1.25, values: track.reduction_db.map((db) => -Math.abs(db)) }],
  }),
  dynamics: ({ dynamics }) => ({
    x: dynamics.levels_lu, across: "units", zero: true,
    series: [{ ...ASKED, values: dynamics.wanted_db }, { ...APPLIED, values: dynamics.applied_db }],
  }),
  width: ({ width }) => ({ x: width.bands_hz, across: "hertz", series: tracks(width) }),
};
const ACROSS = { hertz, clock, units: (value) => minus(`${value.toFixed(1)} LU`) };

const loads = new Map(); // several plots of a page read one answer
const load = (src) => {
  if (!loads.has(src)) loads.set(src, fetch(src).then((answer) => (answer.ok ? answer.json() : null)));
  return loads.get(src);
};

class LevelPlot extends HTMLElement {
  #plot = null;
  #resize = new ResizeObserver(() => this.#fit());
  #repaint = () => this.#draw();

  async connectedCallback() {
    const report = await load(this.getAttribute("src"));
    if (!report || !this.isConnected) return;
    this.model = KINDS[this.getAttribute("kind")](report);
    this.legend = document.getElementById(this.getAttribute("legend"));
    this.#resize.observe(this);
    document.addEventListener("themechange", this.#repaint);
    this.addEventListener("keydown", (event) => this.#step(event));
    this.addEventListener("focus", () => this.#point(this.#index));
    this.#draw();
  }

  disconnectedCallback() {
    this.#resize.disconnect();
    document.removeEventListener("themechange", this.#repaint);
    this.#plot?.destroy();
  }

  #index = null;

  #draw() {
    if (!this.clientWidth || !this.model) return;
    this.#plot?.destroy();
    const { x, series, across, zero, floor } = this.model;
    const log = across === "hertz";
    const colour = (name) => this.#colour(name);
    const axis = { stroke: colour("--quiet"), font: '12px "IBM Plex Sans", sans-serif', grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const unit = series[0].unit;
    const options = {
      width: this.clientWidth,
      height: this.clientHeight,
      padding: [16, 20, 4, 4],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: log ? { time: false, distr: 3, log: 10, range: [20, 20000] } : { time: false },
        y: { range: (_, low, high) => this.#range(low, high, { zero, floor }) },
      },
      axes: [
        log
          ? { ...axis, size: 34, splits: () => HERTZ, values: (_, ticks) => ticks.map((value) => (this.clientWidth < 520 && ![20, 100, 1000, 10000].includes(value) ? "" : hertz(value))), filter: (_, ticks) => ticks }
          : { ...axis, size: 34, space: 70, ...(across === "clock" ? { incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300] } : {}), values: (_, ticks) => ticks.map(ACROSS[across]) },
        { ...axis, size: 64, space: 40, values: (_, ticks) => ticks.map((value) => minus(`${value}`) + ` ${unit}`) },
      ],
      series: [
        {},
        ...series.map((one) => ({ label: one.key, stroke: colour(one.colour), width: one.width, dash: one.dash, spanGaps: false, points: one.dots ? { show: true, size: 7, fill: colour(one.colour) } : { show: false }, fill: one.fill ? this.#faint(colour(one.colour)) : undefined, fillTo: 0 })),
      ],
      hooks: { setCursor: [(plot) => this.#read(plot.cursor.idx)] },
    };
    const fitted = series.map(({ values }) => x.map((_, index) => (values[index] === null || values[index] === undefined || values[index] < (floor ?? -Infinity) ? null : values[index])));
    this.#plot = new uPlot(options, [x, ...fitted], this);
    this.#read(this.#index ?? this.#start());
  }

  /** Where the read-out stands before anyone points: at 1 kHz, or in the middle. */
  #start() {
    const { x, across } = this.model;
    return across === "hertz" ? x.findLastIndex((at) => at <= 1010) : Math.floor(x.length / 2);
  }

  #range(low, high, { zero }) {
    if (low === null) return [-1, 1];
    const from = zero ? Math.min(low, -1) : low;
    const to = zero ? Math.max(high, 1) : high;
    const room = Math.max((to - from) * 0.08, 0.5);
    return [from - room, to + room];
  }

  #fit() {
    if (!this.#plot) return this.#draw();
    if (this.clientWidth) this.#plot.setSize({ width: this.clientWidth, height: this.clientHeight });
  }

  #step(event) {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const pace = event.shiftKey ? 10 : 1;
    this.#point(Math.min(Math.max(0, this.#index + move * pace), this.model.x.length - 1));
  }

  #point(index) {
    this.#plot?.setCursor({ left: this.#plot.valToPos(this.model.x[index], "x"), top: 0 });
  }

  #read(index) {
    if (index === null || index === undefined) return; // the pointer left: keep the last place
    this.#index = index;
    if (!this.legend) return;
    const { x, across, series } = this.model;
    this.legend.querySelector("[data-at]").textContent = ACROSS[across](x[index]);
    for (const { key, values, unit } of series) {
      const value = values[index] ?? null;
      this.legend.querySelector(`[data-value=${key}]`).textContent = value === null ? "–" : minus(`${value.toFixed(1)} ${unit}`);
    }
  }

  #colour(name) {
    this.#probe ??= this.appendChild(Object.assign(document.createElement("i"), { hidden: true }));
    this.#probe.style.color = `var(${name})`;
    return getComputedStyle(this.#probe).color;
  }

  #probe = null;

  #faint(colour) {
    return colour.replace("rgb(", "rgba(").replace(")", ", 0.14)");
  }
}

customElements.define("level-plot", LevelPlot);
