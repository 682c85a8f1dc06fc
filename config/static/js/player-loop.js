// The part of a song that is played over and over, and whether it is.

const SHORTEST_SECONDS = 0.2;

export class Loop {
  #range = null;
  #on = false;

  constructor(duration) {
    this.duration = duration;
  }

  /** What is looped now, {start, end}; null where the song plays on. */
  get active() {
    return this.#on ? this.#range : null;
  }

  get isOn() {
    return this.#on;
  }

  /** Loop a part; none where it is too short to be one. */
  over(start, end) {
    this.#range = end - start >= SHORTEST_SECONDS ? { start, end } : null;
    this.#on = Boolean(this.#range);
  }

  from(start) {
    const end = this.#range?.end ?? 0;
    this.over(start, end > start + SHORTEST_SECONDS ? end : this.duration);
  }

  to(end) {
    const start = this.#range?.start ?? 0;
    this.over(start < end ? start : 0, end);
  }

  /** Switch on or off; over `section`, or the whole, where no part was marked before. */
  toggle(section) {
    this.#range ??= section ?? { start: 0, end: this.duration };
    this.#on = !this.#on;
  }

  /** Go along to another part, where one is looped. */
  move(range) {
    if (this.#on) this.#range = range;
  }
}
