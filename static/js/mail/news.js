// Looking for changes: when the server says that something changed, every half minute where it
// cannot say so, and after what was done here.
import { announce, isSignIn, list, placeUrl, scroller, words } from "./dom.js";
import { merge } from "./list.js";
import { PAGE } from "./pages.js";
import { entries } from "./stage.js";
import { offerReload } from "./ways.js";

const EVERY = 30_000;
const UNSEEN = 120_000; // where nobody sees more of the page than its title
const REST = 10_000; // at least, between two looks there
const PATIENCE = 20_000;
let busy = false;
let again = null; // how to look once more, after what is under way
let last = 0;
let isOut = false;
let changes = 0; // how many have begun
let running = 0; // how many are not answered yet

async function look({ force = false, quiet = false, whole = false } = {}) {
  if (busy || running) { again = { force: force || Boolean(again?.force), quiet: true }; return; }
  if (!list() || !navigator.onLine) return;
  [busy, again, last] = [true, null, Date.now()];
  const known = changes;
  const asked = placeUrl();
  const button = document.querySelector("[data-refresh] .icon");
  if (!quiet) button?.classList.add("spin");
  const news = await fetchNews(force, whole);
  busy = false;
  button?.classList.remove("spin");
  if (news && changes === known) {
    document.dispatchEvent(new CustomEvent("counts", { detail: news }));
    if (placeUrl() === asked) show(news);
  }
  if (again && !running) look(again);
}

// Null where nothing changed, and where nobody answers: the connection bar tells that.
async function fetchNews(force, whole) {
  const place = new URL(placeUrl(), location.href);
  const query = new URLSearchParams(place.search);
  if (!query.has("in")) query.set("in", scroller().dataset.where);
  if (!force) query.set("version", words().version);
  // How the rows look that are here: those that look the same are not sent again.
  const known = whole ? [] : entries().slice(0, PAGE).map((one) => `${one.id}-${one.mark}`);
  try {
    const answer = await fetch(`${words().newsUrl}?${query}`, { credentials: "same-origin", headers: { "X-Known": known.join(",") }, signal: AbortSignal.timeout(PATIENCE) });
    if (isSignIn(answer) && !isOut) { isOut = true; offerReload(words().signedOut); }
    if (answer.status === 404 && placeUrl() === place.pathname + place.search) document.dispatchEvent(new CustomEvent("place-gone"));
    return answer.status !== 200 || answer.redirected ? null : await answer.json();
  } catch {
    return null;
  }
}

function show(news) {
  const head = document.getElementById("list-head");
  const was = head.querySelector("h1").textContent;
  head.innerHTML = news.head;
  // Another window may have given the folder another name.
  document.title = document.title.replace(`${was} · Tributary`, () => `${head.querySelector("h1").textContent} · Tributary`);
  const arrived = merge(news.rows, news.total ?? null);
  if (arrived === null) look({ force: true, quiet: true, whole: true });
  else if (arrived) announce(words().newMail);
}

// After the last change the numbers above the list are brought up to date.
let soon;
document.addEventListener("list-changing", ({ detail }) => {
  changes += detail.on ? 1 : 0;
  running += detail.on ? 1 : -1;
  clearTimeout(soon);
  if (!running) soon = setTimeout(() => look({ force: true, quiet: true }), 400);
});

// A page that nobody sees looks as well, for the number in its title, but less often.
let timer = 0;
function lookWithin(rest) {
  const wait = document.hidden ? Math.max(0, last + rest - Date.now()) : 0;
  clearTimeout(timer);
  if (wait) timer = setTimeout(() => look({ quiet: true }), wait);
  else look({ quiet: true });
}
setInterval(() => Date.now() - last >= (document.hidden ? UNSEEN : EVERY) - REST && look({ quiet: true }), EVERY);
window.addEventListener("tributary:change", () => lookWithin(REST));
document.addEventListener("visibilitychange", () => document.hidden || look({ quiet: true }));
document.addEventListener("look-for-news", (event) => look(event.detail ?? {}));
addEventListener("online", () => look({ quiet: true }));
