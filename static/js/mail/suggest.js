// What may be meant while somebody types into the search box; and what was searched for before,
// which only this browser knows.
import { announce } from "./dom.js";

const PAUSE = 120;
const KEPT = 8;
let pause;
let asking;
let at = -1;

const menuOf = (form) => form.querySelector("[data-suggestions]");
const options = (form) => [...menuOf(form).querySelectorAll("[role=option]")];
const keyOf = (form) => `searches:${form.dataset.owner}`;

function before(form) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(form)) || "[]").filter((one) => typeof one === "string");
  } catch {
    return [];
  }
}

// Remember what was searched for.
export function note(form) {
  close(form);
  const q = form.elements.q.value.trim();
  if (q.length < 2) return;
  localStorage.setItem(keyOf(form), JSON.stringify([q, ...before(form).filter((one) => one !== q)].slice(0, KEPT)));
}

// The word the caret stands behind: where it begins, and what it is.
function wordAt(input) {
  const upTo = input.value.slice(0, input.selectionStart ?? input.value.length);
  const found = /(?:[^\s"()]|"[^"]*"?)+$/.exec(upTo);
  return found ? { start: found.index, end: upTo.length, text: found[0] } : null;
}

function close(form) {
  clearTimeout(pause);
  asking?.abort();
  at = -1;
  menuOf(form).hidden = true;
  form.elements.q.removeAttribute("aria-activedescendant");
  form.elements.q.removeAttribute("aria-controls");
}

function line({ label, hint, kind }, number, take) {
  const one = document.createElement("div");
  one.className = "menu__item search__one";
  one.id = `search-option-${number}`;
  one.setAttribute("role", "option");
  one.setAttribute("aria-selected", "false");
  const icon = document.querySelector(".search .icon").cloneNode(true);
  const use = icon.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#i-${kind}`));
  const name = document.createElement("span");
  name.className = "truncate";
  name.dir = "auto";
  name.textContent = label;
  const more = document.createElement("span");
  more.className = "help truncate";
  more.dir = "auto";
  more.textContent = hint;
  one.append(icon, name, more);
  one.addEventListener("pointerdown", (event) => { event.preventDefault(); take(); });
  one.take = take;
  return one;
}

function show(form, lines, heading = "") {
  const menu = menuOf(form);
  at = -1;
  if (!lines.length || document.activeElement !== form.elements.q) { close(form); return; }
  menu.replaceChildren(...lines);
  if (heading) {
    const head = document.createElement("div");
    head.className = "menu__head";
    head.setAttribute("role", "presentation");
    head.textContent = heading;
    menu.prepend(head);
  }
  menu.id = "search-suggestions";
  menu.setAttribute("role", "listbox");
  menu.setAttribute("aria-label", form.elements.q.labels[0].textContent.trim());
  menu.hidden = false;
  form.elements.q.setAttribute("aria-controls", menu.id);
  form.elements.q.removeAttribute("aria-activedescendant");
  announce(form.dataset.found.replace("{n}", lines.length));
}

function put(form, text, caret) {
  const input = form.elements.q;
  input.value = text;
  input.setSelectionRange(caret, caret);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function showBefore(form) {
  const lines = before(form).map((q, number) => line({ label: q, hint: "", kind: "clock" }, number, () => {
    put(form, q, q.length);
    form.requestSubmit();
  }));
  if (lines.length) {
    lines.push(line({ label: form.dataset.forget, hint: "", kind: "clear" }, lines.length, () => {
      localStorage.removeItem(keyOf(form));
      close(form);
    }));
  }
  show(form, lines, form.dataset.recent);
}

async function ask(form) {
  const input = form.elements.q;
  if (!input.value.trim()) { showBefore(form); return; }
  const word = wordAt(input);
  if (!word) { close(form); return; }
  asking?.abort();
  asking = new AbortController();
  let found;
  try {
    const answer = await fetch(`${form.dataset.suggestUrl}?${new URLSearchParams({ word: word.text })}`, { signal: asking.signal, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    found = (await answer.json()).suggestions;
  } catch {
    return; // the results themselves say what is wrong
  }
  const lines = found.map((one, number) => line(one, number, () => {
    const text = one.goes_on ? one.text : `${one.text} `;
    put(form, input.value.slice(0, word.start) + text + input.value.slice(word.end).trimStart(), word.start + text.length);
  }));
  show(form, lines);
}

function choose(form, number) {
  const all = options(form);
  at = (number + all.length + 1) % (all.length + 1);
  const input = form.elements.q;
  all.forEach((one, index) => {
    one.setAttribute("aria-selected", String(index === at));
    one.classList.toggle("menu__item--on", index === at);
  });
  if (all[at]) {
    input.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-search]");
  if (!form) return;
  clearTimeout(pause);
  pause = setTimeout(ask, PAUSE, form);
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-search] input[name=q]") && !event.target.value) showBefore(event.target.form);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches("[data-search] input[name=q]")) close(event.target.form);
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches("[data-search] input[name=q]") || event.isComposing) return;
  const form = event.target.form;
  const open = !menuOf(form).hidden;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const chosen = open && at >= 0 && at < options(form).length ? options(form)[at] : null;
  if (step && open) choose(form, at < 0 ? (step > 0 ? 0 : options(form).length - 1) : at + step);
  else if (step && event.key === "ArrowDown") ask(form);
  else if (event.key === "Enter" && chosen) chosen.take();
  else if (event.key === "Tab" && chosen && !event.shiftKey) chosen.take();
  else if (event.key === "Escape" && open) close(form);
  else if (event.key === "Escape") event.target.blur(); // what was searched for stays
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
