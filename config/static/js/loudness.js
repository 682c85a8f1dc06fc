// How loud a track is: told by the worker, or measured on the sound that is played.

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

const STEP_SECONDS = 0.1;

/** Measure decoded sound as it is played, a codec's losses and all; the shape `loudnessOf` takes. */
export async function measured(buffer) {
  const { numberOfChannels: channels, length, sampleRate } = buffer;
  const context = new OfflineAudioContext(channels, length, sampleRate);
  const source = new AudioBufferSourceNode(context, { buffer });
  const [shelf, highPass] = weighting(sampleRate).map((taps) => new IIRFilterNode(context, taps));
  source.connect(shelf).connect(highPass).connect(context.destination);
  source.start();
  const weighted = await context.startRendering();
  const frames = Math.round(STEP_SECONDS * sampleRate);
  const sums = new Float64Array(Math.floor(length / frames));
  for (let channel = 0; channel < channels; channel++) {
    const sound = weighted.getChannelData(channel);
    for (let step = 0; step < sums.length; step++) {
      for (let frame = step * frames; frame < (step + 1) * frames; frame++) sums[step] += sound[frame] ** 2;
    }
  }
  const heard = channels === 1 ? 2 : 1; // a single channel comes from both loudspeakers
  const lufs = Array.from(sums, (sum) => OFFSET_LU + 10 * Math.log10((heard * sum) / frames + 1e-12));
  return { step_seconds: STEP_SECONDS, lufs };
}

const SETTLING_STEPS = 5; // until the weighting's filters have forgotten that they began

/** Loudness as `measured` told it, told anew from `start` to `end` seconds, where the sound is another by now. */
export async function remeasured({ step_seconds: step, lufs }, buffer, start, end) {
  const frames = Math.round(step * buffer.sampleRate);
  const from = Math.max(0, Math.floor(start / step) - SETTLING_STEPS);
  const to = Math.min(Math.ceil(end / step), lufs.length);
  const part = new AudioBuffer({ length: (to - from) * frames, numberOfChannels: buffer.numberOfChannels, sampleRate: buffer.sampleRate });
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    part.copyToChannel(buffer.getChannelData(channel).subarray(from * frames, to * frames), channel);
  }
  const anew = await measured(part);
  const first = from && from + SETTLING_STEPS;
  return { step_seconds: step, lufs: lufs.map((value, index) => (index < first || index >= to ? value : anew.lufs[index - from])) };
}

/** The K weighting of ITU-R BS.1770-5 at any rate: the filters whose values it gives at 48 kHz. */
function weighting(rate) {
  const shelf = { hz: 1681.974450955533, q: 0.7071752369554196, gain: 10 ** (3.999843853973347 / 20) };
  const pass = { hz: 38.13547087602444, q: 0.5003270373238773 };
  const warped = ({ hz }) => Math.tan((Math.PI * hz) / rate);
  const feedback = (k, q) => [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k];
  const [k, half] = [warped(shelf), shelf.gain ** 0.4996667741545416];
  const high = feedback(warped(pass), pass.q);
  return [
    { feedforward: [shelf.gain + (half * k) / shelf.q + k * k, 2 * (k * k - shelf.gain), shelf.gain - (half * k) / shelf.q + k * k], feedback: feedback(k, shelf.q) },
    { feedforward: [high[0], -2 * high[0], high[0]], feedback: high },
  ];
}
