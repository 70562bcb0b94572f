// One tap is one wish; the server knows a second one as well.
(() => {
  "use strict";
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.target.method !== "post") return;
    if (button.hasAttribute("aria-disabled")) event.preventDefault();
    button.setAttribute("aria-disabled", "true");
  });
  // A page that is gone back to is as it was left.
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  });
})();
