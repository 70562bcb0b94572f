// The sheet under the thumb: the page that asks before a Deploy, laid over the one that is open.
(() => {
  "use strict";
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
})();
