// <bulk-bar>: counts the chosen entries of the library, and chooses all that are shown.
//
// The boxes stand in the list and belong to the form by its id, so they work without this too. The
// list is drawn anew while entries are measured: what was chosen stays so. While it is ranked for a
// mix there is nothing to choose from, so the bar is away, and comes back with what was chosen.

class BulkBar extends HTMLElement {
  #chosen = new Set();

  #listen = ({ target }) => target.name === "ids" && this.#update();

  #restore = () => {
    for (const box of this.#boxes()) if (this.#chosen.has(box.value)) box.checked = true;
    this.#update();
  };

  connectedCallback() {
    this.all = this.querySelector("[data-part=all]");
    this.count = this.querySelector("[data-part=count]");
    this.all.addEventListener("change", () => {
      for (const box of this.#boxes()) box.checked = this.all.checked;
      this.#update();
    });
    document.addEventListener("change", this.#listen);
    document.addEventListener("htmx:afterSettle", this.#restore);
    const form = this.querySelector("form");
    form.addEventListener("submit", () => (form.elements.back.value = location.search));
    this.#update();
  }

  disconnectedCallback() {
    document.removeEventListener("change", this.#listen);
    document.removeEventListener("htmx:afterSettle", this.#restore);
  }

  #boxes() {
    return [...document.querySelectorAll("input[name=ids]")];
  }

  #update = () => {
    this.hidden = document.querySelector("#crate[data-ranked]") !== null;
    if (this.hidden) return;
    const boxes = this.#boxes();
    this.#chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const chosen = this.#chosen.size;
    this.all.checked = chosen > 0 && chosen === boxes.length;
    this.all.indeterminate = chosen > 0 && chosen < boxes.length;
    this.all.disabled = boxes.length === 0;
    const { none, some } = this.count.dataset;
    const text = chosen ? some.replace("{count}", chosen) : none;
    if (this.count.textContent !== text) this.count.textContent = text;
    for (const button of this.querySelectorAll("button[name=act]")) button.disabled = chosen === 0;
  };
}

customElements.define("bulk-bar", BulkBar);
