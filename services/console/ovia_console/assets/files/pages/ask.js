// Ask: sends a question without leaving the page and shows the answer as it comes. What it puts into the page was written
// by our server, escaped; without this script the form posts, and the whole page is answered.
"use strict";
(() => {
  const form = document.getElementById("ask-form");
  if (!form) return;
  const box = form.elements.question;
  const place = document.getElementById("ask-answer");
  let underWay = null;
  let shownAt = location.pathname;

  const made = (id) => document.getElementById(id).content.cloneNode(true).firstElementChild;
  const part = (name) => place.querySelector(`[data-live="${name}"]`);

  function put(element, html, where) {
    if (!element) return;
    if (where) element.insertAdjacentHTML(where, html);
    else element.innerHTML = html;
    window.htmx.process(element);
  }

  // Whatever was told by then stays; only the waiting ends.
  function end(with_) {
    part("status")?.remove();
    part("cancel")?.remove();
    part("end")?.replaceChildren(with_);
    place.setAttribute("aria-busy", "false");
  }

  function begin(question) {
    place.replaceChildren(made("ask-live"));
    place.setAttribute("aria-busy", "true");
    part("question").textContent = question;
    part("cancel").addEventListener("click", () => underWay?.abort());
    part("status").scrollIntoView({ block: "nearest" });
  }

  // An answer of our server, or null where the reader is led elsewhere, as to the sign-in page.
  async function fetched(address, options) {
    const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
    const answer = await fetch(address, { ...options, headers });
    const elsewhere = answer.headers.get("HX-Redirect");
    if (!elsewhere) return answer;
    location.assign(elsewhere);
    return null;
  }

  async function* eventsOf(answer) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let kept = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      kept += value;
      const whole = kept.split("\n\n");
      kept = whole.pop();
      for (const one of whole) {
        const name = /^event: (.*)$/m.exec(one);
        const data = /^data: (.*)$/m.exec(one);
        if (name && data) yield { name: name[1], told: JSON.parse(data[1]) };
      }
    }
  }

  async function listen(answer, signal) {
    for await (const { name, told } of eventsOf(answer)) {
      if (name === "done") return finish(told.id, signal);
      if (name === "problem") {
        end("");
        return put(part("end"), told.html);
      }
      put(part(name), told.html, name === "text" ? "beforeend" : null);
    }
    return end(made("ask-broken"));
  }

  async function finish(id, signal) {
    const address = `/console/ask/${encodeURIComponent(id)}`;
    const answer = await fetched(address, { signal });
    if (!answer) return;
    put(place, await answer.text());
    place.setAttribute("aria-busy", "false");
    if (!answer.ok) return;
    history.pushState({}, "", address);
    shownAt = location.pathname;
    const title = document.getElementById("answer-title");
    title.focus({ preventScroll: true });
    title.scrollIntoView({ block: "nearest" });
    window.htmx.trigger(document.body, "ovia:asked");
  }

  async function ask() {
    underWay?.abort();
    const mine = new AbortController();
    underWay = mine;
    const body = new URLSearchParams(new FormData(form));
    begin(box.value.trim());
    try {
      const answer = await fetched("/console/ask/events", { method: "POST", body, signal: mine.signal });
      if (!answer) return;
      const stream = (answer.headers.get("Content-Type") || "").startsWith("text/event-stream");
      if (stream) await listen(answer, mine.signal);
      else {
        put(place, await answer.text());
        place.setAttribute("aria-busy", "false");
      }
    } catch (error) {
      // A newer question took the place of this one.
      if (underWay !== mine) return;
      end(made(error.name === "AbortError" ? "ask-stopped" : "ask-broken"));
    } finally {
      if (underWay === mine) underWay = null;
    }
  }

  // The chips as another form holds them: what contradicted a choice is left out of it.
  function choose(chosen) {
    for (const one of form.querySelectorAll('[name="kinds"], [name="systems"], [name="person"]')) {
      one.checked = chosen.getAll(one.name).includes(one.value) || (one.type === "radio" && !one.value);
    }
    for (const name of ["team", "product", "since", "until"]) form.elements[name].value = chosen.get(name) ?? "";
    for (const one of form.querySelectorAll('[name="person"]')) {
      if (one.value && one.value === chosen.get("person")) one.checked = true;
    }
  }

  function askFor(question) {
    box.value = question;
    count();
    form.requestSubmit();
  }

  const counter = form.querySelector("[data-count]");
  function count() {
    const most = Number(counter.dataset.count);
    counter.hidden = box.value.length < most * 0.8;
    counter.textContent = `${box.value.length} / ${most}`;
  }

  for (const one of document.querySelectorAll("[data-scripted]")) one.hidden = false;
  box.addEventListener("input", count);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || (event.shiftKey && !event.ctrlKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-no-send]")) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    ask();
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-choose]")) return;
    event.preventDefault();
    const chosen = new FormData(event.target);
    choose(chosen);
    askFor(chosen.get("question"));
  });
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const next = event.target.closest("a[data-ask]");
    if (next) {
      event.preventDefault();
      askFor(next.textContent.trim());
      box.scrollIntoView({ block: "nearest" });
    }
    if (event.target.closest("[data-ask-again]")) form.requestSubmit();
    const cited = event.target.closest("a.cite");
    const evidence = cited && document.getElementById(cited.hash.slice(1));
    if (evidence) {
      evidence.closest("details").open = true;
      evidence.closest("details").querySelector("summary").focus({ preventScroll: true });
    }
  });
  window.addEventListener("popstate", () => {
    if (location.pathname !== shownAt) location.reload();
  });
})();
