// <amount-field>: a slider beside a number in percent. An empty number follows another field.
class AmountField extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("input[type=range]")) return;
    const number = this.querySelector("input[type=number]");
    const leader = this.dataset.follows && document.getElementById(this.dataset.follows);
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: number.min, max: number.max, step: 1 });
    slider.setAttribute("aria-label", this.querySelector("label").textContent);
    number.closest(".with-unit").after(slider);

    const show = () => {
      const value = number.value || leader?.value || "0";
      if (slider.value !== value) slider.value = value;
      if (leader) number.placeholder = leader.value;
      slider.setAttribute("aria-valuetext", `${value} %`);
      slider.style.setProperty("--fill", `${((slider.value - slider.min) / (slider.max - slider.min)) * 100}%`);
      this.toggleAttribute("data-following", Boolean(leader) && !number.value);
    };
    slider.addEventListener("input", () => {
      number.value = slider.value;
      number.dispatchEvent(new Event("input", { bubbles: true }));
    });
    number.addEventListener("input", show);
    leader?.addEventListener("input", show);
    show();
  }
}

customElements.define("amount-field", AmountField);
