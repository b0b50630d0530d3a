// Looking for changes: every half minute while the page is seen, and when something says so.
import { list, placeUrl, words } from "./dom.js";
import { merge } from "./list.js";

const EVERY = 30_000;
let busy = false;
let changes = 0; // how many have begun
let running = 0; // how many are not answered yet

async function look({ force = false, quiet = false } = {}) {
  if (busy || running || !list() || document.hidden || !navigator.onLine) return;
  busy = true;
  const known = changes;
  const button = document.querySelector("[data-refresh] .icon");
  if (!quiet) button?.classList.add("spin");
  try {
    const place = new URL(placeUrl(), location.href);
    const query = new URLSearchParams(place.search);
    const where = /^\/folder\/(\d+)\//.exec(place.pathname)?.[1] ?? (place.pathname.startsWith("/starred/") ? "starred" : "all");
    if (!query.has("in")) query.set("in", where);
    if (!force) query.set("version", words().version);
    const asked = placeUrl();
    const answer = await fetch(`${words().newsUrl}?${query}`, { credentials: "same-origin" });
    if (answer.status !== 200 || answer.redirected) return;
    const news = await answer.json();
    if (changes !== known) return;
    document.dispatchEvent(new CustomEvent("counts", { detail: news }));
    if (placeUrl() !== asked) return;
    document.getElementById("list-head").innerHTML = news.head;
    merge(news.rows);
  } catch {
    // The connection bar tells; the next look comes by itself.
  } finally {
    busy = false;
    button?.classList.remove("spin");
  }
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
document.addEventListener("visibilitychange", () => look({ quiet: true }));
document.addEventListener("look-for-news", (event) => look(event.detail ?? {}));
addEventListener("online", () => look({ quiet: true }));
