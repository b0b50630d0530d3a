// What is selected: a set of ids, so that it outlives the rows that show it.
import { chosen, list, main, openId, words } from "./dom.js";
import { between, entries, indexOf, isCounted, isPart, lostRow, repaint, total } from "./stage.js";

// So many at once; more than these are the whole list.
const MOST = 5000;

// Where a range begins, and whether everything in the place is meant, seen or not.
let pivot = null;
let whole = false;
export const isWhole = () => whole;

export const focusedId = () => document.activeElement?.closest?.("#list > .msg")?.dataset.id ?? lostRow();
export const targets = () => {
  if (chosen.size) return [...chosen];
  const one = openId() ?? focusedId();
  return one ? [one] : [];
};

export function choose(id, on = !chosen.has(id)) {
  whole = false;
  if (on) chosen.add(id);
  else chosen.delete(id);
  pivot = chosen.size ? id : null;
  showSelection();
}

// From where the last one was chosen to here; rows that are not here yet are fetched first.
export async function chooseTo(id, on = true) {
  const ends = [indexOf(pivot ?? focusedId() ?? id), indexOf(id)].sort((a, b) => a - b);
  if (ends[0] < 0) { choose(id, on); return; }
  whole = false;
  for (const one of await between(...ends)) {
    if (!on) chosen.delete(one);
    else if (chosen.size < MOST) chosen.add(one);
  }
  showSelection();
}
export const startRange = (id) => { pivot ??= id; };

export function chooseWhere(fits) {
  whole = false;
  chosen.clear();
  for (const one of entries()) if (fits(one.node)) chosen.add(one.id);
  showSelection();
}

export function selectNone() {
  const shows = chosen.size || main().classList.contains("is-selecting");
  chosen.clear();
  [whole, pivot] = [false, null];
  if (list() && shows) showSelection();
}

export function showSelection() {
  const pane = main();
  pane.classList.toggle("is-selecting", chosen.size > 0);
  repaint();
  const label = pane.querySelector("[data-selected]");
  if (label) label.textContent = whole && !isCounted() ? words().allSelected : words().selected.replace("{n}", number(whole ? total() : chosen.size));
  const all = pane.querySelector("[data-select-all]");
  if (!all) return;
  all.hidden = whole || !isPart() || chosen.size < entries().length;
  all.textContent = isCounted() ? words().selectAll.replace("{n}", number(total())) : words().selectWhole;
}
const number = (count) => Number(count).toLocaleString(document.documentElement.lang);

// ---- pointer
document.addEventListener("click", (event) => {
  const box = event.target.closest(".msg__check");
  if (box && list()?.contains(box)) {
    if (event.shiftKey && pivot) chooseTo(box.value, box.checked);
    else choose(box.value, box.checked);
    return;
  }
  const link = event.target.closest("#list > .msg .msg__link");
  if (link && event.shiftKey) {
    event.preventDefault();
    const { id } = link.closest(".msg").dataset;
    startRange(openId() ?? id);
    chooseTo(id);
    return;
  }
  if (event.target.closest("[data-select-none]")) selectNone();
  if (event.target.closest("[data-select-all]")) { whole = true; showSelection(); }
});
document.addEventListener("mousedown", (event) => {
  // Shift would mark the text between the two.
  if (event.shiftKey && event.target.closest("#list > .msg")) event.preventDefault();
});

// ---- touch: a long press begins a selection, and taps go on with it
const LONG = 450;
let press = null;
let held = false;
document.addEventListener("pointerdown", (event) => {
  const row = event.target.closest("#list > .msg");
  held = false;
  if (event.pointerType !== "touch" || !row) return;
  const from = { x: event.clientX, y: event.clientY };
  press = { from, timer: setTimeout(() => { held = true; choose(row.dataset.id, true); navigator.vibrate?.(10); }, LONG) };
});
const release = () => { clearTimeout(press?.timer); press = null; };
document.addEventListener("pointermove", (event) => {
  if (press && Math.hypot(event.clientX - press.from.x, event.clientY - press.from.y) > 8) release();
});
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, release);
document.addEventListener("contextmenu", (event) => {
  if (event.pointerType === "touch" && event.target.closest("#list > .msg")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const row = event.target.closest("#list > .msg");
  if (!row || event.pointerType !== "touch" || !(held || chosen.size) || event.target.closest(".msg__check")) return;
  event.preventDefault();
  event.stopPropagation();
  if (!held) choose(row.dataset.id);
  held = false;
}, { capture: true });

