// The tracks of a player: where their sound comes from, and how loud it is.

import { loudnessOf, measured, remeasured } from "./loudness.js";
import { told } from "./told.js";

const MEMORY_BYTES = 640e6; // of decoded sound; songs that need more are streamed
const BYTES_PER_FRAME = 8; // two channels of 32-bit samples
const LOSSLESS_BYTES_PER_FRAME = 6; // two channels of 24 bits
const SOON_MS = 1500;

export class Track {
  loudness = null; // of every 100 ms, as rendered, once fetched
  heard = null; // the same of the sound that is played, once measured

  constructor({ url, losslessUrl, waveformUrl, lufs, proxyGainDb }) {
    Object.assign(this, { url, losslessUrl, waveformUrl, proxyGainDb: Number(proxyGainDb) || 0, lufs: lufs === "" || lufs == null ? null : Number(lufs) });
  }

  static of({ dataset }) {
    return new Track(dataset);
  }

  async listenFor() {
    this.loudness = (await told(this.waveformUrl))?.loudness ?? null;
  }

  /** Loudness as it is played, of a part or of the whole; null where it is not known. */
  over(region) {
    const heard = this.heard && loudnessOf(this.heard, region?.start, region?.end);
    if (heard) return heard;
    let lufs = this.lufs;
    if (region && this.loudness) lufs = loudnessOf(this.loudness, region.start, region.end) ?? lufs;
    return lufs === null ? null : lufs + this.proxyGainDb;
  }
}

export class TrackStore {
  lossless = false;
  #bytesPerMs = 0;
  #measuring = Promise.resolve();

  constructor(duration, rate) {
    this.duration = duration;
    this.rate = rate;
    this.tracks = new Map();
    this.referenceOffset = null; // where the reference begins against the song; null: anywhere
  }

  /** Whether this many tracks of this length would take more memory than a page should. */
  get isLong() {
    return this.tracks.size * this.duration * this.rate * BYTES_PER_FRAME > MEMORY_BYTES;
  }

  /** The gain of every track that makes them equally loud: the louder ones are lowered. */
  matched(region) {
    const heard = new Map([...this.tracks].map(([key, track]) => [key, track.over(this.#regionOf(key, region))]));
    const quietest = Math.min(...[...heard.values()].filter((lufs) => lufs !== null));
    return new Map([...heard].map(([key, lufs]) => [key, lufs === null ? 0 : quietest - lufs]));
  }

  #regionOf(key, region) {
    if (key !== "reference" || !region) return region;
    if (this.referenceOffset === null) return null;
    return { start: region.start + this.referenceOffset, end: region.end + this.referenceOffset };
  }

  async decode({ url, losslessUrl }) {
    return this.decodeFrom((this.lossless && losslessUrl) || url);
  }

  /** Measure what is played of a track. */
  measure(key, buffer) {
    return this.#measure(key, () => measured(buffer));
  }

  /** Measure what is played of a track that was `before`, but for a part of it. */
  remeasure(key, before, buffer, start, end) {
    return this.#measure(key, () => (before ? remeasured(before, buffer, start, end) : measured(buffer)));
  }

  /** One after the other, for the sake of memory. */
  #measure(key, listen) {
    const track = this.tracks.get(key);
    this.#measuring = this.#measuring.then(async () => {
      const heard = await listen();
      if (this.tracks.get(key) === track) track.heard = heard;
    });
    return this.#measuring;
  }

  async decodeFrom(url, signal = null) {
    const answer = await fetch(url, { signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const began = performance.now();
    const bytes = await answer.arrayBuffer();
    this.#bytesPerMs = bytes.byteLength / Math.max(1, performance.now() - began);
    const decoder = new OfflineAudioContext(2, 1, this.rate);
    return decoder.decodeAudioData(bytes);
  }

  /** Whether a whole track without loss would come soon, at the speed of what was fetched last. */
  get isLineFast() {
    const bytes = this.duration * this.rate * LOSSLESS_BYTES_PER_FRAME;
    return !navigator.connection?.saveData && bytes < SOON_MS * this.#bytesPerMs;
  }

  stream({ url, losslessUrl }) {
    const media = new Audio((this.lossless && losslessUrl) || url);
    media.preload = "auto";
    return media;
  }
}
