// People and teams: what was done is told once; the address that stays is the page's own.
"use strict";
(() => {
  if (!document.querySelector("[data-done]")) return;
  const address = new URL(location.href);
  address.searchParams.delete("done");
  address.searchParams.delete("decision");
  history.replaceState(history.state, "", address);
})();
