// A button that hands a link to the phone's own share sheet, where there is one.
"use strict";
(() => {
  if (!navigator.share) return;
  for (const button of document.querySelectorAll("[data-share]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.share({ url: button.dataset.share }).catch(() => { /* Closed without sharing. */ });
    });
  }
})();
