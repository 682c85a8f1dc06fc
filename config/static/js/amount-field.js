// <amount-field>: a slider beside a number in percent. An empty number follows another field.
//
// data-follows is that field; data-full-at is where it has brought this one to 100 %. With
// data-whole-unless, an empty number goes all the way unless the loudness goal is the one named.
class AmountField extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("input[type=range]")) return;
    const number = this.querySelector("input[type=number]");
    const { follows, fullAt = 100, wholeUnless } = this.dataset;
    const leader = follows && document.getElementById(follows);
    const goal = wholeUnless && number.form?.elements.loudness;
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: number.min, max: number.max, step: 1 });
    slider.setAttribute("aria-label", this.querySelector("label").textContent);
    number.closest(".with-unit").after(slider);

    const followed = () => {
      if (goal && goal.value !== wholeUnless) return "100";
      return leader ? String(Math.min(100, Math.round((100 * leader.value) / fullAt))) : "0";
    };
    const show = () => {
      const value = number.value || followed();
      if (slider.value !== value) slider.value = value;
      if (leader) number.placeholder = followed();
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
    goal?.addEventListener("change", show);
    show();
  }
}

customElements.define("amount-field", AmountField);
