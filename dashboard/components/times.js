// Times: the server's words, kept true while the page stays open, in the viewer's zone.
(() => {
  "use strict";
  // They are true when they come; and a browser takes long to learn its formats.
  let exact, day;
  const learn = () => {
    exact ??= new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    day ??= new Intl.DateTimeFormat("en-GB", { weekday: "short" });
  };
  const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  const relative = (seconds, moment) => {
    const size = Math.abs(seconds);
    if (size < 60) return "just now";
    if (size > 30 * 86400) return moment.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
    const [length, unit] = [[86400, "d"], [3600, "h"], [60, "min"]].find(([each]) => size >= each);
    const span = `${Math.floor(size / length)} ${unit}`;
    return seconds > 0 ? `${span} ago` : `in ${span}`;
  };
  const times = () => {
    learn();
    for (const element of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(element.dateTime);
      if ("exact" in element.dataset) {
        element.textContent = `${day.format(moment)}, ${exact.format(moment)}`;
        continue;
      }
      const words = relative((Date.now() - moment) / 1000, moment);
      if (element.textContent !== words) element.textContent = words;
      element.title = exact.format(moment);
    }
  };
  // The server shows times, and reads those that a form sends, in this zone.
  const tellZone = () => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!zone) return;
    document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax`;
    for (const input of document.querySelectorAll("input[name=zone]")) input.value = zone;
    for (const element of document.querySelectorAll("[data-zone]")) element.textContent = zone;
  };
  idle(tellZone);
  idle(times);
  document.addEventListener("htmx:afterSettle", times);
  setInterval(times, 30000);
})();
