// <tab-set>: sections under headings become panels behind tabs.
class TabSet extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("[role=tablist]")) return;
    const panels = [...this.querySelectorAll(":scope > section")];
    const list = document.createElement("div");
    list.className = "tabs";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", this.getAttribute("label"));
    this.tabs = panels.map((panel, index) => {
      const heading = panel.querySelector("h2, h3");
      const tab = document.createElement("button");
      Object.assign(tab, { type: "button", className: "tab", id: `${panel.id}-tab`, textContent: panel.dataset.tab ?? heading.textContent });
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", () => this.#choose(index));
      tab.addEventListener("keydown", (event) => this.#move(event, index));
      list.append(tab);
      return tab;
    });
    this.panels = panels;
    this.prepend(list);
    this.#choose(0);
  }

  #choose(chosen) {
    this.tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
      this.panels[index].hidden = index !== chosen;
    });
  }

  #move(event, index) {
    const last = this.tabs.length - 1;
    const next = { ArrowRight: index === last ? 0 : index + 1, ArrowLeft: index === 0 ? last : index - 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#choose(next);
    this.tabs[next].focus();
    this.tabs[next].scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

customElements.define("tab-set", TabSet);
