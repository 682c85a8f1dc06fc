// The sound of a player's tracks: fetched, put on the desk, made lossless, replaced while it plays.

import { Decoded, Desk, Streamed, patched } from "./listening-desk.js";
import { told } from "./told.js";
import { Track } from "./track-store.js";

export class PlayerSounds {
  #sounds = new Map(); // key → promise of {buffer} or {media}
  #wake = null;
  quality = "preview"; // of what is heard: "lossless" once every track that can be is

  constructor(player) {
    this.player = player;
    this.store = player.store;
  }

  /** Fetch every track that was not; a track that cannot be had is named and switched off. */
  fetchAll() {
    const { radios, parts } = this.player;
    parts.long.hidden = !this.store.isLong;
    for (const [key, radio] of radios) {
      if (this.#sounds.has(key)) continue;
      const loading = this.#load(key).catch(() => this.#failed(radio));
      loading.then((sound) => this.#measure(key, sound));
      this.#sounds.set(key, loading);
    }
    parts.status.textContent = `${parts.status.dataset.loading} …`;
    return Promise.all(this.#sounds.values()).then(() => (parts.status.textContent = ""));
  }

  /** Put all tracks on a desk, once; browsers want a person's act before there is one. */
  ready() {
    this.#wake ??= this.#awake();
    return this.#wake;
  }

  /** Hear every track as it was rendered, where that can be had. */
  async useLossless(wanted) {
    const { store, player } = this;
    if (store.lossless === wanted) return;
    store.lossless = wanted;
    player.show();
    const { status } = player.parts;
    status.textContent = `${status.dataset.lossless} …`;
    for (const [key, track] of store.tracks) {
      if (!track.losslessUrl || player.radios.get(key).disabled) continue;
      const sound = await this.#load(key).catch(() => null);
      if (store.lossless !== wanted) return;
      if (sound) this.hear(key, sound);
    }
    status.textContent = "";
    this.quality = wanted ? "lossless" : "preview";
    player.show();
  }

  /** Let a part of the master sound otherwise from now on, without a stop. */
  async patch({ url, waveform_url: waveformUrl, start_seconds: start, gain_db: gainDb }) {
    const [part, drawn] = await Promise.all([this.store.decodeFrom(url), told(waveformUrl)]);
    if (this.store.isLong) return false;
    const { buffer } = await this.#sounds.get("master");
    const whole = patched(buffer, part, start);
    const track = this.store.tracks.get("master");
    if (track.loudness && drawn?.loudness) {
      const lufs = [...track.loudness.lufs];
      drawn.loudness.lufs.forEach((value, index) => (lufs[Math.round(start / track.loudness.step_seconds) + index] = value + gainDb));
      track.loudness = { ...track.loudness, lufs };
    }
    const before = track.heard;
    track.heard = null; // until it is measured anew
    this.#put("master", { buffer: whole });
    this.store.remeasure("master", before, whole, start, start + part.duration).then(() => this.player.apply());
    return true;
  }

  /** Let a whole track be another, at the same place. */
  async replace(key, source) {
    const track = new Track({ url: source.url, losslessUrl: source.lossless_url, waveformUrl: source.waveform_url, lufs: source.lufs, proxyGainDb: source.proxy_gain_db });
    const [sound] = await Promise.all([this.#soundOf(track), track.listenFor()]);
    this.store.tracks.set(key, track);
    this.hear(key, sound);
  }

  /** Let a track sound otherwise from now on. */
  hear(key, sound) {
    this.#put(key, sound);
    this.#measure(key, sound);
  }

  #put(key, sound) {
    this.#sounds.set(key, Promise.resolve(sound));
    this.player.desk?.transport.replace(key, sound);
    this.player.apply();
  }

  /** Match by what is really heard: a codec may take some tenths of a dB from a dense track. */
  #measure(key, sound) {
    if (sound?.buffer) this.store.measure(key, sound.buffer).then(() => this.player.apply());
  }

  #load(key) {
    return this.#soundOf(this.store.tracks.get(key));
  }

  async #soundOf(track) {
    return this.store.isLong ? { media: this.store.stream(track) } : { buffer: await this.store.decode(track) };
  }

  #failed(radio) {
    radio.disabled = true;
    const { trouble } = this.player.parts;
    const names = [...this.player.radios.values()].filter((one) => one.disabled).map((one) => one.closest("label").textContent.trim());
    trouble.textContent = `${names.join(", ")} ${trouble.dataset.failed}`;
    return null;
  }

  async #awake() {
    const { player, store } = this;
    player.setAttribute("data-loading", "");
    await this.fetchAll();
    const context = new AudioContext({ sampleRate: store.rate, latencyHint: "interactive" });
    const Transport = store.isLong ? Streamed : Decoded;
    const desk = new Desk(context, new Transport(context, player.duration));
    desk.volume.gain.value = player.controls.volume;
    for (const [key, pending] of this.#sounds) {
      const sound = await pending;
      if (sound) desk.add(key, sound, 0);
    }
    desk.transport.seek(player.position);
    player.desk = desk;
    player.removeAttribute("data-loading");
  }
}
