// What is learnt about results once they are drawn: how many there are, and where in the messages
// the words stand.
import { fragment, list, placeUrl } from "./dom.js";

const MOST = 50;
const counts = new Map(); // by the address of a search
const passages = new Map(); // by the id of a message, of the search that is shown
let of = "";
let asking = new AbortController();
let pause;

const form = () => document.querySelector("[data-search]");
const query = () => new URL(placeUrl(), location.href).searchParams;
const isSearch = () => Boolean(form()) && query().has("q");

async function answer(url, pairs) {
  const found = await fetch(`${url}?${pairs}`, { signal: asking.signal, credentials: "same-origin" });
  return found.ok && !found.redirected ? found.json() : null;
}

async function count() {
  const place = placeUrl();
  const label = document.querySelector("[data-hits]");
  if (!label || label.textContent) return;
  if (!counts.has(place)) {
    counts.set(place, "");
    try {
      const found = await answer(form().dataset.countUrl, query());
      counts.set(place, found?.text ?? "");
    } catch {
      counts.delete(place);
      return;
    }
  }
  const shown = document.querySelector("[data-hits]");
  if (placeUrl() === place && shown && !shown.textContent) shown.textContent = counts.get(place);
}

function put(row) {
  const found = passages.get(row.dataset.id);
  if (found) row.querySelector(".msg__snippet")?.replaceChildren(fragment(found));
}

// Rows whose beginning does not show why they were found.
async function around() {
  const without = [...list().querySelectorAll(":scope > .msg")].filter((row) => !row.querySelector(".msg__line mark"));
  without.forEach(put);
  const unknown = without.map((row) => row.dataset.id).filter((id) => !passages.has(id)).slice(0, MOST);
  if (!unknown.length) return;
  const place = of;
  const pairs = new URLSearchParams({ q: query().get("q") });
  unknown.forEach((id) => { passages.set(id, ""); pairs.append("id", id); });
  try {
    const found = await answer(form().dataset.aroundUrl, pairs);
    if (place !== of || !found) return;
    for (const [id, html] of Object.entries(found.passages)) passages.set(id, html);
    list().querySelectorAll(":scope > .msg").forEach(put);
  } catch {
    unknown.forEach((id) => passages.delete(id));
  }
}

function look() {
  clearTimeout(pause);
  if (!list() || !isSearch()) return;
  if (of !== placeUrl()) {
    of = placeUrl();
    asking.abort();
    asking = new AbortController();
    passages.clear();
    counts.clear(); // another day, another number
  }
  pause = setTimeout(() => { count(); around(); }, 60);
}

// Rows come and go while one scrolls; the number above them is drawn anew with news.
const watcher = new MutationObserver(look);
function watch() {
  watcher.disconnect();
  if (list()) watcher.observe(list(), { childList: true });
  const head = document.getElementById("list-head");
  if (head) watcher.observe(head, { childList: true });
  look();
}
document.addEventListener("list-ready", watch);
watch();
