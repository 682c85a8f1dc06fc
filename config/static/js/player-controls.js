// A player's controls, and what this browser keeps of them: the volume, and whether keys are on.

import { onKey } from "./player-keys.js";

const VOLUME_STEP = 5; // of a hundred, by key

export class PlayerControls {
  #unbind = new AbortController();

  constructor(player) {
    this.player = player;
    this.#restore();
    this.#bind();
  }

  release() {
    this.#unbind.abort();
  }

  /** The volume as a gain; squared, as the ear has it. */
  get volume() {
    return (Number(this.player.parts.volume.value) / 100) ** 2;
  }

  louder(steps) {
    const { volume } = this.player.parts;
    volume.value = Number(volume.value) + steps * VOLUME_STEP;
    this.#turn();
  }

  #turn() {
    const { parts, desk } = this.player;
    parts.volume.style.setProperty("--fill", `${parts.volume.value}%`);
    desk?.volume.gain.setTargetAtTime(this.volume, desk.context.currentTime, 0.01);
    keep("volume", parts.volume.value);
  }

  #restore() {
    const { parts } = this.player;
    try {
      parts.volume.value = localStorage.getItem("volume") ?? "80";
      parts["keys-on"].checked = localStorage.getItem("keys") !== "off";
    } catch { /* private mode: the defaults */ }
    parts.volume.style.setProperty("--fill", `${parts.volume.value}%`);
  }

  #bind() {
    const { player } = this;
    const { parts, blind } = player;
    const on = (target, kind, act) => target?.addEventListener(kind, act, { signal: this.#unbind.signal });
    on(parts.play, "click", () => player.toggle());
    for (const [key, radio] of player.radios) on(radio, "change", () => player.choose(key));
    for (const radio of player.querySelectorAll("input[name=blind]")) on(radio, "change", () => blind.hear(radio.value));
    for (const button of player.querySelectorAll("[data-prefer]")) on(button, "click", () => blind.prefer(button.dataset.prefer));
    for (const [name, act] of Object.entries(player.acts)) on(parts[name], "click", act);
    on(parts.reveal, "click", () => blind.reveal());
    on(parts.help, "click", () => parts.keys.showModal());
    on(parts["keys-on"], "change", () => keep("keys", parts["keys-on"].checked ? "on" : "off"));
    on(parts.volume, "input", () => this.#turn());
    for (const button of player.sections) on(button, "click", () => player.jump(button));
    on(parts.lanes, "pointerdown", (event) => player.face.drag(event));
    on(document, "keydown", (event) => onKey(player, event));
    on(window, "resize", () => player.show());
  }
}

function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* private mode: for this page only */ }
}
