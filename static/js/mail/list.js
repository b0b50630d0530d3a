// The message list: older pages, selection, other folders and filters, the newest rows.
import { announce, checkedIds, failure, fill, fragment, list, main, openId, part, placeUrl, rowOf, rows, scroller, skeleton, words } from "./dom.js";

// What a row looked like when the server sent it; tells a changed row from an unchanged one.
const sent = new WeakMap();
const remember = () => rows().forEach((row) => sent.has(row) || sent.set(row, row.outerHTML));

// ---- older messages: the last line of the list fetches the next page when it comes near
let watcher;
function watch() {
  watcher?.disconnect();
  const more = list()?.querySelector("[data-more]");
  if (!more) return;
  watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && older(more), {
    root: scroller(), rootMargin: "1200px",
  });
  watcher.observe(more);
}

async function older(more) {
  watcher.disconnect();
  const link = more.querySelector("a");
  link.setAttribute("aria-busy", "true");
  try {
    const page = fragment(await part(link.href, "rows"));
    const days = list().querySelectorAll(".list__day");
    const first = page.querySelector(".list__day");
    if (first && days.length && days[days.length - 1].dataset.day === first.dataset.day) first.remove();
    page.querySelectorAll(".msg").forEach((row) => rowOf(row.dataset.id) && row.remove());
    more.replaceWith(page);
    ready();
  } catch {
    link.removeAttribute("aria-busy");
    link.textContent = words().again;
  }
}

// ---- after any change of the list
export function ready() {
  remember();
  watch();
  document.dispatchEvent(new CustomEvent("list-ready"));
}

export function showEmpty() {
  for (const day of list().querySelectorAll(".list__day")) {
    if (!day.nextElementSibling?.classList.contains("msg")) day.remove();
  }
  const empty = document.getElementById("list-empty");
  const more = list().querySelector("[data-more]");
  if (empty) empty.hidden = rows().length > 0 || Boolean(more) || Boolean(scroller().querySelector("[data-draft]"));
}

// ---- another folder, view, filter or search
let loading;
export async function load(url, { push = true } = {}) {
  loading?.abort();
  loading = new AbortController();
  const pane = main();
  const typing = pane.querySelector("input[name=q]") === document.activeElement;
  const hide = skeleton(list());
  try {
    const html = await part(url, "list", loading.signal);
    clearTimeout(hide);
    if (typing) keepTyping(pane, html);
    else fill(pane, html);
  } catch (error) {
    clearTimeout(hide);
    if (error.name === "AbortError") return;
    failure(scroller(), () => load(url, { push: false }));
    return;
  }
  if (push) history.pushState({ mail: true, place: placeUrl() }, "", url);
  document.dispatchEvent(new CustomEvent("place-changed", { detail: { url } }));
  document.title = `${pane.querySelector("h1").textContent} · Tributary`;
  ready();
}

function keepTyping(pane, html) {
  const bar = pane.querySelector(".list-bar");
  const fresh = fragment(html);
  fresh.querySelector(".list-bar").remove();
  [...pane.children].forEach((child) => child === bar || child.remove());
  pane.append(fresh);
  window.htmx?.process(pane);
}

// A message that no longer passes the filter stays in its place for as long as it is being read.
function keepOpen(known) {
  const row = known.get(openId());
  if (!row || rowOf(openId())) return;
  const before = [...known.values()];
  const above = before.slice(0, before.indexOf(row)).reverse().find((one) => rowOf(one.dataset.id));
  if (above) rowOf(above.dataset.id).after(row);
  else if (list().querySelector(".list__day")) list().querySelector(".list__day").after(row);
  else list().prepend(row);
}

// ---- the newest rows, merged without disturbing what the reader does
export function merge(html) {
  const fresh = fragment(html);
  const last = [...fresh.querySelectorAll(".msg")].pop();
  const anchor = last && rowOf(last.dataset.id);
  const known = new Map(rows().map((row) => [row.dataset.id, row]));
  const selected = new Set(checkedIds());
  const focused = document.activeElement?.closest?.(".msg")?.dataset.id;
  let arrived = 0;
  const head = [...fresh.children].map((line) => {
    if (!line.classList.contains("msg")) return line;
    const old = known.get(line.dataset.id);
    if (!old) arrived += 1;
    if (old && sent.get(old) === line.outerHTML) return old;
    sent.set(line, line.outerHTML);
    if (selected.has(line.dataset.id)) line.querySelector(".msg__check").checked = true;
    if (old?.classList.contains("is-open")) line.classList.add("is-open");
    return line;
  });
  if (anchor) {
    const tail = [];
    for (let line = anchor.nextElementSibling; line; line = line.nextElementSibling) tail.push(line);
    list().replaceChildren(...head.filter((line) => !line.matches("[data-more]") || !tail.length), ...tail);
  } else {
    list().replaceChildren(...head);
  }
  keepOpen(known);
  if (focused && document.activeElement === document.body) rowOf(focused)?.querySelector(".msg__link").focus({ preventScroll: true });
  if (arrived) announce(words().newMail);
  showEmpty();
  ready();
}

// ---- something was written, sent or discarded: numbers change, and in Drafts the list itself
document.addEventListener("drafts-changed", () => {
  if (!list()) return;
  if (scroller()?.dataset.role === "drafts") load(placeUrl(), { push: false });
  document.dispatchEvent(new CustomEvent("look-for-news", { detail: { force: true, quiet: true } }));
});

// ---- selection
let last = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest(".msg__check");
  if (box) {
    const all = rows();
    const here = all.indexOf(box.closest(".msg"));
    const from = all.indexOf(rowOf(last));
    if (event.shiftKey && from >= 0) {
      for (const row of all.slice(Math.min(here, from), Math.max(here, from) + 1)) row.querySelector(".msg__check").checked = box.checked;
    }
    last = box.value;
    showSelection();
    return;
  }
  if (event.target.closest("[data-select-none]")) selectNone();
  const link = event.target.closest("a[data-place], a[data-filter], a[data-refresh]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !list()) return;
  event.preventDefault();
  if (link.matches("[data-refresh]")) document.dispatchEvent(new CustomEvent("look-for-news"));
  else load(link.href);
});

export function selectNone() {
  list().querySelectorAll(".msg__check:checked").forEach((box) => { box.checked = false; });
  showSelection();
}

export function showSelection() {
  const label = main().querySelector("[data-selected]");
  if (label) label.textContent = words().selected.replace("{n}", checkedIds().length);
}

// ---- search: on Enter, and while typing
let pause;
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-search]") || !list()) return;
  event.preventDefault();
  clearTimeout(pause);
  search(event.target);
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-search]");
  if (!form || !list()) return;
  clearTimeout(pause);
  pause = setTimeout(() => search(form), 300);
});
function search(form) {
  const q = form.elements.q.value.trim();
  const target = q ? `${form.action}?${new URLSearchParams({ q })}` : "/";
  if (new URL(target, location.href).href !== location.href) load(target);
}

if (list()) ready();
