// Messages that are likely to be opened next, fetched while nobody waits. What was fetched so marks
// nothing read; opening it asks once more, unseen, so that the server knows.
import { openId, part, rowOf } from "./dom.js";
import { entries } from "./stage.js";

const MOST = 10;
const LIFE = 60_000;
const HEADERS = { "X-Prefetch": "1" };
const shelf = new Map(); // address → { html, id, at }, the newest last
const asked = new Map();

// What is here of an address already, and a promise for the server's knowing that it is read.
export function kept(url) {
  const address = new URL(url, location.href).href;
  const one = shelf.get(address);
  if (!one || Date.now() - one.at > LIFE) return null;
  shelf.delete(address);
  return { html: one.html, told: part(address, "read").catch(() => {}) };
}

export async function fetchSoon(url) {
  const address = new URL(url, location.href).href;
  if (shelf.has(address) || asked.has(address) || navigator.connection?.saveData) return;
  const id = /\/message\/(\d+)\//.exec(address)?.[1];
  const mine = new AbortController();
  asked.set(address, { id, mine });
  try {
    const html = await part(address, "read", mine.signal, HEADERS);
    if (mine.signal.aborted) return;
    shelf.set(address, { html, id, at: Date.now() });
    while (shelf.size > MOST) shelf.delete(shelf.keys().next().value);
  } catch {
    // Then it is fetched when it is opened.
  } finally {
    asked.delete(address);
  }
}

// The neighbours of the message that is open.
export function ahead(id) {
  const soon = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
  soon(() => {
    if (openId() !== String(id)) return;
    const all = entries();
    const at = all.findIndex((one) => one.id === String(id));
    if (at < 0) return;
    for (const one of [all[at + 1], all[at - 1]]) if (one) fetchSoon(one.node.querySelector(".msg__link").href);
  });
}

// ---- what changed has to be fetched anew
function drop(fits) {
  for (const [address, one] of shelf) if (fits(one.id)) shelf.delete(address);
  for (const one of asked.values()) if (fits(one.id)) one.mine.abort();
}
document.addEventListener("list-changing", ({ detail }) => drop((id) => !detail.ids.length || detail.ids.includes(id)));
document.addEventListener("rows-changed", ({ detail }) => drop((id) => detail.ids.includes(id)));

// ---- a pointer that rests on a row, or a row that has the focus, is about to be opened
let rest;
function near(target) {
  clearTimeout(rest);
  const row = target.closest?.("#list > .msg");
  if (!row || row.dataset.id === openId() || rowOf(row.dataset.id) !== row) return;
  rest = setTimeout(() => row.isConnected && fetchSoon(row.querySelector(".msg__link").href), 65);
}
document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && near(event.target));
document.addEventListener("focusin", (event) => near(event.target));
