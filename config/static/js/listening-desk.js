// The listening desk: tracks on one clock, a gain each, mono or side, a volume.

const FADE_SECONDS = 0.015;
const SEAM_SECONDS = 0.008; // where a track stops or begins within its sound
const AHEAD_SECONDS = 0.005;
const EARS = { stereo: [1, 0, 0, 1], mono: [0.5, 0.5, 0.5, 0.5], side: [0.5, -0.5, 0.5, -0.5] };

const around = (value, length) => ((value % length) + length) % length;

/** Tracks decoded whole, all started at one instant. */
export class Decoded {
  #voices = new Map(); // key → {node, envelope}
  #begun = 0;
  #from = 0;
  #loop = null;

  constructor(context, duration) {
    this.context = context;
    this.duration = duration;
    this.tracks = new Map(); // key → {buffer, gain}
    this.referenceOffset = 0; // added to the shared position to find the reference's own
  }

  get position() {
    return this.#voices.size ? this.#positionAt(this.context.currentTime) : this.#from;
  }

  start(position, loop) {
    this.stop();
    const bounds = loop && { start: this.#onFrame(loop.start), end: this.#onFrame(loop.end) };
    this.#from = position;
    this.#loop = bounds && position < bounds.end ? bounds : null;
    this.#begun = this.#onFrame(this.context.currentTime + AHEAD_SECONDS); // one instant for all
    for (const key of this.tracks.keys()) this.#begin(key, this.#begun, position);
  }

  stop() {
    this.#from = this.position;
    for (const voice of this.#voices.values()) this.#end(voice, this.context.currentTime, SEAM_SECONDS);
    this.#voices.clear();
  }

  seek(position) {
    this.#from = position;
  }

  /** Play other sound under a key, from the same place on, without a gap. */
  replace(key, sound) {
    const before = this.#voices.get(key);
    Object.assign(this.tracks.get(key), sound);
    if (!this.#voices.size) return;
    const at = this.#onFrame(this.context.currentTime + 4 * AHEAD_SECONDS);
    this.#begin(key, at, this.#positionAt(at), FADE_SECONDS);
    if (before) this.#end(before, at, FADE_SECONDS);
  }

  #positionAt(time) {
    const at = this.#from + Math.max(0, time - this.#begun);
    const loop = this.#loop;
    if (loop && at >= loop.end) return loop.start + ((at - loop.start) % (loop.end - loop.start));
    return Math.min(at, this.duration);
  }

  #begin(key, time, position, fade = SEAM_SECONDS) {
    const { buffer, gain } = this.tracks.get(key);
    const node = new AudioBufferSourceNode(this.context, { buffer });
    const envelope = new GainNode(this.context, { gain: 0 });
    envelope.gain.setValueAtTime(0, time);
    envelope.gain.linearRampToValueAtTime(1, time + fade);
    let at = position;
    if (key === "reference") {
      at = around(position + this.referenceOffset, buffer.duration);
      node.loop = true; // another song of another length: it goes round
    } else if (this.#loop) {
      Object.assign(node, { loop: true, loopStart: this.#loop.start, loopEnd: Math.min(this.#loop.end, buffer.duration) });
    }
    node.connect(envelope).connect(gain);
    node.start(time, this.#onFrame(Math.min(at, buffer.duration)));
    this.#voices.set(key, { node, envelope });
  }

  #end({ node, envelope }, time, fade) {
    envelope.gain.cancelScheduledValues(time);
    envelope.gain.setValueAtTime(1, time);
    envelope.gain.linearRampToValueAtTime(0, time + fade);
    node.stop(time + fade);
    node.addEventListener("ended", () => envelope.disconnect());
  }

  /** Between two frames the browser would interpolate, which dulls the sound. */
  #onFrame(seconds) {
    return Math.ceil(seconds * this.context.sampleRate - 1e-6) / this.context.sampleRate;
  }
}

/** Media elements into the same gains, for tracks too long to hold in memory. */
export class Streamed {
  #playing = false;
  #from = 0;
  #loop = null;
  #watch = 0;

  constructor(context, duration) {
    this.context = context;
    this.duration = duration;
    this.tracks = new Map(); // key → {media, gain}
    this.referenceOffset = 0;
  }

  get #leader() {
    return (this.tracks.get("master") ?? this.tracks.values().next().value)?.media;
  }

  get position() {
    return this.#playing ? this.#leader.currentTime : this.#from;
  }

  start(position, loop) {
    this.stop();
    this.#loop = loop && position < loop.end ? loop : null;
    this.#align(position);
    this.#playing = true;
    for (const { media } of this.tracks.values()) media.play();
    this.#watch = setInterval(() => {
      const now = this.#leader.currentTime;
      if (this.#loop && now >= this.#loop.end) this.#align(this.#loop.start);
      for (const [key, { media }] of this.tracks) {
        if (key !== "reference" && Math.abs(media.currentTime - now) > 0.06) media.currentTime = now;
      }
    }, 100);
  }

  stop() {
    this.#from = this.position;
    this.#playing = false;
    clearInterval(this.#watch);
    for (const { media } of this.tracks.values()) media.pause();
  }

  seek(position) {
    this.#from = position;
  }

  replace(key, { media }) {
    const track = this.tracks.get(key);
    const position = this.position;
    track.media.pause();
    this.context.createMediaElementSource(media).connect(track.gain);
    track.media = media;
    if (this.#playing) this.start(position, this.#loop);
  }

  #align(position) {
    for (const [key, { media }] of this.tracks) {
      const length = media.duration || this.duration;
      media.loop = key === "reference";
      media.currentTime = key === "reference" ? around(position + this.referenceOffset, length) : position;
    }
  }
}

/** The listening desk: one gain a track, then mono or side, then the volume. */
export class Desk {
  #fades = new Map(); // key → {from, to, begun}

  constructor(context, transport) {
    this.context = context;
    this.transport = transport;
    this.bus = new GainNode(context, { channelCount: 2, channelCountMode: "explicit" });
    this.volume = new GainNode(context, { gain: 0.8 });
    const ears = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
    const merged = new ChannelMergerNode(context, { numberOfInputs: 2 });
    this.matrix = [0, 1, 2, 3].map((index) => {
      const gain = new GainNode(context, { gain: EARS.stereo[index] });
      ears.connect(gain, index % 2).connect(merged, 0, index >> 1);
      return gain;
    });
    this.bus.connect(ears);
    merged.connect(this.volume).connect(context.destination);
  }

  add(key, track, weight) {
    const gain = new GainNode(this.context, { gain: weight });
    gain.connect(this.bus);
    this.#fades.set(key, { from: weight, to: weight, begun: -1 });
    this.transport.tracks.set(key, { ...track, gain });
    if (track.media) this.context.createMediaElementSource(track.media).connect(gain);
  }

  /** Fade every track to its weight, with equal power: sine up, cosine down. */
  mix(weights) {
    const now = this.context.currentTime;
    for (const [key, { gain }] of this.transport.tracks) {
      const to = weights[key] ?? 0;
      const from = this.#level(key, now);
      if (from === to) continue;
      const fade = { from, to, begun: now };
      gain.gain.cancelScheduledValues(now);
      gain.gain.setValueCurveAtTime(Float32Array.from({ length: 33 }, (_, step) => between(fade, step / 32)), now, FADE_SECONDS);
      this.#fades.set(key, fade);
    }
  }

  listen(mode) {
    this.matrix.forEach((node, index) => node.gain.setTargetAtTime(EARS[mode][index], this.context.currentTime, FADE_SECONDS / 3));
  }

  #level(key, now) {
    const fade = this.#fades.get(key);
    return between(fade, Math.min(1, (now - fade.begun) / FADE_SECONDS));
  }
}

function between({ from, to }, share) {
  const turn = (share * Math.PI) / 2;
  if (share >= 1) return to;
  return to > from ? from + (to - from) * Math.sin(turn) : to + (from - to) * Math.cos(turn);
}

/** A copy of a buffer in which a part is another sound, with short fades at its edges. */
export function patched(buffer, part, startSeconds) {
  const copy = new AudioBuffer({ length: buffer.length, numberOfChannels: buffer.numberOfChannels, sampleRate: buffer.sampleRate });
  const first = Math.round(startSeconds * buffer.sampleRate);
  const length = Math.min(part.length, buffer.length - first);
  const fade = Math.min(Math.round(FADE_SECONDS * buffer.sampleRate), Math.floor(length / 2));
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const sound = copy.getChannelData(channel);
    buffer.copyFromChannel(sound, channel);
    const other = part.getChannelData(Math.min(channel, part.numberOfChannels - 1));
    sound.set(other.subarray(fade, length - fade), first + fade);
    for (let frame = 0; frame < fade; frame++) {
      const share = (frame + 1) / (fade + 1);
      const last = length - 1 - frame;
      sound[first + frame] += share * (other[frame] - sound[first + frame]);
      sound[first + last] += share * (other[last] - sound[first + last]);
    }
  }
  return copy;
}
