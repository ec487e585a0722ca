"use strict";
// Runs before the first paint. Without storage, as in some private windows, the system's theme holds.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* the system's theme */ }
