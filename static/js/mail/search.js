// The search box: results while one types, and one step back for each search.
import { list, placeUrl } from "./dom.js";
import { load } from "./list.js";
import { note } from "./suggest.js";

const PAUSE = 250;
export const box = () => document.querySelector("[data-search] input[name=q]");
let pause;
let turn = 0;
// While one goes on typing, the results replace each other in the history.
let going = false;
// What comes was asked for by the box: what stands in it is that, or newer.
let isOwn = false;

function address(form) {
  const q = form.elements.q.value.trim();
  const near = form.elements.near?.value;
  if (!q) return near ? `/folder/${near}/` : "/";
  const pairs = new URLSearchParams({ q });
  for (const name of ["in", "near"]) {
    const value = form.elements[name]?.value;
    if (value && !(name === "near" && form.elements.in)) pairs.append(name, value);
  }
  return `${form.action}?${pairs}`;
}

const asked = (url) => new URL(url, location.href).searchParams.get("q") ?? "";

async function search(form) {
  clearTimeout(pause);
  const target = address(form);
  const mine = (turn += 1);
  if (new URL(target, location.href).href === new URL(placeUrl(), location.href).href) return;
  isOwn = true;
  await load(target, { push: !going });
  if (mine === turn) isOwn = false;
  // Another one overtook it, or it could not be loaded.
  if (mine !== turn || asked(placeUrl()) !== asked(target)) return;
  if (going) history.replaceState({ mail: true, place: placeUrl() }, "", target);
  going = true;
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-search]") || !list()) return;
  event.preventDefault();
  search(event.target);
  note(event.target);
  going = false;
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-search]");
  if (!form || !list() || event.isComposing) return;
  clearTimeout(pause);
  pause = setTimeout(search, PAUSE, form);
});
document.addEventListener("compositionend", (event) => event.target.closest("[data-search]") && event.target.dispatchEvent(new Event("input", { bubbles: true })));
document.addEventListener("focusout", (event) => {
  if (!event.target.matches("[data-search] input")) return;
  // Whoever goes on to a result wants the list as it is.
  if (list()?.contains(event.relatedTarget)) clearTimeout(pause);
  if (going) note(event.target.form);
  going = false;
});
addEventListener("popstate", () => {
  going = isOwn = false;
  clearTimeout(pause);
  turn += 1;
});

document.addEventListener("place-changed", () => {
  const here = asked(placeUrl());
  const input = box();
  // Back, forward and the chips change the words; whoever types them is left alone.
  if (input && input.value.trim() !== here && !isOwn && (document.activeElement !== input || !going)) input.value = here;
  for (const link of document.querySelectorAll("#tree a[data-saved]")) {
    if (here && asked(link.href) === here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
});
// After a chip was taken away by keyboard, one goes on in the box.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-said]") && event.detail === 0) box()?.focus();
});
// What was typed before this began is searched for now.
const early = box();
if (early && early === document.activeElement && early.value.trim() !== asked(placeUrl())) {
  early.dispatchEvent(new Event("input", { bubbles: true }));
}
