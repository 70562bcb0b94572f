// What was typed into a long form survives the end of a session: this tab keeps what it sends, and shows it again after the login, to the same person.
(() => {
  "use strict";
  const KEY = "typed";
  const { person } = document.currentScript.dataset;
  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
    } catch {
      return {};
    }
  };
  const keep = (typed) => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(typed));
    } catch { /* Storage is full, or turned off. */ }
  };
  // The server shows the form with it, and saves nothing.
  const show = ({ action, fields }) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action, hidden: true });
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    for (const [name, value] of [...fields, [KEY, "1"], ["csrfmiddlewaretoken", token]]) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(form);
    form.submit();
  };

  document.addEventListener("submit", ({ target }) => {
    const mark = target.querySelector(`[name=${KEY}]:disabled`);
    if (!mark) return;
    const fields = [...new FormData(target)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string");
    keep({ person, page: mark.value || location.pathname, action: target.action, fields });
  });

  const typed = read();
  const link = document.querySelector("a[data-typed]");
  const isTheirs = typed.person === person;
  if (!person) return;
  if (link && isTheirs && new URL(typed.action).pathname === location.pathname) {
    link.href = `${typed.page}?unsent=1`;
    link.hidden = false;
    return;
  }
  sessionStorage.removeItem(KEY);
  if (isTheirs && typed.page === location.pathname && new URLSearchParams(location.search).has("unsent")) show(typed);
})();
