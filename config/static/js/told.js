// What the server tells as JSON: asked for once, however many elements of a page want it.

const answers = new Map();

/** The JSON at an address; null where it cannot be had. */
export function told(url) {
  if (!answers.has(url)) answers.set(url, fetch(url).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null));
  return answers.get(url);
}
