// <copy-text>: a line of text, and a button that copies it.
class CopyText extends HTMLElement {
  connectedCallback() {
    const line = this.querySelector("input");
    const button = this.querySelector("button");
    const word = button.textContent;
    line.addEventListener("focus", () => line.select());
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(line.value);
        button.textContent = button.dataset.copied;
        setTimeout(() => (button.textContent = word), 2000);
      } catch { // not allowed here: it can be copied by hand
        line.focus();
      }
    });
  }
}

customElements.define("copy-text", CopyText);
