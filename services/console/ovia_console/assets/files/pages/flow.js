// Sliders and the number fields beside them say the same; what a question does not ask for is hidden.
"use strict";
(() => {
  for (const slider of document.querySelectorAll("[data-slides]")) {
    const field = document.getElementById(slider.dataset.slides);
    slider.addEventListener("input", () => { field.value = slider.value; });
    field.addEventListener("input", () => { slider.value = field.value; });
  }
  const kind = document.getElementById("f-kind");
  const parts = document.querySelectorAll("[data-asks]");
  const fit = () => {
    for (const part of parts) part.hidden = !part.dataset.asks.split(" ").includes(kind.value);
  };
  if (kind) {
    kind.addEventListener("change", fit);
    fit();
  }
})();
