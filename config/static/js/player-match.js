// What gain every track of a player has: which one is heard, and the louder ones lowered.

const linear = (db) => 10 ** (db / 20);

/**
 * The gain of each track of `keys`.
 *
 * `heard` is the one that is listened to; `changed` names the track the original is taken from
 * where only the change is heard, else null. `gainsDb` makes all equally loud, and holds wherever
 * two are compared at once; else it is the listener's choice.
 */
export function weightsOf({ keys, heard, changed, gainsDb, isMatched }) {
  const weights = Object.fromEntries(keys.map((key) => [key, 0]));
  const matched = (key) => linear(gainsDb.get(key));
  if (changed) return { ...weights, original: -matched("original"), [changed]: matched(changed) };
  return { ...weights, [heard]: isMatched ? matched(heard) : 1 };
}
