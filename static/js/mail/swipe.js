// A thumb that pushes a row aside: one way archives it, the other puts it off.
import { act, choose } from "./actions.js";
import { chosen, words } from "./dom.js";

const BEGIN = 12; // points before it is a push and not a tap
const FAR = 0.35; // of the width of the row
let push = null;

document.addEventListener("pointerdown", (event) => {
  const row = event.target.closest("#list > .msg");
  if (event.pointerType !== "touch" || !event.isPrimary || !row || chosen.size) return;
  push = { row, x: event.clientX, y: event.clientY, by: 0, on: false };
});

document.addEventListener("pointermove", (event) => {
  if (!push || !event.isPrimary) return;
  push.by = event.clientX - push.x;
  if (!push.on) {
    if (Math.abs(event.clientY - push.y) > BEGIN) { push = null; return; }
    if (Math.abs(push.by) < BEGIN) return;
    push.on = true;
    push.row.setPointerCapture(event.pointerId);
    push.row.classList.add("is-swiped");
  }
  const { row, by } = push;
  const rtl = getComputedStyle(row).direction === "rtl";
  row.classList.toggle("is-swiped--start", by > 0 !== rtl);
  row.classList.toggle("is-swiped--far", Math.abs(by) > row.offsetWidth * FAR);
  row.dataset.swipe = by > 0 ? words().archive : words().snooze;
  row.style.translate = `${by}px 0`;
});

function end(event) {
  if (!push) return;
  const { row, by, on } = push;
  push = null;
  if (!on) return;
  row.classList.add("is-settling");
  row.style.translate = "";
  row.classList.remove("is-swiped--far");
  setTimeout(() => row.classList.remove("is-swiped", "is-swiped--start", "is-settling"), 150);
  if (event.type === "pointercancel" || Math.abs(by) < row.offsetWidth * FAR) return;
  if (by > 0) act("archive", [row.dataset.id]);
  else choose(words().snoozeUrl, [row.dataset.id]);
}
document.addEventListener("pointerup", end);
document.addEventListener("pointercancel", end);
// A push is no tap.
document.addEventListener("click", (event) => {
  if (!event.target.closest(".msg.is-swiped")) return;
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });
