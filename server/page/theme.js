// SPDX-License-Identifier: Apache-2.0
// Before anything is drawn: the colours that were chosen last time, if not those of the system.
try {
  const theme = localStorage.getItem("weir-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // no storage here; the system's colours are fine
}
