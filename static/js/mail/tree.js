// The folder tree: numbers, the current place, folded branches, the drawer.
import { setDrawer } from "../shell.js";
import { placeUrl, scroller } from "./dom.js";

const KEY = "folded-folders";
const folded = new Set(JSON.parse(localStorage.getItem(KEY) || "[]"));

document.addEventListener("counts", (event) => {
  for (const [key, count] of Object.entries(event.detail.counts)) {
    const label = document.querySelector(`[data-count="${key}"]`);
    if (!label) continue;
    label.textContent = count;
    label.hidden = !count;
    label.classList.toggle("count--strong", Boolean(count));
    label.closest(".tree__item").classList.toggle("tree__item--unread", Boolean(count));
  }
  const words = document.getElementById("mail-words");
  if (words) words.dataset.version = event.detail.version;
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
  for (const row of document.querySelectorAll("#tree .tree__row")) {
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
fold();
