// Offers to install Headway where the browser can be asked to; else the page says how.
(() => {
  "use strict";
  const button = document.getElementById("install");
  const how = document.getElementById("install-how");
  if (matchMedia("(display-mode: standalone)").matches) how.textContent = "Installed on this device.";
  // The browser installs only what has a service worker.
  navigator.serviceWorker?.register("/sw.js", { updateViaCache: "all" }).catch(() => {});
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    button.hidden = false;
    button.onclick = async () => {
      button.hidden = true;
      const { outcome } = await event.prompt();
      if (outcome === "accepted") how.textContent = "Installed on this device.";
    };
  });
})();
