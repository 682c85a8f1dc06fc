// <ab-player>: original, master and reference in one clock, switched without restart or drift.
//
// The page brings all controls and words; this element gives them their behaviour. Each track is
// decoded whole, all are started at one instant, and only gains move when another one is chosen.

import { BlindTest, tellResult } from "./blind-test.js";
import { Decoded, Desk, Streamed, patched } from "./listening-desk.js";
import { outline } from "./outline.js";
import { PlayerFace } from "./player-face.js";
import { onKey } from "./player-keys.js";
import { Track, TrackStore } from "./track-store.js";

const PREVIEW_BEFORE_SECONDS = 0.5;
const PREVIEW_SECONDS = 16;
const SHORTEST_LOOP_SECONDS = 0.2;
const decibels = (db) => 10 ** (db / 20);

class ABPlayer extends HTMLElement {
  #state = { playing: false, source: "master", last: "original", match: true, delta: false, ears: "stereo", loop: null, looping: false };
  #blind = null;
  #heard = "x"; // of the two, in a blind test
  #sounds = new Map(); // key → promise of {buffer} or {media}
  #unbind = new AbortController();
  #face = null;
  #frame = 0;
  #wake = null;
  #pending = 0; // position before there is a clock

  connectedCallback() {
    this.duration = Number(this.dataset.duration);
    this.parts = Object.fromEntries([...this.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.radios = new Map([...this.querySelectorAll("input[name=source]")].map((radio) => [radio.value, radio]));
    this.sections = [...this.querySelectorAll(".player-sections button")];
    for (const button of this.sections) button.style.setProperty("--seconds", button.dataset.end - button.dataset.start);
    this.store = new TrackStore(this.duration, Number(this.dataset.rateHz) || 44100);
    for (const [key, radio] of this.radios) this.store.tracks.set(key, Track.of(radio));
    if (!this.radios.has("master")) [this.#state.last, this.#state.source] = this.radios.keys();
    const { loopStart, loopEnd } = this.dataset;
    if (loopEnd) Object.assign(this.#state, { loop: { start: Number(loopStart), end: Number(loopEnd) }, looping: true });
    this.#pending = this.#state.loop?.start ?? 0;
    this.#face = new PlayerFace(this);
    this.setAttribute("data-ready", "");
    this.#bind();
    this.#restore();
    this.show();
    for (const track of this.store.tracks.values()) track.listenFor().then(() => this.#apply());
    if (!navigator.connection?.saveData) this.#fetchAll();
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
    this.desk.mix(this.weights);
    this.desk.transport.start(this.position, this.#loop);
    this.#state.playing = true;
    this.show();
    this.#tick();
  }

  pause() {
    this.desk.transport.stop();
    this.#state.playing = false;
    cancelAnimationFrame(this.#frame);
    this.show();
  }

  choose(key) {
    if (this.#blind || !this.radios.get(key) || this.radios.get(key).disabled) return;
    const state = this.#state;
    if (key !== state.source) state.last = state.source;
    state.source = key;
    state.delta = false;
    this.radios.get(key).checked = true;
    if (key === "reference" && state.playing && this.#cue()) this.desk.transport.start(this.position, this.#loop);
    this.#apply();
  }

  seek(seconds) {
    const position = Math.min(Math.max(0, seconds), this.duration);
    if (!this.desk) this.#pending = position;
    else if (this.#state.playing) {
      this.desk.transport.stop();
      this.desk.transport.seek(position);
      this.#cue();
      this.desk.transport.start(position, this.#loop);
    } else this.desk.transport.seek(position);
    this.#showTime();
  }

  loopOver(start, end) {
    this.#state.loop = end - start >= SHORTEST_LOOP_SECONDS ? { start, end } : null;
    this.#state.looping = Boolean(this.#state.loop);
    this.#restart();
  }

  loopFrom(start) {
    const end = this.#state.loop?.end ?? 0;
    this.loopOver(start, end > start + SHORTEST_LOOP_SECONDS ? end : this.duration);
  }

  loopTo(end) {
    const start = this.#state.loop?.start ?? 0;
    this.loopOver(start < end ? start : 0, end);
  }

  /** Choose by place in the row, from 1. */
  chooseNth(number) {
    if (!this.#blind) return this.choose([...this.radios.keys()][number - 1]);
    if (number <= 2) this.#hear("xy"[number - 1]);
  }

  /** Go back to the one before. */
  chooseLast() {
    if (this.#blind) this.#hear(this.#heard === "x" ? "y" : "x");
    else this.choose(this.#state.last);
  }

  get position() {
    return this.desk ? this.desk.transport.position : this.#pending;
  }

  /** The part that is being heard: the loop, or what comes next. */
  get region() {
    if (this.#loop) return this.#loop;
    const start = Math.max(0, Math.min(this.position - PREVIEW_BEFORE_SECONDS, this.duration - PREVIEW_SECONDS));
    return { start, end: Math.min(start + PREVIEW_SECONDS, this.duration) };
  }

  /** The gain that every track should have now. */
  get weights() {
    const { source, match, delta } = this.#state;
    const gains = this.store.matched(this.#loop);
    const level = (key, matched) => (matched ? decibels(gains.get(key)) : 1);
    const weights = Object.fromEntries([...this.radios.keys()].map((key) => [key, 0]));
    if (this.#blind) {
      const key = this.#blind.behind(this.#heard);
      return { ...weights, [key]: level(key, true) };
    }
    if (delta) return { ...weights, original: -level("original", true), [this.#changed]: level(this.#changed, true) };
    return { ...weights, [source]: level(source, match) };
  }

  // What the settings beside the player bring

  /** Let a part of the master sound otherwise from now on, without a stop. */
  async patch({ url, waveform_url: waveformUrl, start_seconds: start, gain_db: gainDb }) {
    const [part, drawn] = await Promise.all([this.store.decodeFrom(url), outline(waveformUrl)]);
    if (this.store.isLong) return false;
    const { buffer } = await this.#sounds.get("master");
    const whole = patched(buffer, part, start);
    const track = this.store.tracks.get("master");
    if (track.loudness && drawn?.loudness) {
      const lufs = [...track.loudness.lufs];
      drawn.loudness.lufs.forEach((value, index) => (lufs[Math.round(start / track.loudness.step_seconds) + index] = value + gainDb));
      track.loudness = { ...track.loudness, lufs };
    }
    track.heard = null; // until it is measured anew
    this.#take("master", { buffer: whole });
    return true;
  }

  /** Let a whole track be another, at the same place. */
  async replace(key, source) {
    const track = new Track({ url: source.url, losslessUrl: source.lossless_url, waveformUrl: source.waveform_url, lufs: source.lufs, proxyGainDb: source.proxy_gain_db });
    await track.listenFor();
    this.store.tracks.set(key, track);
    this.dataset.number = source.number ?? this.dataset.number;
    this.#take(key, await this.#load(key));
    this.querySelector(`.lane[data-key=${key}] wave-form`)?.setAttribute("src", source.waveform_url);
  }

  #take(key, sound) {
    this.#sounds.set(key, Promise.resolve(sound));
    this.desk?.transport.replace(key, sound);
    this.#apply();
    this.#measure(key, sound);
  }

  /** Match by what is really heard: a codec may take some tenths of a dB from a dense track. */
  #measure(key, sound) {
    if (sound?.buffer) this.store.measure(key, sound.buffer).then(() => this.#apply());
  }

  // Inside

  get #loop() {
    return this.#state.looping ? this.#state.loop : null;
  }

  /** What the original is taken from where only the change is heard. */
  get #changed() {
    return this.#state.source === "original" || this.#state.source === "reference" ? [...this.radios.keys()].find((key) => key !== "original") : this.#state.source;
  }

  #restart() {
    if (this.#state.playing) {
      const loop = this.#loop;
      this.seek(loop && (this.position < loop.start || this.position >= loop.end) ? loop.start : this.position);
    }
    this.#apply();
  }

  /** In a section with a partner in the reference, let the reference begin there. */
  #cue() {
    const here = this.section;
    const paired = here?.dataset.referenceStart;
    const offset = paired ? Number(paired) - Number(here.dataset.start) : this.store.referenceOffset;
    this.store.referenceOffset = offset;
    const moved = (offset ?? 0) !== this.desk.transport.referenceOffset;
    this.desk.transport.referenceOffset = offset ?? 0;
    return moved;
  }

  get section() {
    return this.sections.findLast((button) => Number(button.dataset.start) <= this.position + 0.01);
  }

  #apply() {
    this.desk?.mix(this.weights);
    this.desk?.listen(this.#state.ears);
    this.show();
  }

  async #load(key) {
    return this.store.isLong ? { media: this.store.stream(key) } : { buffer: await this.store.decode(key) };
  }

  #fetchAll() {
    const { status, long } = this.parts;
    long.hidden = !this.store.isLong;
    for (const [key, radio] of this.radios) {
      if (this.#sounds.has(key)) continue;
      const loading = this.#load(key).catch(() => this.#failed(radio));
      loading.then((sound) => this.#measure(key, sound));
      this.#sounds.set(key, loading);
    }
    status.textContent = `${status.dataset.loading} …`;
    return Promise.all(this.#sounds.values()).then(() => (status.textContent = ""));
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
      await this.#fetchAll();
      const context = new AudioContext({ sampleRate: this.store.rate, latencyHint: "interactive" });
      const Transport = this.store.isLong ? Streamed : Decoded;
      const desk = new Desk(context, new Transport(context, this.duration));
      desk.volume.gain.value = this.#gain();
      for (const [key, pending] of this.#sounds) {
        const sound = await pending;
        if (sound) desk.add(key, sound, 0);
      }
      desk.transport.seek(this.#pending);
      this.desk = desk;
      if (this.radios.get(this.#state.source).disabled) this.choose([...this.radios.values()].find((radio) => !radio.disabled)?.value);
      this.removeAttribute("data-loading");
      this.#apply();
    })();
    return this.#wake;
  }

  /** Hear every track as it was rendered, where that can be had. */
  async #useLossless(wanted) {
    if (this.store.lossless === wanted) return;
    this.store.lossless = wanted;
    this.show();
    const { status } = this.parts;
    status.textContent = `${status.dataset.lossless} …`;
    for (const [key, track] of this.store.tracks) {
      if (!track.losslessUrl || this.radios.get(key).disabled) continue;
      const sound = await this.#load(key).catch(() => null);
      if (this.store.lossless !== wanted) return;
      if (sound) this.#take(key, sound);
    }
    status.textContent = "";
  }

  // Not knowing which is which

  #toggleBlind() {
    if (this.#blind) return this.#reveal();
    const other = this.radios.has("other") ? "other" : "original";
    if (!this.radios.has("master") || this.radios.get("master").disabled || this.radios.get(other).disabled) return;
    this.#blind = new BlindTest("master", other);
    this.#state.delta = false;
    this.parts["blind-result"].textContent = "";
    this.#hear("x");
    if (!this.#state.playing) this.toggle();
  }

  #hear(label) {
    this.#heard = label;
    for (const radio of this.querySelectorAll("input[name=blind]")) radio.checked = radio.value === label;
    this.#apply();
  }

  #prefer(label) {
    this.#blind.choose(label);
    this.#hear("x");
  }

  async #reveal() {
    const { chosen, trials } = this.#blind.result;
    const against = this.#blind.tracks[1] === "other" ? this.dataset.otherNumber : "";
    this.#blind = null;
    this.#apply();
    this.parts.blind.focus();
    if (!trials) return;
    await tellResult(this, { chosen, trials, against });
  }

  // Controls

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
    for (const radio of this.querySelectorAll("input[name=blind]")) on(radio, "change", () => this.#hear(radio.value));
    for (const button of this.querySelectorAll("[data-prefer]")) on(button, "click", () => this.#prefer(button.dataset.prefer));
    for (const [name, act] of Object.entries(this.acts)) on(parts[name], "click", act);
    on(parts.reveal, "click", () => this.#reveal());
    on(parts.help, "click", () => parts.keys.showModal());
    on(parts["keys-on"], "change", () => this.#keep("keys", parts["keys-on"].checked ? "on" : "off"));
    on(parts.volume, "input", () => {
      parts.volume.style.setProperty("--fill", `${parts.volume.value}%`);
      this.desk?.volume.gain.setTargetAtTime(this.#gain(), this.desk.context.currentTime, 0.01);
      this.#keep("volume", parts.volume.value);
    });
    for (const button of this.sections) on(button, "click", () => this.#jump(button));
    on(parts.lanes, "pointerdown", (event) => this.#face.drag(event));
    on(document, "keydown", (event) => onKey(this, event));
    on(window, "resize", () => this.show());
  }

  acts = {
    match: () => { this.#state.match = this.#blind ? this.#state.match : !this.#state.match; this.#apply(); },
    delta: () => {
      if (this.#blind || !this.radios.has("original")) return;
      this.#state.delta = !this.#state.delta;
      this.#apply();
      if (this.#state.delta && !this.store.isLong) this.#useLossless(true); // what a codec leaves out is no change
    },
    mono: () => { this.#state.ears = this.#state.ears === "mono" ? "stereo" : "mono"; this.#apply(); },
    side: () => { this.#state.ears = this.#state.ears === "side" ? "stereo" : "side"; this.#apply(); },
    lossless: () => this.#useLossless(!this.store.lossless),
    blind: () => this.#toggleBlind(),
    loop: () => {
      const here = this.section;
      this.#state.loop ??= here ? { start: Number(here.dataset.start), end: Number(here.dataset.end) } : { start: 0, end: this.duration };
      this.#state.looping = !this.#state.looping;
      this.#restart();
    },
  };

  #jump(button) {
    const region = { start: Number(button.dataset.start), end: Number(button.dataset.end) };
    if (this.#state.looping) this.#state.loop = region;
    this.seek(region.start);
    this.#apply();
  }

  neighbour(step) {
    const index = this.sections.indexOf(this.section);
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
    const { position } = this;
    const reference = this.desk?.transport.tracks.get("reference");
    const length = reference?.buffer?.duration ?? reference?.media?.duration ?? this.duration;
    const at = (((position + (this.desk?.transport.referenceOffset ?? 0)) % length) + length) % length;
    this.#face.time(position, at / length);
  }

  show() {
    const { source, delta } = this.#state;
    this.#face.state(
      { ...this.#state, lossless: this.store.lossless },
      {
        trial: this.#blind?.trial ?? 0,
        gainDb: this.store.matched(this.#loop).get(source) ?? 0,
        active: delta ? ["original", this.#changed] : [source],
      },
    );
    this.#showTime();
  }
}

customElements.define("ab-player", ABPlayer);
