// Dark or light: what the person chose, else what the system asks. Runs before the first paint.
(() => {
  const root = document.documentElement;
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const current = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
  const announce = () => document.dispatchEvent(new CustomEvent("themechange"));

  if (["dark", "light"].includes(stored())) root.dataset.theme = stored();
  dark.addEventListener("change", announce);

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = current() === "dark" ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* private mode: for this page only */ }
      announce();
    });
  });
})();
