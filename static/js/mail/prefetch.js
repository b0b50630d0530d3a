// Messages that are likely to be opened next, fetched while nobody waits. What was fetched so marks
// nothing read; opening it asks once more, unseen, so that the server knows.
import { openId, painted, part, rowOf, settled } from "./dom.js";
import { nearest } from "./stage.js";
import { INSIDE, warm } from "./takeover.js";

const MOST = 10;
const LIFE = 60_000;
const HEADERS = { "X-Prefetch": "1", ...INSIDE };
const shelf = new Map(); // address → { html, id, at }, the newest last
const asked = new Map();
let current = ""; // what is being opened, which nobody has to fetch ahead

function fresh(address) {
  const one = shelf.get(address);
  return one && Date.now() - one.at < LIFE ? one : null;
}
const isComing = (address) => Boolean(fresh(address)) || asked.has(address);

// What is here of an address already or on its way, and a promise for the server's knowing that it
// is read.
export async function kept(url) {
  const address = current = new URL(url, location.href).href;
  await asked.get(address)?.done;
  const one = fresh(address);
  shelf.delete(address);
  return one && { html: one.html, told: tell(address) };
}

// To ask takes as long as to draw what is here already, so that comes first. Who leaves the page
// before it is drawn has read it all the same.
let untold = "";
async function tell(address) {
  untold = address;
  await painted();
  if (untold === address) untold = "";
  await part(address, "read").catch(() => {});
}
addEventListener("pagehide", () => untold && fetch(untold, { headers: { "X-Part": "read" }, keepalive: true }).catch(() => {}));

export function fetchSoon(url) {
  const address = new URL(url, location.href).href;
  if (address === current || isComing(address) || navigator.connection?.saveData) return;
  const id = /\/message\/(\d+)\//.exec(address)?.[1];
  warm();
  const mine = new AbortController();
  asked.set(address, { id, mine, done: fetchNow(address, id, mine) });
}

async function fetchNow(address, id, mine) {
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
export async function ahead(id) {
  await settled();
  if (openId() !== String(id)) return;
  current = "";
  for (const way of [1, -1]) {
    const one = nearest(id, way, () => true);
    if (one) fetchSoon(one.node.querySelector(".msg__link").href);
  }
}

// ---- what changed has to be fetched anew
function drop(fits) {
  for (const [address, one] of shelf) if (fits(one.id)) shelf.delete(address);
  for (const one of asked.values()) if (fits(one.id)) one.mine.abort();
}
document.addEventListener("list-changing", ({ detail }) => drop((id) => !detail.ids.length || detail.ids.includes(id)));
document.addEventListener("submit", ({ target }) => target.matches("[data-dark-mail]") && drop(() => true));
document.addEventListener("rows-changed", ({ detail }) => drop((id) => detail.ids.includes(id)));

// ---- a pointer that rests on a row, or a row that has the focus, is about to be opened; one that
// is pressed there all the more: it takes a tenth of a second to let go. A finger may only scroll.
let rest;
function near(target, delay) {
  clearTimeout(rest);
  const row = target.closest?.("#list > .msg");
  if (!row || row.dataset.id === openId() || rowOf(row.dataset.id) !== row) return;
  rest = setTimeout(() => row.isConnected && fetchSoon(row.querySelector(".msg__link").href), delay);
}
document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && near(event.target, 65));
document.addEventListener("pointerdown", (event) => event.pointerType === "mouse" && event.button === 0 && event.target.matches?.(".msg__link") && near(event.target, 0));
document.addEventListener("focusin", (event) => near(event.target, 65));
