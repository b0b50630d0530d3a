// The keyboard map. webmail/keys.py lists the same keys for the help.
import { showDialog } from "../shell.js";
import { act, choose as ask } from "./actions.js";
import { chosen, list, openId, reading, rowOf, words } from "./dom.js";
import { walk } from "./letters.js";
import { load } from "./list.js";
import { close, open, step } from "./reader.js";
import { choose, chooseTo, chooseWhere, focusedId, selectNone, startRange, targets } from "./selection.js";
import { indexOf, reveal } from "./stage.js";
import { undoLast } from "./ways.js";

let prefix = "";

async function move(by) {
  if (openId()) {
    const inside = reading().contains(document.activeElement);
    if (step(by, { focus: inside })) return;
  }
  const from = indexOf(focusedId() ?? openId());
  const next = await reveal(from < 0 ? 0 : from + by);
  next?.node.querySelector(".msg__link").focus({ preventScroll: true });
}

// The selection grows with the row that has the focus.
async function grow(by) {
  const id = focusedId() ?? openId();
  if (!id) { move(by); return; }
  startRange(id);
  const next = await reveal(indexOf(id) + by);
  if (!next) return;
  next.node.querySelector(".msg__link").focus({ preventScroll: true });
  chooseTo(next.id);
}

function write(kind) {
  const links = [...document.querySelectorAll("[data-compose]")];
  const found = links.find((link) => (kind ? link.search.startsWith(`?${kind}=`) : "blank" in link.dataset));
  found?.click();
}

function go(role) {
  const link = document.querySelector(`#tree .tree__row a[data-place] use[href$="#i-${role}"]`)?.closest("a");
  if (link) load(link.href);
}

function star() {
  const ids = targets();
  const first = rowOf(ids[0]);
  const starred = first ? first.hasAttribute("data-starred") : reading().querySelector("[data-toggle-star]")?.value === "unstar";
  act(starred ? "unstar" : "star", ids);
}

function bin() {
  const there = reading().querySelector('[value="destroy"]') || document.querySelector('.select-bar [value="destroy"]');
  act(there ? "destroy" : "trash", targets());
}

function openFocused() {
  const link = rowOf(focusedId())?.querySelector(".msg__link");
  if (link) open(link.href, { focus: true });
}

function toggle() {
  const id = focusedId() ?? openId();
  if (id && indexOf(id) >= 0) choose(id);
}

const isUnread = (row) => row.classList.contains("msg--unread");
const isStarred = (row) => row.hasAttribute("data-starred");

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  J: () => grow(1),
  K: () => grow(-1),
  o: openFocused,
  u: () => openId() && close(),
  n: () => walk(1),
  p: () => walk(-1),
  x: toggle,
  e: () => act("archive", targets()),
  "[": () => act("archive", targets(), {}, { toward: -1 }),
  "]": () => act("archive", targets(), {}, { toward: 1 }),
  "#": bin,
  Delete: bin,
  "!": () => act("junk", targets()),
  s: star,
  v: () => ask(words().moveUrl, targets()),
  l: () => ask(words().labelUrl, targets()),
  h: () => ask(words().snoozeUrl, targets()),
  m: () => act("mute", targets()),
  z: undoLast,
  I: () => act("read", targets()),
  U: () => { act("unread", targets()); if (openId()) close(); },
  c: () => write(""),
  r: () => write("reply"),
  a: () => write("reply_all"),
  f: () => write("forward"),
  "/": () => document.querySelector("[data-search] input").focus(),
  "?": () => showDialog(words().keysUrl),
  Escape: () => chosen.size && selectNone(),
};
const AFTER = {
  g: { i: () => go("inbox"), s: () => go("send"), d: () => go("drafts"), a: () => load("/") },
  "*": {
    a: () => chooseWhere(() => true),
    n: selectNone,
    r: () => chooseWhere((row) => !isUnread(row)),
    u: () => chooseWhere(isUnread),
    s: () => chooseWhere(isStarred),
    t: () => chooseWhere((row) => !isStarred(row)),
  },
};

// Whoever writes a message means no other, wherever in the window the focus is.
const isTyping = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], compose-window");

document.addEventListener("keydown", (event) => {
  // Many keyboards have the brackets on AltGr or Option only.
  const isBracket = event.altKey && "[]".includes(event.key);
  if (!list() || (event.altKey && !isBracket) || event.defaultPrevented) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) {
    if (event.key === "Escape" && event.target.matches("[data-search] input")) event.target.blur();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && !isBracket) {
    if (event.key !== "a" || reading().contains(document.activeElement)) return;
    event.preventDefault();
    chooseWhere(() => true);
    return;
  }
  if (event.key === "Shift") return;
  const action = prefix ? AFTER[prefix][event.key] : KEYS[event.key];
  prefix = !prefix && event.key in AFTER ? event.key : "";
  if (!action) return;
  if (event.key !== "Escape") event.preventDefault();
  action();
});

// The same by name, for the command palette and for keys that were pressed inside a message.
export const press = (key) => KEYS[key]?.();
