// Keys for who reads the list at a desk. They can be turned off, since they meet the keys of a screen reader or of dictation.
(() => {
  "use strict";
  const KEYS = [["/", "Find a site"], ["j", "Next site"], ["k", "Previous site"], ["Enter", "Open the site"], ["d", "Open the deploy dialog"], ["Esc", "Close"], ["?", "Show the keys"]];
  const say = (text) => { document.getElementById("say").textContent = text; };
  const areOn = () => localStorage.getItem("keys") !== "off";
  const rows = () => [...document.querySelectorAll("#list .rows a[id^='s-']")];
  const here = () => document.activeElement.closest("#list .rows > li")?.querySelector("a[id^='s-']") ?? document.querySelector("#list .rows a[aria-current]");

  let dialog;
  const show = () => {
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.setAttribute("aria-labelledby", "keys-title");
      dialog.innerHTML = `<h1 class="host" id="keys-title">Keys</h1><dl class="facts">${KEYS.map(([key, use]) => `<dt><kbd>${key}</kbd></dt><dd>${use}</dd>`).join("")}</dl>
        <label class="sure"><input type="checkbox"> Use these keys in this browser</label>
        <form method="dialog" class="reach"><button class="act">Close</button></form>`;
      dialog.querySelector("input").addEventListener("change", ({ target }) => localStorage.setItem("keys", target.checked ? "on" : "off"));
      document.body.append(dialog);
    }
    dialog.querySelector("input").checked = areOn();
    dialog.showModal();
  };
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(here());
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  const deploy = () => {
    const site = document.activeElement.closest("#list .rows > li") ?? here()?.closest("li") ?? document.getElementById("site")?.parentElement;
    const button = site?.querySelector("a[data-sheet]");
    const form = site?.querySelector("form[action$='/deploy']");
    if (button) button.click();
    else if (form) ask(form.getAttribute("action"));
    else say(site ? "Nothing to deploy here." : "Choose a site first, with j or k.");
  };
  // A site's own button deploys at once: a key only ever opens the dialog.
  const ask = (url) => {
    const link = document.createElement("a");
    link.href = url;
    link.dataset.sheet = "";
    link.textContent = `${url.split("/")[2]}: Deploy`;
    link.hidden = true;
    document.body.append(link);
    link.click();
    link.remove();
  };
  const find = () => {
    document.getElementById("q")?.focus();
    document.getElementById("q")?.select();
  };
  const DO = { "/": find, j: () => step(1), k: () => step(-1), d: deploy, "?": show };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing || !areOn()) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog") || document.querySelector("dialog[open]")) return;
    const work = Object.hasOwn(DO, event.key) && (document.getElementById("list") || event.key === "?" || event.key === "d") && DO[event.key];
    if (!work) return;
    event.preventDefault();
    work();
  });
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", show);
  }
})();
