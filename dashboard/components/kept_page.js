// The service worker (templates/sw.js), and a page that it kept.
(() => {
  "use strict";
  const old = document.body.dataset.old;
  if (old) {
    const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    const offline = document.getElementById("offline");
    offline.textContent = `Offline. This is how it was ${exact.format(new Date(old))}; it catches up by itself.`;
    offline.hidden = false;
  }
  navigator.serviceWorker?.register("/sw.js", { updateViaCache: "all" }).catch(() => {});
})();
