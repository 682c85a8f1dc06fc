// The listening desk: tracks on one clock, a gain each, mono or side, a volume.

const FADE_SECONDS = 0.015;
const EARS = { stereo: [1, 0, 0, 1], mono: [0.5, 0.5, 0.5, 0.5], side: [0.5, -0.5, 0.5, -0.5] };

/** Tracks decoded whole, all started at one instant. */
export class Decoded {
  #nodes = [];
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
    if (!this.#nodes.length) return this.#from;
    const at = this.#from + Math.max(0, this.context.currentTime - this.#begun);
    const loop = this.#loop;
    if (loop && at >= loop.end) return loop.start + ((at - loop.start) % (loop.end - loop.start));
    return Math.min(at, this.duration);
  }

  start(position, loop) {
    this.stop();
    this.#from = position;
    this.#loop = loop && position < loop.end ? loop : null;
    this.#begun = this.#onFrame(this.context.currentTime + 0.005); // one instant for all of them
    for (const [key, track] of this.tracks) {
      const node = new AudioBufferSourceNode(this.context, { buffer: track.buffer });
      const length = track.buffer.duration;
      let at = position;
      if (key === "reference") {
        at = (((position + this.referenceOffset) % length) + length) % length;
        node.loop = true; // another song of another length: it goes round
      } else if (this.#loop) {
        Object.assign(node, { loop: true, loopStart: loop.start, loopEnd: Math.min(loop.end, length) });
      }
      node.connect(track.gain);
      node.start(this.#begun, this.#onFrame(Math.min(at, length)));
      this.#nodes.push(node);
    }
  }

  /** Between two frames the browser would interpolate, which dulls the sound. */
  #onFrame(seconds) {
    return Math.ceil(seconds * this.context.sampleRate - 1e-6) / this.context.sampleRate;
  }

  stop() {
    this.#from = this.position;
    for (const node of this.#nodes) {
      node.stop();
      node.disconnect();
    }
    this.#nodes = [];
  }

  seek(position) {
    this.#from = position;
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
      const original = this.tracks.get("original")?.media;
      if (original && Math.abs(original.currentTime - now) > 0.06) original.currentTime = now;
    }, 100);
  }

  #align(position) {
    for (const [key, { media }] of this.tracks) {
      const length = media.duration || this.duration;
      media.loop = key === "reference";
      media.currentTime = key === "reference" ? (position + this.referenceOffset + length) % length : position;
    }
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
    return gain;
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
