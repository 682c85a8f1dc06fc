// <ab-player>: original, master and reference in one clock, switched without restart or drift.
//
// The page brings all controls and words; this element gives them their behaviour. Each track is
// decoded whole, all are started at one instant, and only gains move when another one is chosen.
// Its parts: the sound (player-sounds, listening-desk), gains (player-match), the loop, the blind
// comparison, controls and keys, and what is shown (player-face).

import { partsOf } from "./parts.js";
import { PlayerBlind } from "./player-blind.js";
import { PlayerControls } from "./player-controls.js";
import { PlayerFace } from "./player-face.js";
import { Loop } from "./player-loop.js";
import { weightsOf } from "./player-match.js";
import { PlayerSounds } from "./player-sounds.js";
import { Track, TrackStore } from "./track-store.js";

const PREVIEW_BEFORE_SECONDS = 0.5;
const PREVIEW_SECONDS = 16;

class ABPlayer extends HTMLElement {
  #state = { playing: false, source: "master", last: "original", match: true, delta: false, ears: "stereo" };
  #frame = 0;
  #pending = 0; // position before there is a clock

  connectedCallback() {
    this.duration = Number(this.dataset.duration);
    this.parts = partsOf(this);
    this.radios = new Map([...this.querySelectorAll("input[name=source]")].map((radio) => [radio.value, radio]));
    this.sections = [...this.querySelectorAll(".player-sections button")];
    for (const button of this.sections) button.style.setProperty("--seconds", button.dataset.end - button.dataset.start);
    this.store = new TrackStore(this.duration, Number(this.dataset.rateHz) || 44100);
    for (const [key, radio] of this.radios) this.store.tracks.set(key, Track.of(radio));
    if (!this.radios.has("master")) [this.#state.last, this.#state.source] = this.radios.keys();
    this.loop = new Loop(this.duration);
    const { loopStart, loopEnd } = this.dataset;
    if (loopEnd) this.loop.over(Number(loopStart), Number(loopEnd));
    this.#pending = this.loop.active?.start ?? 0;
    this.sounds = new PlayerSounds(this);
    this.blind = new PlayerBlind(this);
    this.face = new PlayerFace(this);
    this.setAttribute("data-ready", "");
    this.controls = new PlayerControls(this);
    this.show();
    for (const track of this.store.tracks.values()) track.listenFor().then(() => this.apply());
    if (!navigator.connection?.saveData) this.sounds.fetchAll();
  }

  disconnectedCallback() {
    this.controls.release();
    cancelAnimationFrame(this.#frame);
    this.desk?.context.close();
  }

  // What a person can do

  toggle() {
    return this.#state.playing ? this.pause() : this.play();
  }

  async play() {
    if (this.#state.playing) return;
    await this.sounds.ready();
    if (!this.desk || !this.desk.transport.tracks.size) return;
    if (this.radios.get(this.#state.source).disabled) this.choose([...this.radios.values()].find((radio) => !radio.disabled)?.value);
    await this.desk.context.resume();
    if (this.position >= this.duration - 0.05) this.desk.transport.seek(0);
    this.#cue();
    this.apply();
    this.desk.transport.start(this.position, this.loop.active);
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
    if (this.blind.isOn || !this.radios.get(key) || this.radios.get(key).disabled) return;
    const state = this.#state;
    if (key !== state.source) state.last = state.source;
    state.source = key;
    state.delta = false;
    this.radios.get(key).checked = true;
    if (key === "reference" && state.playing && this.#cue()) this.desk.transport.start(this.position, this.loop.active);
    this.apply();
  }

  /** Choose by place in the row, from 1. */
  chooseNth(number) {
    if (!this.blind.isOn) return this.choose([...this.radios.keys()][number - 1]);
    if (number <= 2) this.blind.hear("xy"[number - 1]);
  }

  /** Go back to the one before. */
  chooseLast() {
    if (this.blind.isOn) this.blind.hearOther();
    else this.choose(this.#state.last);
  }

  seek(seconds) {
    const position = Math.min(Math.max(0, seconds), this.duration);
    if (!this.desk) this.#pending = position;
    else if (this.#state.playing) {
      this.desk.transport.stop();
      this.desk.transport.seek(position);
      this.#cue();
      this.desk.transport.start(position, this.loop.active);
    } else this.desk.transport.seek(position);
    this.#showTime();
  }

  loopOver(start, end) {
    this.loop.over(start, end);
    this.#restart();
  }

  loopFrom(start) {
    this.loop.from(start);
    this.#restart();
  }

  loopTo(end) {
    this.loop.to(end);
    this.#restart();
  }

  /** Go to a section, with the loop where there is one. */
  jump(button) {
    const range = rangeOf(button);
    this.loop.move(range);
    this.seek(range.start);
    this.apply();
  }

  neighbour(step) {
    const index = this.sections.indexOf(this.section);
    const next = this.sections[Math.min(Math.max(0, index + step), this.sections.length - 1)];
    if (next) this.jump(next);
  }

  acts = {
    match: () => this.#turn({ match: this.blind.isOn ? this.#state.match : !this.#state.match }),
    delta: () => {
      if (this.blind.isOn || !this.radios.has("original")) return;
      this.#turn({ delta: !this.#state.delta });
      if (this.#state.delta && !this.store.isLong) this.sounds.useLossless(true); // what a codec leaves out is no change
    },
    mono: () => this.#turn({ ears: this.#state.ears === "mono" ? "stereo" : "mono" }),
    side: () => this.#turn({ ears: this.#state.ears === "side" ? "stereo" : "side" }),
    lossless: () => this.sounds.useLossless(!this.store.lossless),
    blind: () => {
      if (!this.blind.isOn && !this.blind.isPossible) return;
      this.#state.delta = false;
      this.blind.toggle();
    },
    loop: () => {
      this.loop.toggle(this.section && rangeOf(this.section));
      this.#restart();
    },
  };

  // Where it stands

  get position() {
    return this.desk ? this.desk.transport.position : this.#pending;
  }

  get section() {
    return this.sections.findLast((button) => Number(button.dataset.start) <= this.position + 0.01);
  }

  /** The part that is being heard: the loop, or what comes next. */
  get region() {
    if (this.loop.active) return this.loop.active;
    const start = Math.max(0, Math.min(this.position - PREVIEW_BEFORE_SECONDS, this.duration - PREVIEW_SECONDS));
    return { start, end: Math.min(start + PREVIEW_SECONDS, this.duration) };
  }

  /** The gain that every track should have now. */
  get weights() {
    const { source, match, delta } = this.#state;
    return weightsOf({
      keys: [...this.radios.keys()],
      heard: this.blind.isOn ? this.blind.heard : source,
      changed: delta && !this.blind.isOn ? this.#changed : null,
      gainsDb: this.store.matched(this.loop.active),
      isMatched: match || this.blind.isOn,
    });
  }

  // What the settings beside the player bring

  /** Let a part of the master sound otherwise from now on, without a stop. */
  patch(part) {
    return this.sounds.patch(part);
  }

  /** Fetch a whole sound without loss where that takes a moment; null where it would not. */
  async fetchAtOnce(url, signal) {
    return this.store.isLong || !this.store.isLineFast ? null : { buffer: await this.store.decodeFrom(url, signal) };
  }

  /** Let a track sound otherwise, before all is known of what is heard. */
  hear(key, sound) {
    this.sounds.hear(key, sound);
  }

  /** Let a whole track be another, at the same place. */
  async replace(key, source) {
    await this.sounds.replace(key, source);
    this.dataset.number = source.number ?? this.dataset.number;
    this.querySelector(`.lane[data-key=${key}] wave-form`)?.setAttribute("src", source.waveform_url);
  }

  // Inside

  /** What the original is taken from where only the change is heard. */
  get #changed() {
    return this.#state.source === "original" || this.#state.source === "reference" ? [...this.radios.keys()].find((key) => key !== "original") : this.#state.source;
  }

  #turn(changes) {
    Object.assign(this.#state, changes);
    this.apply();
  }

  #restart() {
    if (this.#state.playing) {
      const loop = this.loop.active;
      this.seek(loop && (this.position < loop.start || this.position >= loop.end) ? loop.start : this.position);
    }
    this.apply();
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

  /** Let what is heard and shown follow the state. */
  apply() {
    this.desk?.mix(this.weights);
    this.desk?.listen(this.#state.ears);
    this.show();
  }

  // On screen

  #tick() {
    this.#frame = requestAnimationFrame(() => {
      if (!this.#state.playing) return;
      if (this.position >= this.duration - 0.01 && !this.loop.isOn) {
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
    this.face.time(position, at / length);
  }

  show() {
    const { source, delta } = this.#state;
    this.face.state(
      { ...this.#state, loop: this.loop.active, lossless: this.store.lossless },
      {
        trial: this.blind.trial,
        gainDb: this.store.matched(this.loop.active).get(source) ?? 0,
        active: delta ? ["original", this.#changed] : [source],
        quality: this.sounds.quality,
      },
    );
    this.#showTime();
  }
}

const rangeOf = ({ dataset }) => ({ start: Number(dataset.start), end: Number(dataset.end) });

customElements.define("ab-player", ABPlayer);
