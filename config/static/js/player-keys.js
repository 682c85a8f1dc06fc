// The player's keys: off while someone types, and outside the player where they were switched off.

const TYPED_IN = "input:not([type=radio], [type=range]), textarea, select, [contenteditable]";
const PRESSED = "button, summary, a, [role=tab]"; // what the space bar presses
const PAGE_SECONDS = 30;
const MOVED = "input, [role=tab], level-plot"; // what the arrows move within

/** Act on a key, where it is meant for the player. */
export function onKey(player, event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (target.matches?.(TYPED_IN)) return;
  if (!player.contains(target) && !player.parts["keys-on"].checked) return;
  if (key === " " && target.matches?.(PRESSED)) return;
  if (key.startsWith("Arrow") && target.matches?.(MOVED)) return;
  const act = /^[1-9]$/.test(key) ? () => player.chooseNth(Number(key)) : (target === player.parts.lanes && AS_SLIDER[key]) || ACTS[key];
  if (!act) return;
  event.preventDefault();
  act(player, event.shiftKey ? 1 : 5);
}

const ACTS = {
  " ": (player) => player.toggle(),
  x: (player) => player.chooseLast(),
  ArrowLeft: (player, step) => player.seek(player.position - step),
  ArrowRight: (player, step) => player.seek(player.position + step),
  "+": (player) => player.controls.louder(1),
  "=": (player) => player.controls.louder(1),
  "-": (player) => player.controls.louder(-1),
  "[": (player) => player.loopFrom(player.position),
  "]": (player) => player.loopTo(player.position),
  l: (player) => player.acts.loop(),
  m: (player) => player.acts.match(),
  d: (player) => player.acts.delta(),
  o: (player) => player.acts.mono(),
  s: (player) => player.acts.side(),
  b: (player) => player.acts.blind(),
  ",": (player) => player.neighbour(-1),
  ".": (player) => player.neighbour(1),
  "?": (player) => player.parts.keys.showModal(),
};

// With the position itself focused, what moves any slider.
const AS_SLIDER = {
  ArrowUp: ACTS.ArrowRight,
  ArrowDown: ACTS.ArrowLeft,
  PageUp: (player) => player.seek(player.position + PAGE_SECONDS),
  PageDown: (player) => player.seek(player.position - PAGE_SECONDS),
  Home: (player) => player.seek(0),
  End: (player) => player.seek(player.duration),
};
