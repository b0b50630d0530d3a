// Dragging messages onto folders and labels.
import { act } from "./actions.js";
import { chosen, words } from "./dom.js";

const KIND = "application/x-tributary-messages";
// Not Drafts: there lies only what is being written.
const target = (event) => event.target.closest?.('#tree .tree__row a[data-place]:not(:has(use[href$="#i-drafts"]))');
let over = null;

function light(link) {
  if (over === link) return;
  over?.classList.remove("tree__item--drop");
  over = link;
  over?.classList.add("tree__item--drop");
}

// What is under the pointer meanwhile: how many there are, and of one its subject.
function badge(row, count) {
  const one = document.createElement("div");
  one.className = "drag-badge";
  const text = document.createElement("span");
  text.textContent = count > 1 ? words().dragged.replace("{n}", count) : row.querySelector(".msg__line b").textContent;
  one.append(text);
  document.body.append(one);
  setTimeout(() => one.remove());
  return one;
}

document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.("#list > .msg");
  if (!row) return;
  const ids = chosen.has(row.dataset.id) ? [...chosen] : [row.dataset.id];
  event.dataTransfer.setData(KIND, JSON.stringify(ids));
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setDragImage(badge(row, ids.length), -12, -8);
});
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes(KIND)) return;
  const link = target(event);
  light(link ?? null);
  if (!link) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
});
document.addEventListener("dragend", () => light(null));
document.addEventListener("drop", (event) => {
  const link = target(event);
  if (!link || !event.dataTransfer.types.includes(KIND)) return;
  event.preventDefault();
  light(null);
  const ids = JSON.parse(event.dataTransfer.getData(KIND));
  const label = /^label-(\d+)$/.exec(link.dataset.place)?.[1];
  if (label) act(`label:${label}`, ids);
  else act("move", ids, { folder: link.dataset.place });
});
