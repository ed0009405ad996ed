// The queue by keyboard: a decision shows at once, and is taken back where the service refuses it.
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("table.queue tbody tr[data-account]")];
  const current = () => document.querySelector("table.queue tr[aria-current]");
  const rowOf = (account) => document.getElementById(`row-${account}`);
  const table = () => document.querySelector("table.queue");
  const words = () => JSON.parse(table().dataset.words);
  const drawer = document.getElementById("drawer");
  const choose = document.getElementById("choose");
  const say = (text) => { document.getElementById("queue-said").textContent = text; };
  const notice = (text) => window.ovia.notice(text, "failed");
  const done = []; // what was decided on this page, the last one last
  const underWay = new Map(); // by account: a second decision waits for the first
  let choosingFor = null;
  let searching = false;

  // ---- which row is meant
  function mark(row) {
    current()?.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
  }
  function select(row, follow = true) {
    mark(row);
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    if (follow && !drawer.hidden) fillDrawer(row);
  }
  async function step(by) {
    const all = rows();
    const place = all.indexOf(current()) + by;
    if (place < 0 || !all.length) return;
    if (place < all.length) return select(all[place]);
    const more = document.getElementById("more-rows");
    if (!more) return say(words().end);
    const address = more.getAttribute("href");
    more.removeAttribute("id"); // asked for once, however often the key is pressed
    await htmx.ajax("GET", address, { target: more.closest("tr"), swap: "outerHTML" });
    if (rows()[place]) select(rows()[place]);
  }

  // ---- beside the list
  function fillDrawer(row) {
    drawer.dataset.account = row.dataset.account;
    return htmx.ajax("GET", row.querySelector("[data-drawer]").getAttribute("href"), { target: drawer, swap: "innerHTML" });
  }
  async function openDrawer(row) {
    drawer.hidden = false;
    mark(row);
    await fillDrawer(row);
    drawer.scrollTop = 0;
    drawer.focus({ preventScroll: true });
  }
  function closeDrawer() {
    drawer.hidden = true;
    drawer.replaceChildren();
    current()?.focus({ preventScroll: true });
  }

  // ---- sending
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  async function post(address, fields) {
    const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true", "HX-Current-URL": location.href };
    const sent = { method: "POST", headers, body: new URLSearchParams(fields) };
    const answer = await fetch(address, sent).catch(() => fetch(address, sent)); // one key, so it happens once
    if (answer.headers.has("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const told = JSON.parse(answer.headers.get("HX-Trigger") || "{}");
    for (const [name, detail] of Object.entries(told)) document.dispatchEvent(new CustomEvent(name, { detail }));
    const found = [...page.querySelectorAll("tr[data-account]")];
    const why = page.querySelector(".failure h2, .failure p") ? page.querySelector(".failure").innerText.trim().split("\n")[0] : "";
    return { ok: answer.ok, noticed: "ovia:notices" in told, rows: found, why, decision: found.find((one) => one.dataset.decision)?.dataset.decision };
  }
  function put(row, how) {
    const old = rowOf(row.dataset.account);
    if (!old) return;
    const focused = old === document.activeElement;
    if (old.hasAttribute("aria-current")) row.setAttribute("aria-current", "true");
    row.classList.add(how);
    old.replaceWith(row);
    htmx.process(row);
    if (focused) row.focus({ preventScroll: true });
  }
  function refuse(before, answer) {
    const shown = answer?.rows.length ? answer.rows : [before.cloneNode(true)];
    for (const row of shown) put(row, "refused");
    if (!answer) notice(words().unreached);
    else if (!answer.noticed) notice([answer.why, words().refused].filter(Boolean).join(" "));
  }

  // ---- deciding
  function foresee(row, action, fields) {
    row.setAttribute("aria-busy", "true");
    row.classList.remove("refused");
    const badge = document.createElement("span");
    badge.className = "badge good";
    badge.textContent = words()[action];
    row.querySelector("[data-badge]").replaceChildren(badge);
    const name = fields.get("shown-name");
    if (name && row.querySelector("[data-person]")) row.querySelector("[data-person]").textContent = name;
  }
  async function decide(row, action, fields = new FormData(), address = "") {
    if (table().dataset.mayDecide !== "true") return notice(words().role);
    const account = row.dataset.account;
    await underWay.get(account);
    row = rowOf(account) ?? row;
    const before = row.cloneNode(true);
    before.removeAttribute("aria-current");
    before.removeAttribute("aria-busy");
    foresee(row, action, fields);
    say(`${words()[action]}: ${row.querySelector("[data-drawer]").textContent}`);
    const kind = row.dataset.kind === "orphan" ? `accounts/${account}` : `mappings/${row.dataset.mapping}`;
    fields.delete("shown-name");
    if (!fields.get("key")) fields.set("key", random());
    const sent = post(address || `/console/queue/${kind}/${action}`, fields).catch(() => null);
    const entry = { account, before, sent };
    done.push(entry);
    underWay.set(account, sent);
    if (row === current()) step(1);
    const answer = await sent;
    rowOf(account)?.removeAttribute("aria-busy");
    if (answer?.ok) {
      for (const one of answer.rows) put(one, "decided");
      htmx.trigger(document.body, "ovia:decided");
    } else {
      done.splice(done.indexOf(entry), 1);
      refuse(before, answer);
    }
    const open = current();
    if (!drawer.hidden && open && open.dataset.account === account) fillDrawer(open);
  }
  async function undo() {
    const last = done.pop();
    if (!last) return notice(words().nothing);
    const decided = await last.sent;
    if (!decided?.ok || !decided.decision) return undo();
    const now = rowOf(last.account);
    const mapping = decided.rows.find((one) => one.dataset.account === last.account)?.dataset.mapping ?? "";
    const after = now.cloneNode(true);
    put(last.before.cloneNode(true), "waiting");
    await takeBack({ decision_id: decided.decision, mapping_id: mapping, key: random() }, after);
    if (rowOf(last.account)) select(rowOf(last.account));
  }
  async function takeBack(fields, after) {
    const answer = await post("/console/queue/undo", fields).catch(() => null);
    if (!answer?.ok) return refuse(after, answer);
    for (const one of answer.rows) put(one, "undone");
    say(words().undone);
    htmx.trigger(document.body, "ovia:decided");
  }

  // ---- to whom
  async function openChoice(row, which) {
    if (table().dataset.mayDecide !== "true") return notice(words().role);
    await underWay.get(row.dataset.account);
    row = rowOf(row.dataset.account);
    choosingFor = row.dataset.account;
    const body = document.getElementById("choose-body");
    body.textContent = words().loading;
    choose.showModal(); // at once: a key pressed meanwhile belongs to it
    const link = row.dataset.kind === "orphan" ? `accounts/${choosingFor}/link?name=${encodeURIComponent(row.dataset.name)}` : `mappings/${row.dataset.mapping}/${which}`;
    await htmx.ajax("GET", `/console/queue/${link}`, { target: body, swap: "innerHTML" });
    searching = false;
    (body.querySelector("[autofocus]") ?? choose).focus();
  }
  document.addEventListener("input", (event) => {
    if (event.target.id === "whom") searching = true;
    if (event.target.id === "whom-name") document.querySelector("#whom-form [value=new]").checked = true;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "offered") searching = false;
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.id === "whom-search") {
      event.preventDefault();
      if (searching) say(words().wait);
      else document.getElementById("whom-form").requestSubmit();
      return;
    }
    if (!form.matches("[data-decide], [data-undo]")) return;
    event.preventDefault();
    const row = rowOf(choose.open ? choosingFor : drawer.dataset.account);
    const fields = new FormData(form);
    if (form.matches("[data-undo]")) {
      takeBack(fields, row).then(() => { if (!drawer.hidden) fillDrawer(rowOf(drawer.dataset.account)); });
      return;
    }
    const chosen = form.querySelector("input[name=person]:checked");
    fields.set("shown-name", chosen?.dataset.name ?? fields.get("name") ?? "");
    if (choose.open) choose.close();
    decide(row, form.dataset.decide, fields, form.getAttribute("action"));
  });

  // ---- the mouse
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if (event.target.closest("[data-close-drawer]")) return closeDrawer();
    const choice = event.target.closest("[data-choose]");
    const row = event.target.closest("table.queue tr[data-account]");
    if (choice) { event.preventDefault(); openChoice(rowOf(drawer.dataset.account), choice.dataset.choose); }
    else if (event.target.closest("[data-drawer]")) { event.preventDefault(); openDrawer(row); }
    else if (row && !event.target.closest("a")) select(row);
  });

  // ---- the keyboard
  const keysOn = document.getElementById("keys-on");
  keysOn.checked = localStorage.getItem("ovia-queue-keys") !== "off";
  keysOn.addEventListener("change", () => localStorage.setItem("ovia-queue-keys", keysOn.checked ? "on" : "off"));
  const ofRow = {
    c: (row) => { if (row.dataset.kind !== "orphan") decide(row, "confirm"); },
    x: (row) => { if (row.dataset.kind !== "orphan") decide(row, "reject"); },
    i: (row) => decide(row, row.dataset.kind === "orphan" ? "machine" : "ignore"),
    r: (row) => openChoice(row, "remap"),
    s: (row) => openChoice(row, "split"),
    o: openDrawer,
  };
  const ofPage = {
    j: () => step(1),
    k: () => step(-1),
    u: undo,
    "/": () => document.getElementById("f-search").focus(),
    "?": () => document.getElementById("keys").showModal(),
  };
  // By the place of the key where the layout is not Latin, so that one hand learns one set.
  function letter(event) {
    if (/^[a-z/?]$/.test(event.key)) return event.key;
    if (event.key.charCodeAt(0) < 128) return event.code === "Slash" && document.documentElement.lang === "ru" ? (event.shiftKey ? "?" : "/") : "";
    return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : "";
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (choose.open && event.target.id === "whom" && event.key === "ArrowDown") {
      event.preventDefault();
      return document.querySelector("#whom-form input[name=person]:checked")?.focus();
    }
    if (document.querySelector("dialog[open]")) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else if (!drawer.hidden) closeDrawer();
      return;
    }
    if (typing) return;
    const row = current();
    const onList = event.target.matches("body, main, .table-box, table.queue tr");
    if (event.key === "Enter" && row && onList) return openDrawer(row);
    const key = letter(event);
    if (!keysOn.checked || event.repeat && !"jk".includes(key)) return;
    if (key in ofPage && (table() || key === "/" || key === "?")) { event.preventDefault(); ofPage[key](); }
    else if (key in ofRow && row) { event.preventDefault(); ofRow[key](row); }
  });

  // Addresses say only what narrows the list.
  document.getElementById("filters").addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) {
      if (!value || (name === "sort" && value === "confidence_asc")) event.formData.delete(name);
    }
  });
  document.documentElement.classList.add("scripted");
  if (rows().length) mark(rows()[0]);
})();
