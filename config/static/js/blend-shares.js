// <blend-shares>: beside each weight, its share among all references that are chosen.
class BlendShares extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", () => this.show());
    this.addEventListener("change", () => this.show());
    this.show();
  }

  show() {
    const slots = [...this.querySelectorAll("[data-part=slot]")];
    const chosen = slots.filter((slot) => slot.querySelector("select").value);
    for (const slot of slots) slot.toggleAttribute("data-empty", !chosen.includes(slot));
    for (const aspect of ["1", "2", "3", "4"]) {
      const weight = (slot) => Number(slot.querySelector(`[data-aspect="${aspect}"]`).value || 50);
      const sum = chosen.reduce((total, slot) => total + weight(slot), 0);
      for (const slot of slots) {
        const output = slot.querySelector(`[data-aspect="${aspect}"]`).closest(".with-unit").querySelector("[data-part=share]");
        const is_in = chosen.includes(slot) && chosen.length > 1;
        output.textContent = is_in ? (sum ? `${Math.round((100 * weight(slot)) / sum)} %` : this.dataset.none) : "";
      }
    }
  }
}

customElements.define("blend-shares", BlendShares);
