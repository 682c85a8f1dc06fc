// What an element finds within itself: its parts, and the words of its page.

/** The parts of an element, by their names. */
export const partsOf = (element) => Object.fromEntries([...element.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));

/** A text with its {names} filled in. */
export const filled = (text, values) => Object.entries(values).reduce((told, [name, value]) => told.replace(`{${name}}`, () => value), text);

/** A text of a template of words, filled in. */
export const wordOf = (words, key, values = {}) => filled(words.content.querySelector(`[data-key=${key}]`).textContent, values);
