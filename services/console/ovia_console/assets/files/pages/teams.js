// Teams: a member dragged onto a team opens the form that moves them; nothing is moved without its button.
"use strict";
(() => {
  const dialog = document.getElementById("move-dialog");
  let dragged = null;
  const target = (event) => dragged && event.target.closest?.("[data-team]");

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-member]") ?? null;
    if (!dragged) return;
    event.dataTransfer.setData("text/plain", dragged.querySelector("th").textContent.trim());
    event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragend", () => {
    dragged = null;
    for (const one of document.querySelectorAll(".drop-here")) one.classList.remove("drop-here");
  });
  document.addEventListener("dragover", (event) => {
    const team = target(event);
    if (!team || team.dataset.team === dragged.dataset.from) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    team.classList.add("drop-here");
  });
  document.addEventListener("dragleave", (event) => target(event)?.classList.remove("drop-here"));
  document.addEventListener("drop", (event) => {
    const team = target(event);
    if (!team) return;
    event.preventDefault();
    team.classList.remove("drop-here");
    const address = `${dragged.dataset.member}?into=${encodeURIComponent(team.dataset.team)}`;
    htmx.ajax("GET", address, { target: "#move-body", swap: "innerHTML" }).then(() => dialog.showModal());
  });
})();
