// <ab-player>: original, master and reference in one clock, switched without restart or drift.
//
// The page brings all controls and words; this element gives them their behaviour. Each track is
// decoded whole, all are started at one instant, and only gains move when another one is chosen.

import { Decoded, Desk, Streamed } from "./listening-desk.js";

const RATE_HZ = 44100;
const LONGEST_DECODED_SECONDS = 540; // three stereo tracks of this length hold 570 MB; longer ones are streamed
const decibels = (db) => 10 ** (db / 20);
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

class ABPlayer extends HTMLElement {
  #state = { playing: false, source: "master", last: "original", match: true, delta: false, ears: "stereo", loop: null, looping: false };
  #files = new Map();
  #unbind = new AbortController();
  #frame = 0;
  #wake = null;

  connectedCallback() {
    this.duration = Number(this.dataset.duration);
    this.parts = Object.fromEntries([...this.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.radios = new Map([...this.querySelectorAll("input[name=source]")].map((radio) => [radio.value, radio]));
    this.sections = [...this.querySelectorAll(".player-sections button")];
    if (!this.radios.has("master")) this.#state.source = this.radios.keys().next().value;
    this.setAttribute("data-ready", "");
    this.#bind();
    this.#restore();
    this.#show();
    this.#load();
  }

  disconnectedCallback() {
    this.#unbind.abort();
    cancelAnimationFrame(this.#frame);
    this.desk?.context.close();
  }

  // What a person can do

  async toggle() {
    if (this.#state.playing) return this.pause();
    await this.#ready();
    if (!this.desk || !this.desk.transport.tracks.size) return;
    await this.desk.context.resume();
    if (this.position >= this.duration - 0.05) this.desk.transport.seek(0);
    this.#cue();
    this.desk.mix(this.#weights());
    this.desk.transport.start(this.position, this.#loop());
    this.#state.playing = true;
    this.#show();
    this.#tick();
  }

  pause() {
    this.desk.transport.stop();
    this.#state.playing = false;
    cancelAnimationFrame(this.#frame);
    this.#show();
  }

  choose(key) {
    if (!this.radios.get(key) || this.radios.get(key).disabled) return;
    const state = this.#state;
    if (key !== state.source) state.last = state.source;
    state.source = key;
    state.delta = false;
    this.radios.get(key).checked = true;
    if (key === "reference" && state.playing && this.#cue()) this.desk.transport.start(this.position, this.#loop());
    this.#apply();
  }

  seek(seconds) {
    const position = Math.min(Math.max(0, seconds), this.duration);
    if (!this.desk) this.#pending = position;
    else if (this.#state.playing) {
      this.desk.transport.seek(position);
      this.desk.transport.stop();
      this.desk.transport.seek(position);
      this.#cue();
      this.desk.transport.start(position, this.#loop());
    } else this.desk.transport.seek(position);
    this.#showTime();
  }

  loopOver(start, end) {
    this.#state.loop = end - start >= 0.2 ? { start, end } : null;
    this.#state.looping = Boolean(this.#state.loop);
    this.#restart();
  }

  get position() {
    return this.desk ? this.desk.transport.position : this.#pending;
  }

  get weights() {
    return this.#weights();
  }

  // Inside

  #pending = 0;

  #weights() {
    const { source, match, delta } = this.#state;
    const level = (key, matched) => (matched ? decibels(Number(this.radios.get(key).dataset.gainDb) || 0) : 1);
    const weights = Object.fromEntries([...this.radios.keys()].map((key) => [key, 0]));
    if (delta) return { ...weights, original: -level("original", true), master: level("master", true) };
    return { ...weights, [source]: level(source, match) };
  }

  #loop() {
    return this.#state.looping ? this.#state.loop : null;
  }

  #restart() {
    if (this.#state.playing) {
      const { looping, loop } = this.#state;
      const outside = looping && loop && (this.position < loop.start || this.position >= loop.end);
      this.seek(outside ? loop.start : this.position);
    }
    this.#show();
  }

  /** In a section with a partner in the reference, let the reference begin there. */
  #cue() {
    const here = this.#section();
    if (!here?.dataset.referenceStart) return false;
    const offset = Number(here.dataset.referenceStart) - Number(here.dataset.start);
    const moved = offset !== this.desk.transport.referenceOffset;
    this.desk.transport.referenceOffset = offset;
    return moved;
  }

  #section() {
    return this.sections.findLast((button) => Number(button.dataset.start) <= this.position + 0.01);
  }

  #apply() {
    this.desk?.mix(this.#weights());
    this.desk?.listen(this.#state.ears);
    this.#show();
  }

  #load() {
    if (navigator.connection?.saveData) return;
    this.#fetchAll();
  }

  #fetchAll() {
    for (const [key, radio] of this.radios) {
      if (this.#files.has(key)) continue;
      this.#files.set(key, this.duration > LONGEST_DECODED_SECONDS ? this.#stream(radio) : this.#decode(radio).catch(() => this.#failed(radio)));
    }
    const pending = [...this.#files.values()];
    this.parts.status.textContent = `${this.parts.status.dataset.loading} …`;
    Promise.all(pending).then(() => (this.parts.status.textContent = ""));
    return pending;
  }

  async #decode(radio) {
    const answer = await fetch(radio.dataset.url);
    if (!answer.ok) throw new Error(String(answer.status));
    const decoder = new OfflineAudioContext(2, 1, RATE_HZ);
    return { buffer: await decoder.decodeAudioData(await answer.arrayBuffer()) };
  }

  async #stream(radio) {
    const media = new Audio(radio.dataset.url);
    media.preload = "auto";
    return { media };
  }

  #failed(radio) {
    radio.disabled = true;
    const { trouble } = this.parts;
    const names = [...this.radios.values()].filter((one) => one.disabled).map((one) => one.closest("label").textContent.trim());
    trouble.textContent = `${names.join(", ")} ${trouble.dataset.failed}`;
    return null;
  }

  #ready() {
    this.#wake ??= (async () => {
      this.setAttribute("data-loading", "");
      const files = this.#fetchAll();
      await Promise.all(files);
      const context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
      const Transport = this.duration > LONGEST_DECODED_SECONDS ? Streamed : Decoded;
      const desk = new Desk(context, new Transport(context, this.duration));
      desk.volume.gain.value = this.#gain();
      for (const [key, file] of this.#files) {
        const track = await file;
        if (!track) continue;
        const gain = desk.add(key, track, 0);
        if (track.media) context.createMediaElementSource(track.media).connect(gain);
      }
      desk.transport.seek(this.#pending);
      this.desk = desk;
      if (this.radios.get(this.#state.source).disabled) this.choose([...this.radios.values()].find((radio) => !radio.disabled)?.value);
      this.removeAttribute("data-loading");
      this.#apply();
    })();
    return this.#wake;
  }

  #gain() {
    return (Number(this.parts.volume.value) / 100) ** 2;
  }

  #restore() {
    try {
      this.parts.volume.value = localStorage.getItem("volume") ?? "80";
      this.parts["keys-on"].checked = localStorage.getItem("keys") !== "off";
    } catch { /* private mode: the defaults */ }
    this.parts.volume.style.setProperty("--fill", `${this.parts.volume.value}%`);
  }

  #keep(name, value) {
    try { localStorage.setItem(name, value); } catch { /* private mode: for this page only */ }
  }

  #bind() {
    const { parts } = this;
    const on = (target, kind, act) => target?.addEventListener(kind, act, { signal: this.#unbind.signal });
    on(parts.play, "click", () => this.toggle());
    for (const [key, radio] of this.radios) on(radio, "change", () => this.choose(key));
    for (const [name, act] of Object.entries(this.#acts)) on(parts[name], "click", act);
    on(parts.help, "click", () => parts.keys.showModal());
    on(parts["keys-on"], "change", () => this.#keep("keys", parts["keys-on"].checked ? "on" : "off"));
    on(parts.volume, "input", () => {
      parts.volume.style.setProperty("--fill", `${parts.volume.value}%`);
      this.desk?.volume.gain.setTargetAtTime(this.#gain(), this.desk.context.currentTime, 0.01);
      this.#keep("volume", parts.volume.value);
    });
    for (const button of this.sections) on(button, "click", () => this.#jump(button));
    on(parts.lanes, "pointerdown", (event) => this.#drag(event));
    on(document, "keydown", (event) => this.#key(event));
    on(window, "resize", () => this.#showTime());
  }

  #acts = {
    match: () => { this.#state.match = !this.#state.match; this.#apply(); },
    delta: () => { this.#state.delta = !this.#state.delta; this.#apply(); },
    mono: () => { this.#state.ears = this.#state.ears === "mono" ? "stereo" : "mono"; this.#apply(); },
    side: () => { this.#state.ears = this.#state.ears === "side" ? "stereo" : "side"; this.#apply(); },
    loop: () => {
      const here = this.#section();
      this.#state.loop ??= here ? { start: Number(here.dataset.start), end: Number(here.dataset.end) } : { start: 0, end: this.duration };
      this.#state.looping = !this.#state.looping;
      this.#restart();
    },
  };

  #jump(button) {
    const region = { start: Number(button.dataset.start), end: Number(button.dataset.end) };
    if (this.#state.looping) this.#state.loop = region;
    this.seek(region.start);
    this.#show();
  }

  /** A click seeks; a drag of more than a few pixels marks a loop. */
  #drag(event) {
    if (event.button) return;
    const lanes = this.parts.lanes;
    const box = lanes.getBoundingClientRect();
    const at = (x) => (Math.min(Math.max(0, x - box.left), box.width) / box.width) * this.duration;
    const begun = event.clientX;
    let dragged = false;
    lanes.setPointerCapture(event.pointerId);
    const move = ({ clientX }) => {
      dragged ||= Math.abs(clientX - begun) > 6;
      if (dragged) this.#showRegion({ start: at(Math.min(begun, clientX)), end: at(Math.max(begun, clientX)) });
    };
    const end = ({ clientX, type }) => {
      for (const kind of ["pointerup", "pointercancel"]) lanes.removeEventListener(kind, end);
      lanes.removeEventListener("pointermove", move);
      if (type === "pointercancel") return this.#show();
      if (dragged) return this.loopOver(at(Math.min(begun, clientX)), at(Math.max(begun, clientX)));
      this.seek(at(clientX));
    };
    lanes.addEventListener("pointermove", move);
    for (const kind of ["pointerup", "pointercancel"]) lanes.addEventListener(kind, end);
  }

  #key(event) {
    const target = event.target;
    const inside = this.contains(target);
    if (event.ctrlKey || event.metaKey || event.altKey || this.parts.keys.open) return;
    if (target.matches?.("input:not([type=radio]), textarea, select, [contenteditable]")) return;
    if (!inside && !this.parts["keys-on"].checked) return;
    if (event.key === " " && target.matches?.("button, summary, a, [role=tab]")) return;
    if (event.key.startsWith("Arrow") && target.matches?.("input, [role=tab], select")) return;
    const step = event.shiftKey ? 1 : 5;
    const order = [...this.radios.keys()];
    const acts = {
      " ": () => this.toggle(),
      x: () => this.choose(this.#state.last),
      ArrowLeft: () => this.seek(this.position - step),
      ArrowRight: () => this.seek(this.position + step),
      "[": () => this.loopOver(this.position, Math.max(this.#state.loop?.end ?? 0, this.position) > this.position + 0.2 ? this.#state.loop.end : this.duration),
      "]": () => this.loopOver((this.#state.loop?.start ?? 0) < this.position ? this.#state.loop?.start ?? 0 : 0, this.position),
      l: this.#acts.loop, m: this.#acts.match, d: this.#acts.delta, o: this.#acts.mono, s: this.#acts.side,
      ",": () => this.#neighbour(-1),
      ".": () => this.#neighbour(1),
      "?": () => this.parts.keys.showModal(),
    };
    const act = acts[event.key] ?? (/^[1-3]$/.test(event.key) && order[event.key - 1] ? () => this.choose(order[event.key - 1]) : null);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #neighbour(step) {
    const index = this.sections.indexOf(this.#section());
    const next = this.sections[Math.min(Math.max(0, index + step), this.sections.length - 1)];
    if (next) this.#jump(next);
  }

  // On screen

  #tick() {
    this.#frame = requestAnimationFrame(() => {
      if (!this.#state.playing) return;
      if (this.position >= this.duration - 0.01 && !this.#state.looping) {
        this.pause();
        this.seek(0);
        return;
      }
      this.#showTime();
      this.#tick();
    });
  }

  #showTime() {
    const { parts, position } = this;
    const text = clock(position);
    parts.cursor.style.transform = `translateX(${(position / this.duration) * parts.lanes.clientWidth}px)`;
    const reference = this.desk?.transport.tracks.get("reference");
    const lane = parts["reference-lane"];
    if (lane) {
      const length = reference?.buffer?.duration ?? reference?.media?.duration ?? this.duration;
      const at = (((position + (this.desk?.transport.referenceOffset ?? 0)) % length) + length) % length;
      parts["reference-cursor"].style.transform = `translateX(${(at / length) * lane.clientWidth}px)`;
    }
    if (parts.time.textContent === text) return;
    parts.time.textContent = text;
    parts.lanes.setAttribute("aria-valuenow", position.toFixed(0));
    const here = this.#section();
    parts.lanes.setAttribute("aria-valuetext", here ? `${text}, ${here.textContent}` : text);
    for (const button of this.sections) button.toggleAttribute("aria-current", button === here);
  }

  #showRegion(loop) {
    const { region, lanes } = this.parts;
    region.hidden = !loop;
    if (!loop) return;
    region.style.transform = `translateX(${(loop.start / this.duration) * lanes.clientWidth}px)`;
    region.style.width = `${((loop.end - loop.start) / this.duration) * lanes.clientWidth}px`;
  }

  #show() {
    const { parts } = this;
    const state = this.#state;
    this.toggleAttribute("data-playing", state.playing);
    this.#labels ??= [parts.play.getAttribute("aria-label"), parts.play.dataset.pauseLabel];
    parts.play.setAttribute("aria-label", this.#labels[state.playing ? 1 : 0]);
    parts.match.setAttribute("aria-checked", String(state.match));
    parts.delta.setAttribute("aria-pressed", String(state.delta));
    parts.mono.setAttribute("aria-pressed", String(state.ears === "mono"));
    parts.side.setAttribute("aria-pressed", String(state.ears === "side"));
    parts.loop.setAttribute("aria-pressed", String(state.looping));
    const db = Number(this.radios.get(state.source).dataset.gainDb) || 0;
    parts["match-db"].textContent = `${db < 0 ? "\u2212" : ""}${Math.abs(db).toFixed(1)} dB`;
    for (const lane of this.querySelectorAll(".lane")) {
      lane.toggleAttribute("data-active", state.delta ? lane.dataset.key !== "reference" : lane.dataset.key === state.source);
    }
    this.#showRegion(state.looping ? state.loop : null);
    this.#showTime();
  }

  #labels = null;
}

customElements.define("ab-player", ABPlayer);
