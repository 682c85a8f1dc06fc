// What the worker keeps of a track beside its sound: its outline, and the loudness of every 100 ms.

const fetched = new Map();

/** Fetch the outline of a track, once for all who ask; null where it cannot be had. */
export function outline(url) {
  if (!fetched.has(url)) {
    fetched.set(url, fetch(url).then((answer) => (answer.ok ? answer.json() : null), () => null));
  }
  return fetched.get(url);
}

const OFFSET_LU = -0.691; // ITU-R BS.1770-5, equation 2
const ABSOLUTE_GATE_LUFS = -70;
const RELATIVE_GATE = 0.1; // −10 LU
const STEPS_PER_BLOCK = 4; // gating blocks of 400 ms, every 100 ms

const energy = (lufs) => 10 ** ((lufs - OFFSET_LU) / 10);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The gated loudness of a part of a track, after ITU-R BS.1770-5.
 *
 * `loudness` is {step_seconds, lufs: [of each 100 ms]}. The part may begin before the track or end
 * after it where the track goes round. Null where nothing can be told.
 */
export function loudnessOf(loudness, start = 0, end = Infinity) {
  const { step_seconds: step, lufs } = loudness;
  const count = lufs.length;
  if (!count) return null;
  const first = Math.floor(start / step + 1e-6);
  const last = Number.isFinite(end) ? Math.max(Math.ceil(end / step - 1e-6), first + 1) : count;
  const steps = [];
  for (let index = first; index < Math.min(last, first + count); index++) steps.push(energy(lufs[((index % count) + count) % count]));
  const length = Math.min(STEPS_PER_BLOCK, steps.length);
  const blocks = [];
  for (let index = 0; index + length <= steps.length; index++) blocks.push(mean(steps.slice(index, index + length)));
  const heard = blocks.filter((block) => block > energy(ABSOLUTE_GATE_LUFS));
  if (!heard.length) return null;
  const gate = mean(heard) * RELATIVE_GATE;
  return OFFSET_LU + 10 * Math.log10(mean(heard.filter((block) => block > gate)));
}
