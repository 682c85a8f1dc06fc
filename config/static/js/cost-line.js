// <cost-line>: what the ticked choices of its form cost together, said before the button.
class CostLine extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.plain = this.textContent;
    this.setAttribute("role", "status");
    this.form.addEventListener("change", () => this.show());
    this.show();
  }

  show() {
    const ticked = [...this.form.querySelectorAll("input[data-cost]:checked")];
    const count = ticked.reduce((sum, input) => sum + Number(input.dataset.cost), Number(this.dataset.base || 0));
    const is_over = ticked.length > Number(this.dataset.most);
    const words = count === 1 ? this.dataset.one : count ? this.dataset.many.replace("{count}", count) : this.dataset.free;
    this.textContent = is_over ? this.dataset.over : ticked.length ? words : this.plain;
    this.toggleAttribute("data-over-limit", is_over);
    const other = document.getElementById(this.dataset.insteadOf); // what stands there without a tick
    if (other) other.hidden = ticked.length > 0;
  }
}

customElements.define("cost-line", CostLine);
