// What the player shows: time, place, loop, and which controls are on.

import { clock } from "./clock.js";

const signed = (db) => `${db < -0.049 ? "\u2212" : ""}${Math.abs(db).toFixed(1)} dB`;

export class PlayerFace {
  constructor(player) {
    this.player = player;
    this.parts = player.parts;
    this.labels = [this.parts.play.getAttribute("aria-label"), this.parts.play.dataset.pauseLabel];
  }

  /** Show where the song and the reference are, and the section around. */
  time(position, referenceShare) {
    const { parts, player } = this;
    const { lanes } = parts;
    parts.cursor.style.transform = `translateX(${(position / player.duration) * lanes.clientWidth}px)`;
    const lane = parts["reference-lane"];
    if (lane) parts["reference-cursor"].style.transform = `translateX(${referenceShare * lane.clientWidth}px)`;
    const text = clock(position);
    if (parts.time.textContent === text) return;
    parts.time.textContent = text;
    lanes.setAttribute("aria-valuenow", position.toFixed(0));
    const here = player.section;
    lanes.setAttribute("aria-valuetext", here ? `${text}, ${here.textContent}` : text);
    for (const button of player.sections) button.toggleAttribute("aria-current", button === here);
  }

  region(loop) {
    const { region, lanes } = this.parts;
    region.hidden = !loop;
    if (!loop) return;
    const pixels = lanes.clientWidth / this.player.duration;
    region.style.transform = `translateX(${loop.start * pixels}px)`;
    region.style.width = `${(loop.end - loop.start) * pixels}px`;
  }

  /** Show the state; `trial` is the number of the blind one under way, 0 where names are shown. */
  state({ playing, match, delta, ears, loop, lossless }, { trial, gainDb, active, quality }) {
    const { parts, player } = this;
    const blind = trial > 0;
    player.toggleAttribute("data-playing", playing);
    player.toggleAttribute("data-blind", blind);
    parts.play.setAttribute("aria-label", this.labels[playing ? 1 : 0]);
    parts.match.setAttribute("aria-checked", String(match || blind));
    for (const name of ["match", "delta"]) parts[name]?.toggleAttribute("disabled", blind);
    const pressed = { delta, mono: ears === "mono", side: ears === "side", loop: Boolean(loop), lossless, blind };
    for (const [name, on] of Object.entries(pressed)) parts[name]?.setAttribute("aria-pressed", String(on));
    parts["match-db"].textContent = blind ? "" : signed(gainDb);
    if (blind) parts["blind-trial"].textContent = trial;
    for (const lane of player.querySelectorAll(".lane")) lane.toggleAttribute("data-active", !blind && active.includes(lane.dataset.key));
    if (parts.quality) parts.quality.textContent = parts.quality.dataset[quality];
    this.region(loop);
  }

  /** Follow a pointer over the lanes: a click seeks, a drag of some pixels marks a loop. */
  drag(event) {
    if (event.button) return;
    const { player, parts } = this;
    const { lanes } = parts;
    const box = lanes.getBoundingClientRect();
    const at = (x) => (Math.min(Math.max(0, x - box.left), box.width) / box.width) * player.duration;
    const begun = event.clientX;
    const marked = (x) => ({ start: at(Math.min(begun, x)), end: at(Math.max(begun, x)) });
    let dragged = false;
    const following = new AbortController();
    const follow = (kind, act) => lanes.addEventListener(kind, act, { signal: following.signal });
    lanes.setPointerCapture(event.pointerId);
    follow("pointermove", ({ clientX }) => {
      dragged ||= Math.abs(clientX - begun) > 6;
      if (dragged) this.region(marked(clientX));
    });
    follow("pointercancel", () => {
      following.abort();
      player.show();
    });
    follow("pointerup", ({ clientX }) => {
      following.abort();
      const { start, end } = marked(clientX);
      if (dragged) player.loopOver(start, end);
      else player.seek(at(clientX));
    });
  }
}
