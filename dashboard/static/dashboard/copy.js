// Buttons that copy what precedes them.
"use strict";
(() => {
  if (!navigator.clipboard) return;
  const say = document.getElementById("say");
  for (const button of document.querySelectorAll("[data-copy]")) {
    const words = button.firstChild;
    const usual = words.data;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      words.data = "Copied";
      say.textContent = "Copied.";
      setTimeout(() => { words.data = usual; say.textContent = ""; }, 2000);
    });
  }
})();
