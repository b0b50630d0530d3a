// What of a list is drawn: the rows that are seen and a few around them. All others are an empty
// line as high as they would be, so that a hundred thousand rows weigh what sixty do. Scrolling
// fetches what comes into view; what somebody looks at never jumps, whatever happens above it.
import { around, isAll, soonest, SPARE, wider } from "./around.js";
import { chosen, list, openId, painted, placeUrl, scroller, shelved, whenIdle, words } from "./dom.js";
import { cursorOf, entriesOf, PAGE, pageOf } from "./pages.js";
import { Shelf } from "./shelf.js";

const AHEAD = 60; // rows fetched beyond what is seen
const TRIES = 3; // for the same page, where it does not bring what was asked for

let shelf = new Shelf();
let box = null; // the scroller all of this belongs to
let size = { height: 0, above: 0 };
let drawn = "";
let counted = false; // whether the number of rows is known
let limit = null; // where it is not: there are fewer than this
let lost = null; // the row that had the focus when it went out of sight
let flight = null;
const tried = new Map();
let failed = false;
let back = 0; // where the list was scrolled to when it was last seen
let pause;
// Rows that are being moved away: an answer that was on its way may still have them.
export const leaving = new Set();

const sizes = new ResizeObserver(() => box?.isConnected && measure());

export function begin(where = null) {
  shelf = new Shelf();
  shelved.known = shelf.known;
  sizes.disconnect();
  flight?.abort();
  tried.clear();
  [drawn, lost, flight, failed, back] = ["", null, null, false, 0];
  leaving.clear();
  box = scroller();
  const next = list().dataset.next || cursorOf(list());
  const entries = entriesOf(list(), next);
  shelf.put(0, entries);
  [counted, limit] = [false, most()];
  count({ total: list().dataset.total ? Number(list().dataset.total) : null, start: 0, found: entries.length, next });
  box.addEventListener("scroll", scrolled, { passive: true });
  // The first list is shown as it came: to measure it before has the page laid out twice.
  if (document.readyState === "complete" || where) look(where);
  else unseen = painted().then(() => unseen && look());
}
let unseen = null;
function look(where) {
  unseen = null;
  const row = list().querySelector(".msg"), head = list().querySelector(".list__day");
  if (row) shelf.row = row.getBoundingClientRect().height || shelf.row;
  if (head) shelf.head = head.getBoundingClientRect().height || shelf.head;
  sizes.observe(box);
  measure(where);
}

// Conversations are never more than the messages of their folder; filters say nothing about it.
function most() {
  const { searchParams } = new URL(placeUrl(), location.href);
  searchParams.delete("sort");
  const messages = Number(document.querySelector(".list-head")?.dataset.total);
  return !searchParams.size && messages ? messages : null;
}

// How many rows there are: as told or as found, else a guess that halves what it is wrong by
// each time somebody comes to where rows should be.
function count({ total, start, found, next }) {
  const end = start + found;
  if (total !== null || (found && !next)) {
    counted = true;
    shelf.reach(total ?? end);
  } else if (!found) {
    limit = start;
    const low = shelf.runs.filter((run) => run.from < start).at(-1)?.to ?? 0;
    counted = low >= start;
    shelf.reach(Math.ceil((low + start) / 2));
  } else if (!counted && limit === null) {
    shelf.reach(end + PAGE, true);
  } else if (!counted && (start === 0 || end >= shelf.length)) {
    shelf.reach(start === 0 ? limit : Math.ceil((end + limit) / 2), true);
  }
}

export function measure(where = null) {
  size.height = box.clientHeight;
  if (!size.height || !list()) return; // a phone shows the message instead
  const row = list().querySelector(":scope > .msg"), head = list().querySelector(":scope > .list__day");
  const anchor = where ? null : held();
  if (row) shelf.row = row.getBoundingClientRect().height;
  if (head) shelf.head = head.getBoundingClientRect().height;
  size.above = list().offsetTop - box.offsetTop;
  drawn = "";
  if (where) { draw(); box.scrollTop = size.above + shelf.rowTop(where.at) + where.off; }
  else if (!box.scrollTop && back) { draw(); box.scrollTop = back; }
  else hold(anchor);
  draw();
}

let frame = 0;
function scrolled() {
  if (!box.clientHeight) return;
  if (Math.abs(box.scrollTop - back) > 2 * size.height) { clearTimeout(pause); pause = setTimeout(fetchMissing, 60); }
  back = box.scrollTop;
  frame ||= requestAnimationFrame(() => { frame = 0; draw(); });
}

// ---- what somebody looks at stays where it is while rows come and go
function seen() {
  if (unseen) look();
  const top = box.scrollTop - size.above;
  return { from: shelf.indexAt(top), to: Math.min(shelf.length, shelf.indexAt(top + size.height) + 1) };
}
function held() {
  if (!box?.clientHeight || box.scrollTop <= size.above) return null;
  const { from, to } = seen();
  const ids = shelf.slots.slice(from, to + SPARE).map((one) => one?.id).filter(Boolean);
  const first = shelf.slots.findIndex((one, at) => at >= from && one);
  const at = first < 0 || first >= to ? from : first;
  return { ids, at, off: shelf.rowTop(at) - box.scrollTop };
}
function hold(anchor) {
  if (!anchor) return;
  const id = anchor.ids.find((one) => shelf.indexOf(one) >= 0);
  const wanted = shelf.rowTop(id ? shelf.indexOf(id) : anchor.at) - anchor.off;
  if (Math.abs(wanted - box.scrollTop) < 1) return;
  draw(); // first the height, or there is nothing to scroll to
  box.scrollTop = back = wanted;
}

// Changes the list; what is seen stays. Returns what the change returns.
export function change(work) {
  const anchor = held();
  const done = work(shelf);
  drawn = "";
  hold(anchor);
  draw();
  showEmpty();
  document.dispatchEvent(new CustomEvent("list-ready"));
  return done;
}

export function showEmpty() {
  const empty = document.getElementById("list-empty");
  if (empty) empty.hidden = shelf.length > 0 || Boolean(box.querySelector("[data-draft]"));
}

// ---- drawing
const gaps = [];
function gap(number, height) {
  const one = gaps[number] ??= document.createElement("li");
  one.className = "list__gap";
  one.setAttribute("aria-hidden", "true");
  one.style.blockSize = `${height}px`;
  return one;
}

// Another list is on its way, and lines stand in for it: no place to draw this one, or to go back to.
const isLeft = () => list()?.firstElementChild?.matches(".skels");

export function draw() {
  if (!box?.isConnected || !box.clientHeight || isLeft()) return;
  const now = seen();
  const all = around(now, shelf.length);
  const state = `${all.from} ${all.to} ${shelf.length}`;
  if (drawn !== state || !isAll(shown, now)) {
    show(drawn ? soonest(now, all, shown) : all);
    drawn = state;
    if (!isAll(shown, all)) widen(all, state);
    shelf.forget(now.from, [openId(), lost]);
  }
  // Not now: to ask where the list stands would have the page laid out at once.
  looking ||= setTimeout(() => {
    looking = 0;
    if (box?.isConnected && Math.abs(box.scrollTop - back) <= 2 * size.height) fetchMissing();
  });
}
let looking = 0;

let shown = { from: 0, to: 0 };
function widen(all, state) {
  setTimeout(() => {
    if (drawn !== state || !box.isConnected || !list() || isLeft()) return;
    show(wider(shown, all));
    void box.offsetHeight; // laid out now, not together with what comes after
    if (!isAll(shown, all)) widen(all, state);
  });
}
function show(rows) {
  shown = rows;
  settle(lines(rows.from, rows.to));
}

function lines(a, b) {
  const nodes = [];
  let spare = shelf.top(a);
  let used = 0;
  for (let at = a; at < b; at += 1) {
    const one = shelf.slots[at];
    if (!one) { spare += shelf.hole; continue; }
    const heading = shelf.isHead(at) || (!nodes.length && one.day && spare >= shelf.head);
    if (heading && !shelf.isHead(at)) spare -= shelf.head;
    if (spare > 0) nodes.push(gap(used++, spare));
    spare = 0;
    if (heading) nodes.push(one.label ??= one.day.label.cloneNode(true));
    nodes.push(one.node);
    paint(one, at);
  }
  spare += shelf.top(shelf.length) - shelf.top(b);
  if (spare > 0) nodes.push(gap(used, spare));
  return nodes;
}

function settle(nodes) {
  const holder = list();
  holder.classList.add("is-drawn");
  const wanted = new Set(nodes);
  const focus = holder.contains(document.activeElement) ? document.activeElement.closest(".msg") : null;
  const boxed = focus && document.activeElement.matches(".msg__check");
  for (const child of [...holder.children]) if (!wanted.has(child)) child.remove();
  let cursor = holder.firstElementChild;
  for (const node of nodes) {
    if (node === cursor) cursor = cursor.nextElementSibling;
    else holder.insertBefore(node, cursor);
  }
  if (focus && !focus.isConnected && shelf.known.has(focus.dataset.id)) lost = focus.dataset.id;
  const again = lost && shelf.known.get(lost)?.node;
  if (!again || document.activeElement !== document.body) return;
  if (again.isConnected) { again.querySelector(boxed ? ".msg__check" : ".msg__link").focus({ preventScroll: true }); lost = null; }
}

// A row shows the state it has now, wherever it was meanwhile.
let marked = null;
// A finger that rests on a row selects it instead.
const draggable = matchMedia("(hover: hover)").matches;
function paint(one, at) {
  const { node, id } = one;
  showOpen(one, id === marked);
  const check = node.querySelector(".msg__check");
  if (check) check.checked = chosen.has(id);
  node.classList.toggle("is-chosen", chosen.has(id));
  node.draggable = draggable;
  node.setAttribute("aria-posinset", shelf.outside(at) + 1);
  node.setAttribute("aria-setsize", counted ? shelf.length : -1);
}
function showOpen({ node }, open) {
  node.classList.toggle("is-open", open);
  const link = node.querySelector(".msg__link");
  if (open) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}
export function repaint() {
  for (const node of list().querySelectorAll(":scope > .msg")) {
    const one = shelf.known.get(node.dataset.id);
    if (one) paint(one, shelf.slots.indexOf(one));
  }
}
export function mark(id) {
  const before = shelf.known.get(marked), now = id === null ? null : String(id);
  marked = now;
  if (before) showOpen(before, false);
  if (shelf.known.has(now)) showOpen(shelf.known.get(now), true);
}

// ---- fetching
const isHole = (one) => !one || one.stale;
// What nobody sees yet waits until the page itself is there.
let calm = false;
const calmDown = () => whenIdle(() => { calm = true; fetchMissing(); });
if (document.readyState === "complete") calmDown();
else addEventListener("load", calmDown, { once: true });
function fetchMissing() {
  if (failed || !box?.isConnected || !box.clientHeight) return;
  const { from, to } = seen();
  if (flight && !flight.wanted && (flight.at + PAGE < from - AHEAD || flight.at > to + AHEAD)) { flight.abort(); flight = null; }
  if (flight) return;
  let at = shelf.missing(from, to);
  if (at < 0 && calm) at = shelf.missing(to, to + AHEAD);
  if (at < 0 && calm) at = shelf.missing(from - AHEAD / 2, from);
  if (at >= 0) get(at);
}

function asked(at) {
  const above = shelf.slots[at - 1];
  if (!shelf.slots[at] && above?.next && !above.stale) return [{ before: above.next }, at];
  const page = Math.floor(shelf.outside(at) / PAGE) * PAGE;
  return [{ at: page }, page];
}

async function get(at, wantedStill = false) {
  const [wanted, position] = asked(at);
  const key = JSON.stringify(wanted);
  if ((tried.get(key) ?? 0) >= TRIES) return;
  tried.set(key, (tried.get(key) ?? 0) + 1);
  const mine = flight = Object.assign(new AbortController(), { at, wanted: wantedStill });
  const here = box;
  try {
    const page = await pageOf(wanted, mine.signal);
    if (box !== here) return;
    const entries = page.entries.filter((one) => !leaving.has(one.id));
    const start = page.at ?? ("before" in wanted ? shelf.outside(position) : position);
    change(() => {
      shelf.put(start, entries, openId());
      count({ total: leaving.size ? null : page.total, start, found: page.entries.length, next: page.next });
      if (!isHole(shelf.slots[at])) tried.delete(key);
    });
    if (page.version && page.version !== words().version) document.dispatchEvent(new CustomEvent("look-for-news", { detail: { quiet: true } }));
  } catch (error) {
    if (error.name === "AbortError") tried.delete(key);
    else if (box === here) offer();
  } finally {
    if (flight === mine) flight = null;
  }
  fetchMissing();
}

// What could not be loaded is asked for again when somebody wants it to be.
function offer() {
  failed = true;
  const note = document.createElement("div");
  note.className = "list__again";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn--sm";
  button.textContent = words().again;
  button.addEventListener("click", () => { note.remove(); failed = false; tried.clear(); fetchMissing(); });
  note.append(button);
  box.append(note);
}

// ---- for all others
export const total = () => shelf.length;
export const isCounted = () => counted;
export const indexOf = (id) => shelf.indexOf(id);
export const numberOf = (id) => shelf.outside(shelf.indexOf(id)) + 1;
// Whether there is more than what is here.
export const isPart = () => shelf.known.size < shelf.length;
export const entries = () => shelf.slots.filter(Boolean);
export const nearest = (id, way, fits) => shelf.nearest(id, way, fits);
export const lostRow = () => (document.activeElement === document.body || document.activeElement === box ? lost : null);
export const forgetTries = () => tried.clear();

// Where the list is scrolled to, to be gone back to.
export function standing() {
  if (!box?.isConnected || !box.clientHeight || !shelf.length || isLeft()) return null;
  const at = seen().from;
  return { at, off: box.scrollTop - size.above - shelf.rowTop(at) };
}

// The row at a position, fetched where it has to be, scrolled into view where it is not.
export async function reveal(at) {
  if (at < 0 || at >= shelf.length) return null;
  for (let turn = 0; turn < TRIES && !shelf.slots[at]; turn += 1) {
    if (flight) await settled();
    else await get(at, true);
  }
  const one = shelf.slots[at];
  if (!one) return null;
  if (unseen) look();
  const top = size.above + shelf.rowTop(at);
  if (top - shelf.head < box.scrollTop) box.scrollTop = top - shelf.head;
  else if (top + shelf.row > box.scrollTop + size.height) box.scrollTop = top + shelf.row - size.height;
  back = box.scrollTop;
  draw();
  return one;
}
const settled = () => new Promise((done) => setTimeout(done, 20));

// The ids of all rows from one position to another. Those that are not here are asked for beside the
// list, which keeps none so far away.
export async function between(from, to) {
  const here = box;
  const ids = [];
  let page = null;
  for (let at = from; at <= to && box === here; at += 1) {
    const one = shelf.slots[at];
    if (one && !one.stale) { ids.push(one.id); continue; }
    const place = shelf.outside(at);
    if (!(place < page?.end)) {
      try {
        const { entries, at: start } = await pageOf({ at: place });
        page = { entries, start: start ?? place, end: (start ?? place) + entries.length };
      } catch {
        return ids;
      }
    }
    const id = page.entries[place - page.start]?.id;
    if (!id) return ids;
    ids.push(id);
  }
  return ids;
}
