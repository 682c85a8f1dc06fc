// A blind comparison of two tracks: which of them is X is drawn anew for every trial.
//
// Nothing of the draw leaves this object before the end but the sound itself.

const coin = () => crypto.getRandomValues(new Uint8Array(1))[0] & 1;

export class BlindTest {
  #pair; // [the one that is counted, the other]
  #first; // which of the pair is X
  #chosen = 0;
  #trials = 0;

  constructor(counted, other) {
    this.#pair = [counted, other];
    this.#first = coin();
  }

  /** Which trial is under way, from 1. */
  get trial() {
    return this.#trials + 1;
  }

  get tracks() {
    return [...this.#pair];
  }

  /** The track behind "x" or "y", for the mixer alone. */
  behind(label) {
    return this.#pair[label === "x" ? this.#first : 1 - this.#first];
  }

  /** Count a choice, and draw again. */
  choose(label) {
    if (this.behind(label) === this.#pair[0]) this.#chosen += 1;
    this.#trials += 1;
    this.#first = coin();
  }

  /** What was counted; asked for once, at the end. */
  get result() {
    return { chosen: this.#chosen, trials: this.#trials };
  }
}
