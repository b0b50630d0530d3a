// The service worker: the files of the pages, and the mail read last, for when there is no network.
// FACTS stands before this: {version, files, offline}. Which answers may be kept, and for whom, the
// server says in X-Kept-For; whatever comes for somebody else, or for nobody, clears the rest away.
const FILES = `files-${FACTS.version}`;
const MAIL = "mail-";
const MESSAGES = 200;
const LISTS = 60;
const BYTES = 50 * 1024 * 1024;
const KEPT = /^\/(?:$|starred\/$|folder\/\d+\/$|message\/\d+\/(?:frame\/)?$)/;

// What a page asks for by script goes past this worker, and its own files come from where they are
// kept: to wake it takes longer than the network does. Such a page has kept what it showed by a
// message, and asks in the mode "same-origin" where the network fails.
const ROUTES = [
  { condition: { requestMode: "cors", requestDestination: "" }, source: "network" },
  { condition: { urlPattern: { pathname: "/static/*" } }, source: { cacheName: FILES } },
];
const HAS_ROUTES = "addRoutes" in (self.InstallEvent?.prototype ?? {});

self.addEventListener("install", (event) => {
  if (HAS_ROUTES) event.waitUntil(event.addRoutes(ROUTES).catch(() => {}));
  event.waitUntil(caches.open(FILES).then((files) => files.addAll([...FACTS.files, FACTS.offline])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((one) => one.startsWith("files-") && one !== FILES).map((one) => caches.delete(one)));
    await self.registration.navigationPreload?.enable().catch(() => {});
    await self.clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "go") self.skipWaiting();
  if (event.data === "claim") event.waitUntil(self.clients.claim());
  if (event.data === "back") isAway = false;
  if (event.data === "ask") event.source.postMessage({ kind: isAway ? "offline" : "online" });
  if (event.data?.kept && HAS_ROUTES) event.waitUntil(keepPart(event.data.kept).catch(() => {}));
  if (event.data?.keep) event.waitUntil(keepFrame(new Request(event.data.keep)));
});

// ---- who it is for
async function forget(but = "") {
  const names = await caches.keys();
  await Promise.all(names.filter((one) => one.startsWith(MAIL) && one !== but).map((one) => caches.delete(one)));
}
async function mailOf() {
  return (await caches.keys()).filter((one) => one.startsWith(MAIL))[0];
}

// The same address answers with a page or with a part of one.
function keyOf(request) {
  const url = new URL(request.url);
  url.searchParams.set("kept-part", request.headers.get("X-Part") ?? "");
  return url.href;
}

let puts = 0;
// What is somebody else's goes at once; what is kept may wait for its "rest".
async function keep(request, answer, rest = null) {
  const person = answer.headers.get("X-Kept-For");
  if (!person) {
    if (request.mode === "navigate") await forget();
    return;
  }
  const name = MAIL + person;
  await forget(name);
  if (answer.status !== 200 || answer.redirected || !KEPT.test(new URL(request.url).pathname)) return;
  await rest?.();
  const body = await answer.blob();
  const headers = new Headers(answer.headers);
  headers.set("X-Kept-Bytes", String(body.size));
  const mail = await caches.open(name);
  const key = keyOf(request);
  await mail.delete(key); // so that it stands last, as what was read last
  await mail.put(key, new Response(body, { headers }));
  if (puts++ % 20 === 0) await prune(mail);
}

// What a page has shown. It may say so late: whose mail is kept only a page that is loaded decides.
async function keepPart({ url, part, headers, body }) {
  const mail = (await mailOf()) ?? (await later().then(later).then(mailOf));
  if (MAIL + new Headers(headers).get("X-Kept-For") !== mail) return;
  await keep(new Request(url, { headers: { "X-Part": part } }), new Response(body, { headers }));
}

// The frame of a message is loaded past this worker, as it has no origin.
async function keepFrame(request) {
  if (new URL(request.url).origin !== self.location.origin) return;
  const name = await mailOf();
  if (!name || (await (await caches.open(name)).match(keyOf(request)))) return;
  try { await keep(request, await fetch(request)); } catch { /* later */ }
}

async function prune(mail) {
  const messages = new Set();
  let bytes = 0, lists = 0;
  for (const key of (await mail.keys()).reverse()) {
    const id = /^\/message\/(\d+)\//.exec(new URL(key.url).pathname)?.[1];
    if (id) messages.add(id);
    else lists += 1;
    bytes += Number((await mail.match(key))?.headers.get("X-Kept-Bytes") ?? 0);
    const isTooMuch = bytes > BYTES || (id ? messages.size > MESSAGES : lists > LISTS);
    if (isTooMuch) await mail.delete(key);
  }
}

// ---- answering
async function tell(kind) {
  for (const page of await self.clients.matchAll({ includeUncontrolled: true })) page.postMessage({ kind });
}

// The page has much to do while it comes.
const later = () => new Promise((done) => { setTimeout(done, 1000); });

let isAway = false;
async function asked(event) {
  const { request } = event;
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(request));
    if (isAway) { isAway = false; tell("online"); }
    const copy = answer.clone();
    event.waitUntil(keep(request, copy, later).catch(() => {}));
    return answer;
  } catch (error) {
    if (request.signal.aborted) throw error; // the page asks for something else by now
    isAway = true;
    event.waitUntil(tell("offline"));
    const found = await known(request);
    if (found) return found;
    throw error;
  }
}

async function known(request) {
  const name = await mailOf();
  const mail = name && (await caches.open(name));
  const found = await mail?.match(keyOf(request));
  if (found || request.mode !== "navigate") return found;
  // A page that was never loaded as a whole: the list is where its message opens from.
  const start = new Request(new URL("/", self.location.href));
  const list = KEPT.test(new URL(request.url).pathname) && (await mail?.match(keyOf(start)));
  return list || caches.match(FACTS.offline);
}

async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && url.pathname === "/sign-out/") event.waitUntil(forget());
  if (request.method !== "GET") return;
  if (FACTS.files.includes(url.pathname)) event.respondWith(file(request));
  else if (request.mode === "navigate" || KEPT.test(url.pathname)) event.respondWith(asked(event));
});

// ---- web push
self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data?.json() ?? {}; } catch { /* not ours */ }
  event.waitUntil(self.registration.showNotification(told.title || "Tributary", {
    body: told.body ?? "", tag: told.tag || "mail", icon: FACTS.icon, data: { url: told.url || "/" },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url ?? "/", self.location.href);
  if (url.origin !== self.location.origin) return;
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: "window" });
    const page = open.find((one) => new URL(one.url).pathname === url.pathname) ?? open[0];
    if (page) { await page.focus(); await page.navigate(url.href); } else await self.clients.openWindow(url.href);
  })());
});
