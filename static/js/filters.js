// Filters: their order by dragging and by keys, and a form whose fields follow what is chosen.
// Without it every row has buttons for up and down, and the form a button that does the same.
import { csrfHeaders, toast } from "./toast.js";

const card = () => document.querySelector("[data-filters]");
const rows = () => [...document.querySelectorAll("[data-filter]")];
const order = () => rows().map((one) => one.dataset.filter);
let dragged = null;
let before = [];

const say = (row) => {
  const values = { name: row.dataset.name, at: rows().indexOf(row) + 1, all: rows().length };
  const words = card().dataset.moved.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);
  document.querySelector("[data-filters-said]").textContent = words;
};

// The first cannot go up and the last cannot go down.
function settle() {
  rows().forEach((row, at, all) => {
    row.querySelector('[data-shift="-1"] button').disabled = at === 0;
    row.querySelector('[data-shift="1"] button').disabled = at === all.length - 1;
  });
}

function put(keys) {
  const list = card().querySelector(".filters");
  const found = new Map(rows().map((one) => [one.dataset.filter, one]));
  keys.forEach((key) => found.has(key) && list.append(found.get(key)));
  settle();
}

// One after the other, so that the last order sent is the one that stays.
let turn = Promise.resolve();
function send(keys, was) {
  turn = turn.then(async () => {
    const body = new FormData();
    body.set("keys", keys.join(","));
    const answer = await fetch(card().dataset.filters, { method: "POST", body, headers: csrfHeaders() });
    if (!answer.ok) throw new Error(String(answer.status));
    // Whoever has to prove who they are is sent there.
    const way = answer.headers.get("HX-Redirect");
    if (way) location.assign(way);
  }).catch(() => {
    put(was);
    toast({ text: document.getElementById("words").dataset.failed });
  });
}

function keep(was) {
  const now = order();
  if (now.join() === was.join()) return;
  settle();
  send(now, was);
  toast({ text: card().dataset.ordered, onUndo: () => { put(was); send(was, now); } });
}

function shift(row, by) {
  const was = order();
  const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other?.matches("[data-filter]")) return;
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  if (by < 0) other.before(row); else other.after(row);
  keep(was);
  say(row);
  if (!focused) return;
  // A button at the end of its way cannot be pressed again; the row has the focus then.
  if (focused.disabled) row.querySelector(".item__link").focus(); else focused.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-shift]");
  if (!form) return;
  event.preventDefault();
  shift(form.closest("[data-filter]"), Number(form.dataset.shift));
});
document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-filter]");
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!row || !by || !event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  shift(row, by);
});

// ---- dragging, by the grip alone: text can be selected, links can be dragged elsewhere
document.addEventListener("pointerdown", (event) => {
  rows().forEach((one) => { one.draggable = Boolean(event.target.closest?.("[data-grip]")) && one.contains(event.target); });
});
document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.('[data-filter][draggable="true"]');
  if (!row) return;
  dragged = row;
  before = order();
  row.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("application/x-tributary-filter", row.dataset.filter);
});
document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest?.("[data-filters] .filters");
  if (!over) return;
  event.preventDefault();
  const row = event.target.closest("[data-filter]");
  if (!row || row === dragged) return;
  const box = row.getBoundingClientRect();
  if (event.clientY < box.top + box.height / 2) row.before(dragged); else row.after(dragged);
});
document.addEventListener("drop", (event) => {
  if (!dragged || !event.target.closest?.("[data-filters]")) return;
  event.preventDefault();
  keep(before);
  say(dragged);
  before = [];
});
document.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.classList.remove("is-dragged");
  dragged.draggable = false;
  dragged = null;
  if (before.length) put(before); // dropped elsewhere: as it was
  before = [];
});

// ---- the form
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-shapes]")) document.getElementById("shape")?.click();
});
// What was added or is wrong has the focus; where a line went, what would add another one.
const form = () => document.getElementById("filter-form");
const wanted = () => form()?.querySelector("[data-focus]") ?? form()?.querySelector("[aria-invalid=true]");
let dropped = "";
document.addEventListener("htmx:before:swap", () => {
  dropped = document.activeElement?.value?.match?.(/^drop-(condition|action)-/)?.[1] ?? "";
});
document.addEventListener("htmx:after:swap", () => {
  const lost = [document.body, form()].includes(document.activeElement);
  (wanted() ?? (lost && dropped ? document.getElementById(`add-${dropped}`) : null))?.focus();
});
// On a phone a keyboard would hide the form it is about.
const isTyped = !matchMedia("(pointer: coarse)").matches;
(wanted() ?? (isTyped ? form()?.querySelector("[data-first]") : null))?.focus();
// What is written in it is not lost by one wrong press: the browser asks before it leaves.
let isWritten = Boolean(form()?.matches("[data-written], :has([aria-invalid=true])"));
const isOfForm = (event) => Boolean(event.target.closest?.("[data-filter-form]"));
document.addEventListener("input", (event) => { isWritten ||= isOfForm(event); });
document.addEventListener("submit", (event) => { if (isOfForm(event)) isWritten = false; });
addEventListener("beforeunload", (event) => { if (isWritten) event.preventDefault(); });
// The menu is gone when its dialog opens; its button has the focus back afterwards.
document.addEventListener("click", (event) => {
  event.target.closest?.(".filter .menu__item[hx-get]")?.closest("details").querySelector("summary").focus();
});
