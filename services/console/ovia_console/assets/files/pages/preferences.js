// Settings: copies what is shown once, and selects it where the browser lets nobody copy.
"use strict";
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const shown = document.getElementById(button.dataset.copies);
  shown.select();
  try {
    await navigator.clipboard.writeText(shown.value);
  } catch {
    // Over plain HTTP the clipboard is closed; the older way still copies what is selected.
    if (!document.execCommand("copy")) return;
  }
  window.ovia.notice(button.dataset.said, "done");
});
