// Pages stay fresh while someone looks, keep their place, and say when they cannot be refreshed.
(() => {
  "use strict";
  const alive = () => document.querySelectorAll("[data-every]");
  const offline = document.getElementById("offline");
  const announcer = document.getElementById("say");
  const due = new Map();

  const refresh = (element) => {
    due.set(element.id, Date.now() + element.dataset.every * 1000);
    htmx.trigger(element, "poll");
  };
  const look = (atOnce) => {
    if (document.visibilityState !== "visible") return;
    for (const element of alive()) {
      if (!due.has(element.id)) due.set(element.id, Date.now() + element.dataset.every * 1000);
      if (atOnce === true || due.get(element.id) <= Date.now()) refresh(element);
    }
  };
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", () => look(true));
  addEventListener("online", () => look(true));
  addEventListener("pageshow", (event) => {
    if (event.persisted) look(true);
  });

  // A finger on the way to a button must not find that it has moved: so nothing is swapped while one is down.
  let touching = false;
  addEventListener("pointerdown", () => { touching = true; });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { touching = false; });

  // What is swapped keeps its place: the chips their scroll, what is open stays open, and the focus the link that it was on (htmx matches ids).
  let kept = {};
  const chips = () => document.querySelector(".chips");
  const chosen = chips()?.querySelector("[aria-current]:not(:first-child)");
  if (chosen) chips().scrollLeft = chosen.offsetLeft - (chips().clientWidth - chosen.offsetWidth) / 2;

  const said = (root) => root?.dataset?.say ?? "";
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const version = detail.elt.dataset.version;
    if (version) detail.headers["If-None-Match"] = `"${version}"`;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (touching && event.detail.elt.dataset.every) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const fresh = new DOMParser().parseFromString(detail.serverResponse, "text/html").querySelector("[data-say]");
    if (fresh && said(fresh) !== said(document.getElementById(fresh.id))) announcer.textContent = said(fresh);
    const { activeElement } = document;
    const opened = [...detail.target.querySelectorAll("details[id][open]")].map((each) => each.id);
    kept = { opened, left: chips()?.scrollLeft, focused: detail.target.contains(activeElement) && activeElement.getAttribute("href") };
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (chips()) chips().scrollLeft = kept.left ?? 0;
    for (const id of kept.opened ?? []) document.getElementById(id)?.setAttribute("open", "");
    if (!kept.focused || document.activeElement !== document.body) return;
    document.querySelector(`main a[href="${CSS.escape(kept.focused)}"]`)?.focus({ preventScroll: true });
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const answered = detail.xhr.status > 0 && detail.xhr.status < 500;
    offline.hidden = answered;
    // The same content may carry a newer version: it is cheaper to ask for the next time.
    const version = detail.xhr.status === 304 && detail.xhr.getResponseHeader("ETag")?.match(/"(.+)"/);
    if (version) detail.elt.dataset.version = version[1];
  });
})();
