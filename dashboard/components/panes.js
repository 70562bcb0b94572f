// Where there is room: a site beside the list. Each is its own page, taken whole; without script a site's page is on its own.
(() => {
  "use strict";
  const roomy = matchMedia("(width >= 80rem)");
  const main = document.querySelector("main");
  const isSite = (path) => /^\/sites\/[^/]+\/$/.test(path);
  const remembered = () => sessionStorage.getItem("list") ?? "/";
  let list, pane;

  const parts = (root) => [...root.children].filter((each) => !each.matches("dialog, template, .note"));
  const framed = (name, label, children) => {
    const frame = document.createElement("section");
    frame.id = name;
    frame.className = "pane";
    frame.setAttribute("aria-label", label);
    frame.append(...children);
    main.append(frame);
    return frame;
  };
  const fetched = async (url) => {
    const answer = await fetch(url);
    // Not the requested page: its own page says why.
    if (!answer.ok || new URL(answer.url).pathname !== new URL(url, location.href).pathname) return location.assign(url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { title: page.title, children: parts(page.querySelector("main")) };
  };
  const mark = () => {
    for (const each of document.querySelectorAll("#list .rows [aria-current]")) each.removeAttribute("aria-current");
    if (pane) document.querySelector(`#list .rows a[href="${CSS.escape(pane.dataset.path)}"]`)?.setAttribute("aria-current", "true");
  };
  const split = () => {
    main.classList.add("panes");
    document.body.classList.remove("one");
    document.body.classList.add("table");
  };

  const open = async (path, { isNew }) => {
    let page;
    try {
      page = await fetched(path);
    } catch {
      document.getElementById("offline").hidden = false;
      return;
    }
    if (!page) return;
    list ??= framed("pane-list", "Sites", parts(main));
    split();
    pane ??= framed("pane-site", "Site", []);
    pane.dataset.path = path;
    pane.replaceChildren(...page.children);
    pane.scrollTop = 0;
    htmx.process(pane);
    document.title = page.title;
    if (isNew) history.pushState({ pane: path }, "", path);
    mark();
    document.getElementById("say").textContent = `${pane.querySelector("h1").textContent} is open beside the list.`;
  };
  const close = ({ isNew }) => {
    if (!pane || !list) return;
    const path = pane.dataset.path;
    pane.remove();
    pane = undefined;
    main.classList.remove("panes");
    list.replaceWith(...list.children);
    list = undefined;
    document.title = "Sites · Headway";
    if (isNew) history.pushState({}, "", remembered());
    mark();
    document.querySelector(`#list .rows a[href="${CSS.escape(path)}"]`)?.focus();
  };
  const putListBeside = async () => {
    pane = framed("pane-site", "Site", parts(main));
    pane.dataset.path = location.pathname;
    list = framed("pane-list", "Sites", []);
    main.prepend(list);
    split();
    try {
      const page = await fetched(remembered());
      if (!page) return;
      list.append(...page.children);
      htmx.process(list);
      mark();
      // The pane alone: scrollIntoView would move the page, too, and hide its header.
      const here = list.querySelector(".rows [aria-current]");
      if (here) list.scrollTop += here.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 2;
    } catch {
      document.getElementById("offline").hidden = false;
    }
  };

  document.addEventListener("click", (event) => {
    if (!roomy.matches || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button) return;
    const row = event.target.closest("#list .rows a[id^='s-']");
    if (row && isSite(row.pathname)) {
      event.preventDefault();
      open(row.pathname, { isNew: pane?.dataset.path !== row.pathname });
    } else if (pane && event.target.closest("#pane-site .back a")) {
      event.preventDefault();
      close({ isNew: true });
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && pane && !document.querySelector("dialog[open]") && !event.target.closest("input, select, textarea")) close({ isNew: true });
  });
  document.addEventListener("htmx:afterSwap", mark);
  addEventListener("popstate", ({ state }) => {
    if (state?.htmx) return;
    if (list && isSite(location.pathname)) open(location.pathname, { isNew: false });
    else if (pane && list && location.pathname === "/") close({ isNew: false });
    else if (list || isSite(location.pathname)) location.reload();
  });
  if (document.getElementById("list")) sessionStorage.setItem("list", location.pathname + location.search);
  else if (roomy.matches && isSite(location.pathname) && document.getElementById("site")) putListBeside();
})();
