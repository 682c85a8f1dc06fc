// <live-line of="status">: says the step under way once, while htmx replaces the list around it.
class LiveLine extends HTMLElement {
  connectedCallback() {
    const line = this.querySelector("[role=status]");
    const say = () => {
      const step = document.querySelector(`#${this.getAttribute("of")} [aria-current=step]`)?.textContent.trim() ?? "";
      if (line.textContent !== step) line.textContent = step;
    };
    document.addEventListener("htmx:afterSwap", say);
    say();
  }
}

customElements.define("live-line", LiveLine);
