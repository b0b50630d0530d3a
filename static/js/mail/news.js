// Looking for changes: when the server says that something changed, every half minute where it
// cannot say so, and after what was done here.
import { announce, list, placeUrl, scroller, words } from "./dom.js";
import { merge } from "./list.js";

const EVERY = 30_000;
let busy = false;
let again = false;
let changes = 0; // how many have begun
let running = 0; // how many are not answered yet

async function look({ force = false, quiet = false } = {}) {
  if (busy || running) { again = true; return; }
  if (!list() || document.hidden || !navigator.onLine) return;
  [busy, again] = [true, false];
  const known = changes;
  const asked = placeUrl();
  const button = document.querySelector("[data-refresh] .icon");
  if (!quiet) button?.classList.add("spin");
  const news = await fetchNews(force);
  busy = false;
  button?.classList.remove("spin");
  if (news && changes === known) {
    document.dispatchEvent(new CustomEvent("counts", { detail: news }));
    if (placeUrl() === asked) show(news);
  }
  if (again && !running) look({ quiet: true });
}

// Null where nothing changed, and where nobody answers: the connection bar tells that.
async function fetchNews(force) {
  const place = new URL(placeUrl(), location.href);
  const query = new URLSearchParams(place.search);
  if (!query.has("in")) query.set("in", scroller().dataset.where);
  if (!force) query.set("version", words().version);
  try {
    const answer = await fetch(`${words().newsUrl}?${query}`, { credentials: "same-origin" });
    return answer.status !== 200 || answer.redirected ? null : await answer.json();
  } catch {
    return null;
  }
}

function show(news) {
  document.getElementById("list-head").innerHTML = news.head;
  if (merge(news.rows, news.total ?? null)) announce(words().newMail);
}

// After the last change the numbers above the list are brought up to date.
let soon;
document.addEventListener("list-changing", ({ detail }) => {
  changes += detail.on ? 1 : 0;
  running += detail.on ? 1 : -1;
  clearTimeout(soon);
  if (!running) soon = setTimeout(() => look({ force: true, quiet: true }), 400);
});

setInterval(() => look({ quiet: true }), EVERY);
window.addEventListener("tributary:change", () => look({ quiet: true }));
document.addEventListener("visibilitychange", () => look({ quiet: true }));
document.addEventListener("look-for-news", (event) => look(event.detail ?? {}));
addEventListener("online", () => look({ quiet: true }));
