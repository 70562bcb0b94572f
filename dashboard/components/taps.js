// One tap is one request, which the server recognises when it arrives again; and none is lost: what was not sent is offered again.
(() => {
  "use strict";
  let last;
  const bar = document.createElement("div");
  bar.id = "unsent";
  bar.className = "note error";
  bar.role = "alert";

  const action = (label, work) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "act";
    button.textContent = label;
    button.addEventListener("click", () => {
      bar.remove();
      work();
    });
    return button;
  };
  const offerAgain = ({ form, button, offline }) => {
    button.removeAttribute("aria-disabled");
    const said = document.createElement("p");
    said.textContent = offline ? "You are offline. Nothing was sent." : "Headway cannot be reached. As far as this device knows, nothing was sent.";
    const again = () => {
      // A refresh may have brought a fresh button meanwhile.
      const there = button.isConnected ? button : document.getElementById(button.id);
      (there?.form ?? form).requestSubmit(there ?? undefined);
    };
    bar.replaceChildren(said, action("Try again", again), action("Cancel", () => button.focus()));
    const dialog = form.closest("dialog");
    if (dialog) form.before(bar);
    else document.body.append(bar);
    bar.scrollIntoView({ block: "nearest" });
  };
  // htmx leaves out a button that is outside of its form.
  const withButton = (form, { name, value }) => {
    form.querySelector("[data-button]")?.remove();
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    input.dataset.button = "";
    form.append(input);
  };

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.target.method !== "post") return;
    bar.remove();
    if (button.hasAttribute("aria-disabled")) event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    last = { form: event.target, button };
    if (button.name && !event.target.contains(button)) withButton(event.target, button);
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopPropagation();
    offerAgain({ ...last, offline: true });
  }, true);
  // From the service worker (templates/sw.js), where a form that was sent met no server.
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (data === "unsent" && last) offerAgain(last);
  });
  document.addEventListener("htmx:sendError", ({ detail }) => {
    if (last?.form === detail.elt) offerAgain(last);
  });
  // Going back in the history shows a page as it was left.
  addEventListener("pageshow", () => {
    last = undefined;
    for (const button of document.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  });
})();
