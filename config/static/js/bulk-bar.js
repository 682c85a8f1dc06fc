// <bulk-bar>: counts the chosen entries of the library, and chooses all that are shown.
//
// The boxes stand in the list and belong to the form by its id, so they work without this too.

class BulkBar extends HTMLElement {
  #listen = ({ target }) => target.name === "ids" && this.#update();

  connectedCallback() {
    this.all = this.querySelector("[data-part=all]");
    this.count = this.querySelector("[data-part=count]");
    this.all.addEventListener("change", () => {
      for (const box of this.#boxes()) box.checked = this.all.checked;
      this.#update();
    });
    document.addEventListener("change", this.#listen);
    document.addEventListener("htmx:afterSettle", this.#update);
    this.#update();
  }

  disconnectedCallback() {
    document.removeEventListener("change", this.#listen);
    document.removeEventListener("htmx:afterSettle", this.#update);
  }

  #boxes() {
    return [...document.querySelectorAll("input[name=ids]")];
  }

  #update = () => {
    const boxes = this.#boxes();
    const chosen = boxes.filter((box) => box.checked).length;
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
