// A blind comparison on a player: X and Y instead of names, a count that is kept at the end.

import { BlindTest } from "./blind-test.js";
import { wordOf } from "./parts.js";

const UNLIKELY = 0.05; // by chance; the level that listening tests are read at

export class PlayerBlind {
  #test = null;
  #label = "x"; // which of the two is heard

  constructor(player) {
    this.player = player;
  }

  get isOn() {
    return this.#test !== null;
  }

  /** The trial under way, from 1; 0 where names are shown. */
  get trial() {
    return this.#test?.trial ?? 0;
  }

  /** The track that is heard, for the mixer alone. */
  get heard() {
    return this.#test.behind(this.#label);
  }

  /** Whether the player has two tracks to be told apart. */
  get isPossible() {
    const { radios } = this.player;
    return ["master", this.#other].every((key) => radios.has(key) && !radios.get(key).disabled);
  }

  toggle() {
    if (this.isOn) return this.reveal();
    this.#test = new BlindTest("master", this.#other);
    this.player.parts["blind-result"].textContent = "";
    this.hear("x");
    this.player.play();
  }

  hear(label) {
    this.#label = label;
    for (const radio of this.player.querySelectorAll("input[name=blind]")) radio.checked = radio.value === label;
    this.player.apply();
  }

  hearOther() {
    this.hear(this.#label === "x" ? "y" : "x");
  }

  prefer(label) {
    this.#test.choose(label);
    this.hear("x");
  }

  async reveal() {
    const { player } = this;
    const { chosen, trials } = this.#test.result;
    const against = this.#test.tracks[1] === "other" ? player.dataset.otherNumber : "";
    this.#test = null;
    player.apply();
    player.parts.blind.focus();
    if (trials) await this.#tell({ chosen, trials, against });
  }

  get #other() {
    return this.player.radios.has("other") ? "other" : "original";
  }

  /** Say what was counted, keep it with the version, and say what it is worth. */
  async #tell({ chosen, trials, against }) {
    const { player } = this;
    const { words, "blind-result": place } = player.parts;
    place.textContent = wordOf(words, "counted", { chosen, trials });
    const { blindUrl, number } = player.dataset;
    if (!blindUrl) return;
    const body = new URLSearchParams({ against, trials, chosen, csrfmiddlewaretoken: player.querySelector("[name=csrfmiddlewaretoken]").value });
    const answer = await fetch(blindUrl.replace(/\d+\/blind\/$/, `${number}/blind/`), { method: "POST", body });
    if (!answer.ok) {
      place.textContent += ` ${wordOf(words, "unkept")}`;
      return;
    }
    const { probability } = await answer.json();
    const percent = (100 * probability).toFixed(probability < 0.1 ? 1 : 0);
    place.textContent += ` ${wordOf(words, probability < UNLIKELY ? "unlikely" : "chance", { percent })}`;
  }
}
