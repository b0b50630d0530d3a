// The keyboard map. webmail/keys.py lists the same keys for the help.
import { showDialog } from "../shell.js";
import { act, chooseFolder, undoLast } from "./actions.js";
import { checkedIds, list, openId, reading, rowOf, rows, words } from "./dom.js";
import { load, showSelection } from "./list.js";
import { close, open, step } from "./reader.js";

let prefix = "";
const focusedRow = () => document.activeElement?.closest?.(".msg");
export const targets = () => {
  const chosen = checkedIds();
  if (chosen.length) return chosen;
  const one = openId() ?? focusedRow()?.dataset.id;
  return one ? [one] : [];
};

function move(by) {
  if (openId()) {
    const inside = reading().contains(document.activeElement);
    if (step(by, { focus: inside })) return;
  }
  const all = rows();
  const at = all.indexOf(focusedRow() ?? rowOf(openId()));
  const next = all[at < 0 ? 0 : at + by];
  next?.querySelector(".msg__link").focus();
  next?.scrollIntoView({ block: "nearest" });
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

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => openFocused(),
  u: () => openId() && close(),
  x: () => {
    const box = (focusedRow() ?? rowOf(openId()))?.querySelector(".msg__check");
    if (!box) return;
    box.checked = !box.checked;
    showSelection();
  },
  e: () => act("archive", targets()),
  "#": bin,
  Delete: bin,
  "!": () => act("junk", targets()),
  s: star,
  v: () => chooseFolder(targets()),
  z: undoLast,
  I: () => act("read", targets()),
  U: () => { act("unread", targets()); if (openId()) close(); },
  c: () => write(""),
  r: () => write("reply"),
  a: () => write("reply_all"),
  f: () => write("forward"),
  "/": () => document.querySelector("[data-search] input").focus(),
  "?": () => showDialog(words().keysUrl),
};
const GO = { i: () => go("inbox"), s: () => go("send"), d: () => go("drafts"), a: () => load("/") };

function openFocused() {
  const link = focusedRow()?.querySelector(".msg__link");
  if (link) open(link.href, { focus: true });
}

document.addEventListener("keydown", (event) => {
  if (!list() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) {
    if (event.key === "Escape" && event.target.matches("[data-search] input")) event.target.blur();
    return;
  }
  const action = prefix === "g" ? GO[event.key] : KEYS[event.key];
  prefix = prefix !== "g" && event.key === "g" ? "g" : "";
  if (!action) return;
  event.preventDefault();
  action();
});

// The same by name, for the command palette.
export const press = (key) => KEYS[key]?.();
