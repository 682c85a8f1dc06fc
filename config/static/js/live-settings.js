// <live-settings>: settings beside the player. A change is heard at once in the part that plays,
// the whole song follows behind it, and the page around the player tells of the new version.
//
// Without this script the form has a button, which renders a version and loads the page anew.

import { wordOf } from "./parts.js";

const SETTLED_MS = { input: 350, change: 120 }; // without a further one: on the way, and let go
const ASK_MS = 100; // first, and then ever more seldom
const ASK_MORE_SELDOM = 1.1;
const MOST_SELDOM_MS = 1000;
const NOT_BEFORE = 0.8; // of how long the last of its kind took,
const ASKED_BY_MS = 2000; // and sooner where that was long
const NARROW = matchMedia("(max-width: 56rem)");

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class LiveSettings extends HTMLElement {
  #timer = 0;
  #turn = 0; // which change is the last one
  #sent = "";
  #sentAt = 0;
  #took = { part: 0, early: 0, whole: 0 }; // ms from a change to it
  #unbind = new AbortController();

  connectedCallback() {
    this.form = this.querySelector("form");
    this.status = this.querySelector("[data-part=live-status]");
    this.sheet = this.querySelector("details");
    this.words = this.querySelector("template[data-part=live-words]");
    this.player = document.querySelector("ab-player");
    this.toggleAttribute("data-ready", true);
    this.#sent = this.#chosen();
    const { signal } = this.#unbind;
    const fit = () => (this.sheet.open = !NARROW.matches || Boolean(this.querySelector("[aria-invalid]")));
    fit();
    NARROW.addEventListener("change", fit, { signal });
    for (const kind of ["input", "change"]) this.form.addEventListener(kind, () => this.#later(SETTLED_MS[kind]), { signal });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try();
    }, { signal });
  }

  disconnectedCallback() {
    this.#unbind.abort();
    clearTimeout(this.#timer);
  }

  #chosen() {
    const fields = new FormData(this.form);
    fields.delete("csrfmiddlewaretoken");
    return new URLSearchParams(fields).toString();
  }

  #later(settledMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#try(), settledMs);
  }

  async #try() {
    clearTimeout(this.#timer);
    const wrong = this.form.querySelector(":invalid:not(fieldset)");
    if (wrong) {
      this.status.textContent = wrong.validationMessage;
      this.dataset.state = "failed";
      return;
    }
    const chosen = this.#chosen();
    if (chosen === this.#sent) return;
    this.#sent = chosen;
    const turn = ++this.#turn;
    this.#sentAt = performance.now();
    this.#say("rendering");
    const { start, end } = this.player.region;
    const body = new FormData(this.form);
    body.set("start", start);
    body.set("end", end);
    try {
      const answer = await fetch(this.dataset.tryUrl, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
      if (!answer.ok) return this.#refused(answer);
      const told = await answer.json();
      if (told.preview_url) await this.#hear(told.preview_url, turn);
      await this.#take(told.version_url, turn);
    } catch {
      this.#sent = "";
      if (turn === this.#turn) this.#say("away");
    }
  }

  async #refused(answer) {
    this.#sent = "";
    const told = await answer.json().catch(() => ({}));
    this.status.textContent = told.text ?? (told.errors ? Object.values(told.errors).flat().join(" ") : wordOf(this.words, "away"));
    this.dataset.state = "failed";
  }

  /** Wait for work to have come so far; null where other settings were chosen meanwhile. */
  async #told(kind, url, turn, isFar = ({ state }) => state !== "open") {
    const expected = Math.min(NOT_BEFORE * this.#took[kind], ASKED_BY_MS);
    let wait = Math.max(ASK_MS, expected - (performance.now() - this.#sentAt));
    for (let ask = ASK_MS; turn === this.#turn; ask = Math.min(ask * ASK_MORE_SELDOM, MOST_SELDOM_MS)) {
      await pause(wait);
      wait = ask;
      if (turn !== this.#turn) break;
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      if (!isFar(told)) continue;
      if (turn === this.#turn) this.#took[kind] = performance.now() - this.#sentAt;
      return turn === this.#turn ? told : null;
    }
    return null;
  }

  async #hear(url, turn) {
    const told = await this.#told("part", url, turn);
    if (told?.state === "done" && (await this.player.patch(told))) this.#say("part");
  }

  async #take(url, turn) {
    let told = await this.#told("early", url, turn, ({ state, early_url: early }) => state !== "open" || early);
    if (told?.early_url) {
      const leave = new AbortController();
      const early = this.#hearEarly(told.early_url, turn, leave.signal);
      told = await this.#told("whole", url, turn);
      leave.abort(); // of what still comes: the small copy is here sooner
      await early;
    }
    if (!told) return;
    if (told.state !== "done") {
      this.status.textContent = told.text ?? wordOf(this.words, "away");
      this.dataset.state = "failed";
      return;
    }
    await this.player.replace("master", told.sources.find((source) => source.key === "master"));
    if (turn !== this.#turn) return;
    this.#say("whole", told.number);
    await this.#tell(told.number);
    this.dispatchEvent(new CustomEvent("version", { bubbles: true, detail: { number: told.number } }));
  }

  async #hearEarly(url, turn, signal) {
    const sound = await this.player.fetchAtOnce(url, signal).catch(() => null);
    if (!sound || turn !== this.#turn) return;
    this.player.hear("master", sound); // until its small copy is there, as of the other tracks
    this.#say("early");
  }

  /** Let the page around the player speak of the version that is heard. */
  async #tell(number) {
    const address = new URL(location);
    address.searchParams.set("version", number);
    address.hash = "";
    const answer = await fetch(address);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const tab = document.querySelector("[data-live] [role=tab][aria-selected=true]")?.id;
    for (const place of document.querySelectorAll("[data-live]")) {
      const told = page.querySelector(`[data-live="${place.dataset.live}"]`);
      if (!told || place.contains(document.activeElement)) continue;
      const open = [...place.querySelectorAll("details[open][id]")].map(({ id }) => id);
      place.replaceChildren(...[...told.childNodes].map((node) => document.importNode(node, true)));
      for (const id of open) place.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
      window.htmx?.process(place);
    }
    if (tab) document.getElementById(tab)?.click();
    history.replaceState(null, "", address);
  }

  #say(word, number = "") {
    this.status.textContent = wordOf(this.words, word, { number });
    this.dataset.state = word;
  }
}

customElements.define("live-settings", LiveSettings);
