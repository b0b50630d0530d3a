// Dragging folders in the tree: into another one, or onto the heading, which is the top level.
// The same is in the menu of a folder, for whom has no pointer.
import { csrfHeaders, toast } from "../toast.js";
import { words } from "./dom.js";
import { refresh, tellOf } from "./tree.js";

const KIND = "application/x-tributary-folder";
let dragged = null;
let over = null;

// The row under the pointer, or the heading over one's own folders; none where it is already.
function target(event) {
  if (!dragged) return null;
  const head = event.target.closest?.("#tree .tree--own > .tree__head");
  if (head?.nextElementSibling?.contains(dragged)) return dragged.dataset.own ? head : null;
  const row = event.target.closest?.("#tree .tree__row[data-folder]");
  if (!row || row === dragged || row.dataset.folder === dragged.dataset.own) return null;
  return row.querySelector(".tree__item");
}
function light(one) {
  if (over === one) return;
  over?.classList.remove("tree__item--drop");
  over = one;
  over?.classList.add("tree__item--drop");
}

document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.("#tree .tree__row[data-own]");
  if (!row) return;
  dragged = row;
  row.classList.add("is-dragged");
  event.dataTransfer.setData(KIND, row.dataset.folder);
  event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  if (!dragged) return;
  const one = target(event);
  light(one);
  if (!one) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  light(null);
  dragged = null;
});
document.addEventListener("drop", async (event) => {
  const one = target(event);
  if (!one) return;
  event.preventDefault();
  const id = dragged.dataset.folder;
  const body = new FormData();
  body.set("parent", one.closest(".tree__row")?.dataset.folder ?? "");
  light(null);
  try {
    const answer = await fetch(`/folder/${id}/move/`, { method: "POST", body, headers: { ...csrfHeaders(), "X-Part": "json" } });
    if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
    tellOf(await answer.json());
    refresh();
  } catch {
    toast({ text: words().failed });
  }
});
