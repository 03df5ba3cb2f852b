// SPDX-License-Identifier: Apache-2.0
// The colours: those that were chosen, else those of the system. No module, so that they are there before
// anything is drawn; app.js lets the reader choose. Whoever draws with them listens to "weir-theme".
window.weirTheme = (() => {
  const KEY = "weir-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = ""; // as the system

  function apply() {
    document.documentElement.dataset.theme = chosen || (system.matches ? "dark" : "light");
    document.dispatchEvent(new Event("weir-theme"));
  }

  function choose(name) {
    chosen = name;
    try {
      if (name) localStorage.setItem(KEY, name);
      else localStorage.removeItem(KEY);
    } catch {
      // kept for this visit only
    }
    apply();
  }

  try {
    const before = localStorage.getItem(KEY);
    if (before === "dark" || before === "light") chosen = before;
  } catch {
    // no storage here; the system's colours are fine
  }
  system.addEventListener("change", apply);
  apply();
  return { chosen: () => chosen, choose };
})();
