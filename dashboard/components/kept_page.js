// The service worker (templates/sw.js), and a page that it kept.
(() => {
  "use strict";
  const old = document.body.dataset.old;
  if (old) {
    const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    const offline = document.getElementById("offline");
    offline.textContent = `Offline. Last updated ${exact.format(new Date(old))}; will refresh when you're back.`;
    offline.hidden = false;
  }
  navigator.serviceWorker?.register("/sw.js", { updateViaCache: "all" }).catch(() => {});
})();
