// Runs before the first paint, so that a remembered theme never flashes.
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* storage may be closed; the system's theme is used */ }
