// What pages do beyond plain HTML: they stay fresh while somebody looks, say when they cannot, and tell times in the viewer's zone.
"use strict";
(() => {
  const alive = () => document.querySelectorAll("[data-every]");
  const offline = document.getElementById("offline");
  const tell = document.getElementById("say");
  const due = new Map();

  // --- Fresh while visible -------------------------------------------------------------------------------------------
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
    for (const button of document.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
    if (event.persisted) look(true);
  });

  // A finger on the way to a button must not find that it has moved: so nothing is swapped while one is down.
  let touching = false;
  addEventListener("pointerdown", () => { touching = true; });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { touching = false; });

  // What is swapped keeps its place: the chips their scroll, and the focus the link that it was on (htmx finds ids by itself).
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
    if (fresh && said(fresh) !== said(document.getElementById(fresh.id))) tell.textContent = said(fresh);
    const { activeElement } = document;
    kept = { left: chips()?.scrollLeft, focused: detail.target.contains(activeElement) && activeElement.getAttribute("href") };
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (chips()) chips().scrollLeft = kept.left ?? 0;
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
  document.addEventListener("htmx:afterSettle", () => times());

  // --- The sheet under the thumb: the page that asks before a Deploy, laid over the one that is open --------------------
  const drawer = document.getElementById("drawer");
  let opener = "";
  const fill = async (url) => {
    try {
      await htmx.ajax("GET", url, { target: drawer, swap: "innerHTML" });
      // No sheet came: its own page says why.
      if (drawer.open && !document.getElementById("sheet")) location.assign(url);
      // What had the focus is gone with the skeleton: whoever cannot see the sheet hears what it is.
      if (document.activeElement === document.body) document.getElementById("sheet-title")?.focus({ preventScroll: true });
    } catch {
      drawer.close();
    }
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-sheet]");
    if (link && drawer?.showModal && !(event.metaKey || event.ctrlKey || event.shiftKey || event.button)) {
      event.preventDefault();
      opener = link.id;
      drawer.replaceChildren(document.getElementById("skeleton").content.cloneNode(true));
      drawer.querySelector("h1").textContent = link.textContent.replace(/^(.*): (.*)$/, "$2 $1");
      drawer.showModal();
      fill(link.href);
    } else if (drawer?.open && (event.target === drawer || event.target.closest("[data-leave]"))) {
      event.preventDefault();
      drawer.close();
    }
  });
  // Its opener may have been swapped for a fresh one meanwhile.
  drawer?.addEventListener("close", () => {
    drawer.replaceChildren();
    document.getElementById(opener)?.focus({ preventScroll: true });
  });

  // --- One tap is one wish; the server knows a second one as well ----------------------------------------------------
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.target.method !== "post") return;
    if (button.hasAttribute("aria-disabled")) event.preventDefault();
    button.setAttribute("aria-disabled", "true");
  });

  // --- Times: the server's words, kept true while the page stays open ------------------------------------------------
  // They are true when they come; and a browser takes long to learn its formats.
  let exact, day;
  const learn = () => {
    exact ??= new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    day ??= new Intl.DateTimeFormat("en-GB", { weekday: "short" });
  };
  const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  const relative = (seconds, moment) => {
    const size = Math.abs(seconds);
    if (size < 60) return "just now";
    if (size > 30 * 86400) return moment.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
    const [length, unit] = [[86400, "d"], [3600, "h"], [60, "min"]].find(([each]) => size >= each);
    const span = `${Math.floor(size / length)} ${unit}`;
    return seconds > 0 ? `${span} ago` : `in ${span}`;
  };
  const times = () => {
    learn();
    for (const element of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(element.dateTime);
      if ("exact" in element.dataset) {
        element.textContent = `${day.format(moment)}, ${exact.format(moment)}`;
        continue;
      }
      const words = relative((Date.now() - moment) / 1000, moment);
      if (element.textContent !== words) element.textContent = words;
      element.title = exact.format(moment);
    }
  };
  // The server tells times, and understands those that a form sends, in this zone.
  const tellZone = () => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!zone) return;
    document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax`;
    for (const input of document.querySelectorAll("input[name=zone]")) input.value = zone;
    for (const element of document.querySelectorAll("[data-zone]")) element.textContent = zone;
  };
  idle(tellZone);
  idle(times);
  setInterval(times, 30000);

  // --- A page that the service worker kept (templates/sw.js) ---------------------------------------------------------
  const old = document.body.dataset.old;
  if (old) {
    learn();
    offline.textContent = `Offline. This is how it was ${exact.format(new Date(old))}; it catches up by itself.`;
    offline.hidden = false;
  }
  navigator.serviceWorker?.register("/sw.js", { updateViaCache: "all" }).catch(() => {});
})();
