// Keeps the shell, and the last list for when the network is gone. It sends nothing automatically, and never repeats what was sent.
"use strict";
const SHELL = "shell-{{ version }}";
const LAST = "last-list";
const FILES = {{ files|safe }};
const HOME = "{% url 'sites' %}";
const OFFLINE = "{% url 'offline' %}";

self.addEventListener("install", (event) => {
  // Without a cookie: what is kept here is nobody's.
  const requests = FILES.map((file) => new Request(file, { credentials: "omit" }));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(requests)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const outdated = (names) => names.filter((name) => name !== SHELL && name !== LAST);
  event.waitUntil(
    caches.keys().then((names) => Promise.all(outdated(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method !== "GET") {
    // A login or logout leaves nothing behind for the next person. The request itself is passed on.
    if (/\/(logout|login)\//.test(url.pathname)) event.waitUntil(forget(url.pathname));
    if (request.mode === "navigate") event.respondWith(send(request));
    return;
  }
  if (FILES.includes(url.pathname) && url.pathname !== OFFLINE) {
    event.respondWith(caches.match(request, { cacheName: SHELL }).then((kept) => kept ?? fetch(request)));
  } else if (request.mode === "navigate") {
    event.respondWith(visit(event, request, url));
  }
});

// Where no server is met, the page stays (204), and offers again what was not sent (components/taps.js).
const send = async (request) => {
  try {
    return await fetch(request);
  } catch {
    for (const each of await self.clients.matchAll({ type: "window" })) each.postMessage("unsent");
    return new Response(null, { status: 204 });
  }
};

const visit = async (event, request, url) => {
  try {
    const answer = await fetch(request);
    const isList = url.pathname === HOME && !url.search;
    if (isWithoutSession(url, answer)) event.waitUntil(caches.delete(LAST));
    else if (isList && answer.ok && answer.type === "basic" && !answer.redirected) event.waitUntil(keep(answer.clone()));
    return answer;
  } catch {
    return (url.pathname === HOME && (await lastList())) || caches.match(OFFLINE, { cacheName: SHELL });
  }
};

// A navigation's redirect is opaque. The list redirects only those who are logged out, and the login page is shown to nobody else.
const isWithoutSession = (url, answer) =>
  url.pathname === HOME ? answer.type === "opaqueredirect" || [401, 403].includes(answer.status)
                        : answer.ok && /^\/(login|welcome)\//.test(url.pathname);

const keep = async (answer) => (await caches.open(LAST)).put(HOME, answer);

const forget = async (path) => {
  await caches.delete(LAST);
  if (!path.includes("logout")) return;
  const subscription = await self.registration.pushManager?.getSubscription();
  await subscription?.unsubscribe();
};

const lastList = async () => {
  const kept = await caches.match(HOME, { cacheName: LAST });
  if (!kept) return undefined;
  const keptAt = new Date(kept.headers.get("Date") ?? Date.now());
  // No session is that old: its person is logged out, though no answer could say so.
  if (Date.now() - keptAt > {{ session_seconds }} * 1000) return undefined;
  const since = keptAt.toISOString();
  const page = (await kept.text()).replace("<body ", `<body data-old="${since}" `);
  return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
};

self.addEventListener("push", (event) => {
  const { title, body, tag, url, actions = [] } = event.data.json();
  const targets = Object.fromEntries(actions.map((each) => [each.action, each.url]));
  const options = { body, tag, renotify: true, actions, data: { url, targets }, icon: "{{ icon }}", badge: "{{ icon }}" };
  event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener("notificationclick", (event) => {
  const { url, targets } = event.notification.data;
  event.notification.close();
  event.waitUntil(show(new URL(targets[event.action] ?? url, location.origin)));
});

const show = async (url) => {
  if (url.origin !== location.origin) return undefined;
  const open = await self.clients.matchAll({ type: "window" });
  const here = open.find((each) => each.url === url.href) ?? open[0];
  if (!here) return self.clients.openWindow(url.href);
  await here.focus();
  return here.url === url.href ? undefined : here.navigate(url.href);
};
