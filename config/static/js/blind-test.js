// A blind comparison of two tracks: which of them is X is drawn anew for every trial.
//
// Nothing of the draw leaves this object before the end but the sound itself.

const UNLIKELY = 0.05; // by chance; the level that listening tests are read at

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

/** Say what a player's blind test counted, keep it with the version, and say what it is worth. */
export async function tellResult(player, { chosen, trials, against }) {
  const { words, "blind-result": place } = player.parts;
  const word = (key, values = {}) =>
    Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words.content.querySelector(`[data-key=${key}]`).textContent);
  place.textContent = word("counted", { chosen, trials });
  const { blindUrl, number } = player.dataset;
  if (!blindUrl) return;
  const body = new URLSearchParams({ against, trials, chosen, csrfmiddlewaretoken: player.querySelector("[name=csrfmiddlewaretoken]").value });
  const answer = await fetch(blindUrl.replace(/\d+\/blind\/$/, `${number}/blind/`), { method: "POST", body });
  if (!answer.ok) {
    place.textContent += ` ${word("unkept")}`;
    return;
  }
  const { probability } = await answer.json();
  const percent = (100 * probability).toFixed(probability < 0.1 ? 1 : 0);
  place.textContent += ` ${word(probability < UNLIKELY ? "unlikely" : "chance", { percent })}`;
}
