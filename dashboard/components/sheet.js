// The sheet: the page that confirms a Deploy, laid over the one that is open.
(() => {
  "use strict";
  const drawer = document.getElementById("drawer");
  let opener = "";
  const fill = async (url) => {
    try {
      await htmx.ajax("GET", url, { target: drawer, swap: "innerHTML" });
      // No sheet came: its own page says why.
      if (drawer.open && !document.getElementById("sheet")) location.assign(url);
      // What had the focus is gone with the skeleton: screen readers announce the sheet.
      if (document.activeElement === document.body) document.getElementById("sheet-title")?.focus({ preventScroll: true });
    } catch {
      sayOffline(url);
    }
  };
  const sayOffline = (url) => {
    const again = document.createElement("button");
    again.type = "button";
    again.className = "act go";
    again.textContent = "Try again";
    again.addEventListener("click", () => begin(url));
    const said = document.createElement("p");
    said.className = "note error";
    said.role = "alert";
    said.textContent = "Headway cannot be reached. Nothing was sent.";
    drawer.querySelector(".skeleton ul")?.replaceWith(said);
    drawer.querySelector(".reach .act:not(button)")?.replaceWith(again);
    again.focus({ preventScroll: true });
  };
  const begin = (url, title = drawer.querySelector("h1")?.textContent) => {
    drawer.replaceChildren(document.getElementById("skeleton").content.cloneNode(true));
    drawer.querySelector("h1").textContent = title;
    if (!drawer.open) drawer.showModal();
    fill(url);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-sheet]");
    if (link && drawer?.showModal && !(event.metaKey || event.ctrlKey || event.shiftKey || event.button)) {
      event.preventDefault();
      opener = link.id;
      begin(link.href, (link.ariaLabel ?? link.textContent).replace(/^(.*): (.*)$/, "$2 $1"));
    } else if (drawer?.open && (event.target === drawer || event.target.closest("[data-leave]"))) {
      event.preventDefault();
      drawer.close();
    }
  });
  // Its opener may have been swapped for a fresh one meanwhile.
  drawer?.addEventListener("close", () => {
    drawer.replaceChildren();
    drawer.style.translate = "";
    document.getElementById(opener)?.focus({ preventScroll: true });
  });

  // A finger on the handle, or on the title below it, pulls the sheet down.
  const HANDLE = 56, FAR = 96;
  let from;
  drawer?.addEventListener("touchstart", ({ touches }) => {
    const [touch] = touches;
    const isOnHandle = touches.length === 1 && !drawer.scrollTop && touch.clientY - drawer.getBoundingClientRect().top < HANDLE;
    from = isOnHandle ? touch.clientY : undefined;
  }, { passive: true });
  drawer?.addEventListener("touchmove", (event) => {
    if (from === undefined) return;
    event.preventDefault();
    drawer.style.transition = "none";
    drawer.style.translate = `0 ${Math.max(event.touches[0].clientY - from, 0)}px`;
  }, { passive: false });
  for (const end of ["touchend", "touchcancel"]) {
    drawer?.addEventListener(end, ({ type, changedTouches }) => {
      if (from === undefined) return;
      const isFar = type === "touchend" && changedTouches[0].clientY - from > FAR;
      from = undefined;
      drawer.style.transition = drawer.style.translate = "";
      if (isFar) drawer.close();
    });
  }
})();
