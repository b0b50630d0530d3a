// Dragging messages onto folders.
import { act } from "./actions.js";
import { checkedIds, rows } from "./dom.js";

const KIND = "application/x-tributary-messages";
document.addEventListener("list-ready", arm);
function arm() {
  rows().forEach((row) => { row.draggable = true; });
}
const target = (event) => event.target.closest?.("#tree .tree__row .tree__item");

document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.(".msg");
  if (!row) return;
  const chosen = checkedIds();
  const ids = chosen.includes(row.dataset.id) ? chosen : [row.dataset.id];
  event.dataTransfer.setData(KIND, JSON.stringify(ids));
  event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  const link = target(event);
  if (!link || !event.dataTransfer.types.includes(KIND)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  link.classList.add("tree__item--drop");
});
document.addEventListener("dragleave", (event) => target(event)?.classList.remove("tree__item--drop"));
document.addEventListener("drop", (event) => {
  const link = target(event);
  if (!link || !event.dataTransfer.types.includes(KIND)) return;
  event.preventDefault();
  link.classList.remove("tree__item--drop");
  act("move", JSON.parse(event.dataTransfer.getData(KIND)), { folder: link.dataset.place });
});
arm();
