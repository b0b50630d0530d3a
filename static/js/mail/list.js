// The list beside the message: other folders, filters and searches, and the newest rows.
import { setDrawer } from "../shell.js";
import { toast } from "../toast.js";
import { chosen, fill, fragment, list, main, openId, part, placeUrl, scroller, skeleton, troubled } from "./dom.js";
import { cursorOf, entriesOf } from "./pages.js";
import { selectNone } from "./selection.js";
import { begin, change, forgetTries, leaving, mark, measure, showEmpty, standing } from "./stage.js";

// ---- another folder, view, filter or search
let loading;
export async function load(url, { push = true, where = null } = {}) {
  loading?.abort();
  loading = new AbortController();
  const pane = main();
  const typing = pane.querySelector("input[name=q]") === document.activeElement;
  if (push) remember();
  const stood = standing();
  const hide = skeleton(list());
  try {
    const html = await part(url, "list", loading.signal);
    clearTimeout(hide);
    if (typing) keepTyping(pane, html);
    else fill(pane, html);
  } catch (error) {
    clearTimeout(hide);
    if (error.name === "AbortError") return;
    stay(stood, () => load(url, { push }));
    return;
  }
  if (push) history.pushState({ mail: true, place: placeUrl() }, "", url);
  chosen.clear();
  start(where);
  document.dispatchEvent(new CustomEvent("place-changed", { detail: { url } }));
  mark(openId());
  document.title = `${pane.querySelector("h1").textContent} · Tributary`;
}

// The list that was there goes on to be one, with a note above it of what could not be loaded.
function stay(stood, again) {
  setDrawer(false);
  measure(stood);
  main().querySelector(":scope > .pane__note")?.remove();
  const note = troubled(again);
  note.classList.add("pane__note--above");
  scroller().before(note);
}

function start(where = null) {
  begin(where);
  selectNone();
  showEmpty();
  document.dispatchEvent(new CustomEvent("list-ready"));
}

function keepTyping(pane, html) {
  const bar = pane.querySelector(".list-bar");
  const fresh = fragment(html);
  fresh.querySelector(".list-bar").remove();
  [...pane.children].forEach((child) => child === bar || child.remove());
  pane.append(fresh);
  window.htmx?.process(pane);
}

// ---- where the list is scrolled to belongs to the address it is gone back to by
function remember() {
  const where = standing();
  if (where) history.replaceState({ ...history.state, where }, "");
}
let rest = 0;
document.addEventListener("scroll", (event) => {
  if (event.target !== scroller()) return;
  clearTimeout(rest);
  rest = setTimeout(() => { rest = 0; remember(); }, 150);
}, { capture: true, passive: true });
// Only where it was not yet: to ask for the place can take as long as the next page's first list.
addEventListener("pagehide", () => rest && remember());

// ---- the newest rows, merged without disturbing what the reader does; how many of them are new,
// or null where one is told to be as it was and is not here any more
export function merge(html, total) {
  const fresh = fragment(html);
  const rows = entriesOf(fresh, cursorOf(fresh));
  if (rows.some((one) => !one.mark)) return null;
  forgetTries();
  leaving.clear();
  return change((shelf) => {
    const arrived = shelf.renew(rows, total, openId());
    if (total !== null) shelf.reach(total);
    else if (!cursorOf(fresh)) shelf.reach(rows.length);
    return arrived;
  });
}

// ---- something was written, sent or discarded: numbers change, and in Drafts the list itself
document.addEventListener("drafts-changed", () => {
  if (!list()) return;
  if (scroller()?.dataset.role === "drafts") load(placeUrl(), { push: false });
  document.dispatchEvent(new CustomEvent("look-for-news", { detail: { force: true, quiet: true } }));
});

// ---- what is looked at was deleted in another window
document.addEventListener("place-gone", () => {
  toast({ text: document.getElementById("words").dataset.gone });
  document.dispatchEvent(new CustomEvent("tree-changed"));
  load("/");
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-place], a[data-filter], a[data-refresh]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !list()) return;
  event.preventDefault();
  if (link.matches("[data-refresh]")) document.dispatchEvent(new CustomEvent("look-for-news"));
  else load(link.href);
});

// A page for those without scripts may begin anywhere in the list.
if (list()) {
  if (new URLSearchParams(location.search).has("before")) load(placeUrl(), { push: false });
  else start(history.state?.where ?? null);
}
