// What every page does: tells the server the reader's clock, shows notices, and that something is on its way.
"use strict";
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.split("; ").includes(`ovia_timezone=${encodeURIComponent(zone)}`);
  if (zone && !known) {
    document.cookie = `ovia_timezone=${encodeURIComponent(zone)}; path=/console; max-age=31536000; samesite=lax`;
  }

  const SHOWN_MS = 7000;
  function notice(text, kind) {
    const line = document.createElement("p");
    line.textContent = text;
    line.className = kind;
    document.getElementById("notices").append(line);
    setTimeout(() => line.remove(), SHOWN_MS);
  }
  document.addEventListener("ovia:notices", (event) => {
    for (const one of event.detail.notices) notice(one.text, one.kind);
  });
  window.ovia = { notice };

  let underWay = 0;
  const bar = () => document.getElementById("progress").classList.toggle("on", underWay > 0);
  document.addEventListener("htmx:beforeRequest", () => { underWay += 1; bar(); });
  document.addEventListener("htmx:afterRequest", () => { underWay = Math.max(0, underWay - 1); bar(); });
  document.addEventListener("htmx:sendError", () => notice(document.documentElement.lang === "ru"
    ? "Сервер не отвечает; ничего не изменилось." : "The server cannot be reached; nothing was changed.", "failed"));

  // A menu closes when the reader goes elsewhere.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // <select data-submit> sends its form at once; without scripts the form's button does.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  // <button data-opens="id"> and <button data-closes>: dialogs without inline scripts.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
  });
})();
