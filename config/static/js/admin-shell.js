// What the admin's pages need of Alpine, registered by name: its build without eval, which our
// content policy asks for, calls no global functions from attributes.

document.addEventListener("alpine:init", () => {
  Alpine.data("theme", theme); // these three are django-unfold's, in its app.js
  Alpine.data("searchForm", searchForm);
  Alpine.data("searchDropdown", searchDropdown);

  Alpine.data("shell", () => ({
    activeTab: "",
    sidebarMobileOpen: false,
    sidebarDesktopOpen: window.localStorage.getItem("sidebarDesktopOpen") !== "0",
    // Attributes name these two; they get this much of them.
    window: { location: { pathname: window.location.pathname, search: window.location.search } },
    localStorage: { setItem: (key, value) => window.localStorage.setItem(key, value) },

    init() {
      const tab = window.location.hash.replace("#", "");
      this.activeTab = tab || this.$el.dataset.firstTab;
      this.$watch("sidebarDesktopOpen", (open) => window.localStorage.setItem("sidebarDesktopOpen", open ? "1" : "0"));
      this.$watch("sidebarMobileOpen", (open) => {
        // The menu lies over the page: the keyboard goes into it, and back.
        this.$nextTick(() => document.querySelector(`[data-menu="${open ? "close" : "open"}"]`)?.focus());
      });
    },
  }));
});
