// The folder tree: numbers, the current place, folded branches, the drawer, its menus.
import { csrfHeaders, toast } from "../toast.js";
import { setDrawer } from "../shell.js";
import { fill, placeUrl, scroller, words } from "./dom.js";

const KEY = "folded-folders";
const folded = new Set(JSON.parse(localStorage.getItem(KEY) || "[]"));

document.addEventListener("counts", (event) => {
  for (const [key, count] of Object.entries(event.detail.counts)) {
    // A favourite stands there twice.
    for (const label of document.querySelectorAll(`[data-count="${key}"]`)) {
      label.textContent = count;
      label.hidden = !count;
      const isUnread = Boolean(count) && !("plain" in label.dataset);
      label.classList.toggle("count--strong", isUnread);
      label.closest(".tree__item").classList.toggle("tree__item--unread", isUnread);
    }
  }
  const told = document.getElementById("mail-words");
  if (told) told.dataset.version = event.detail.version;
  // A folder that is not there yet, as the one of what is snoozed with its first message; or what
  // another window made, renamed, moved, coloured or deleted.
  const known = Object.keys(event.detail.counts).filter((key) => key !== "all");
  const { tree } = event.detail;
  const isOther = tree && tree !== document.getElementById("tree")?.dataset.shape;
  if (isOther || known.some((key) => !document.querySelector(`#tree [data-folder="${key}"]`))) refresh();
});

document.addEventListener("place-changed", () => {
  setDrawer(false);
  for (const link of document.querySelectorAll("a[data-blank]")) link.search = scroller()?.dataset.toWrite ?? "";
  const here = new URL(placeUrl(), location.href).pathname;
  for (const link of document.querySelectorAll("#tree a[data-place]")) {
    if (new URL(link.href).pathname === here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
});

function fold() {
  let below = Infinity;
  for (const row of document.querySelectorAll("#tree .tree__row[data-depth]")) {
    const depth = Number(row.dataset.depth);
    if (depth <= below) below = Infinity;
    row.classList.toggle("is-folded", depth > below);
    const twist = row.querySelector("[data-twist]");
    if (!twist) continue;
    const closed = folded.has(row.dataset.folder);
    twist.setAttribute("aria-expanded", String(!closed));
    if (closed && below === Infinity) below = depth;
  }
}

document.addEventListener("click", (event) => {
  const twist = event.target.closest("[data-twist]");
  if (!twist) return;
  const id = twist.closest(".tree__row").dataset.folder;
  if (!folded.delete(id)) folded.add(id);
  localStorage.setItem(KEY, JSON.stringify([...folded]));
  fold();
});

// ---- folders or labels changed: the tree is drawn anew where it stands
let asked = 0;
export async function refresh() {
  const drawer = document.getElementById("drawer");
  if (!drawer || !words().treeUrl) return;
  const mine = ++asked;
  try {
    const answer = await fetch(`${words().treeUrl}?${new URLSearchParams({ at: placeUrl() })}`, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected || mine !== asked) return;
    const top = document.getElementById("tree")?.scrollTop ?? 0;
    const focused = document.activeElement?.closest?.("#tree a")?.getAttribute("href");
    const unfolded = drawer.querySelector(".tree__hidden[open]");
    fill(drawer, await answer.text());
    if (unfolded) drawer.querySelector(".tree__hidden")?.setAttribute("open", "");
    document.getElementById("tree").scrollTop = top;
    if (focused) drawer.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    fold();
  } catch {
    // The connection bar tells; the tree is right again with the next page.
  }
}
document.addEventListener("tree-changed", refresh);

// Something was done to a folder: said, with a way back.
export function tellOf(done) {
  const back = async () => {
    const body = new FormData();
    body.set("token", done.undo);
    const answer = await fetch(words().undoUrl, { method: "POST", body, headers: { ...csrfHeaders(), "X-Part": "json" } });
    toast({ text: answer.ok ? (await answer.json()).text : words().failed });
    refresh();
  };
  toast({ text: done.text, onUndo: done.undo ? back : undefined });
}

// ---- the menu of a folder or label: right click, the menu key, or a long press
const LONG = 500; // milliseconds
let press = null;
let held = false;
const menuOf = (node) => node.closest?.("#tree .tree__row")?.querySelector(".tree__menu");
document.addEventListener("contextmenu", (event) => {
  const menu = menuOf(event.target);
  if (!menu || event.shiftKey) return;
  event.preventDefault();
  clearTimeout(press);
  if (!document.querySelector("dialog[open]")) menu.click();
});
document.addEventListener("touchstart", (event) => {
  const menu = menuOf(event.target);
  clearTimeout(press);
  held = false;
  if (!menu || event.touches.length > 1) return;
  press = setTimeout(() => {
    if (document.querySelector("dialog[open]")) return;
    menu.click();
    held = true;
  }, LONG);
}, { passive: true });
for (const kind of ["touchend", "touchmove", "touchcancel"]) document.addEventListener(kind, () => clearTimeout(press), { passive: true });
// The finger that called the menu does not open what lies under it as well.
document.addEventListener("click", (event) => {
  if (!held || !menuOf(event.target)) return;
  held = false;
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-link]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copyLink);
    button.closest("dialog")?.close();
    toast({ text: button.dataset.copied });
  } catch {
    toast({ text: button.dataset.copyLink, life: 60_000 });
  }
});
fold();
