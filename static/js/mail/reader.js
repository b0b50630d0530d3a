// The reading pane: opening and closing messages, with addresses that can be gone back to.
import { failure, fragment, list, main, openId, painted, part, placeUrl, reading, rowOf, settled, single, skeleton } from "./dom.js";
import { show } from "./flags.js";
import { load } from "./list.js";
import { ahead, kept } from "./prefetch.js";
import { indexOf, mark, reveal, total } from "./stage.js";
import { tellNumber } from "./standing.js";
import { INSIDE, takeOver } from "./takeover.js";

let loading;

// With "drawn" the list is drawn first as it is now; what is pressed meanwhile means this message.
export async function open(url, { push = true, focus = false, drawn = false } = {}) {
  if (!reading()) { location.href = url; return; }
  loading?.abort();
  const mine = loading = new AbortController();
  const id = /\/message\/(\d+)\//.exec(url)?.[1];
  mark(id);
  document.body.classList.add("view-read");
  if (drawn) {
    reading().querySelector("[data-message]").dataset.message = id;
    await painted();
    if (mine.signal.aborted) return;
  }
  const hide = skeleton(reading(), 5, { keep: true });
  mine.signal.addEventListener("abort", () => clearTimeout(hide));
  let known;
  try {
    const coming = bring(url, mine.signal);
    // The browser takes its time for this, and the server answers meanwhile.
    if (push) history.pushState({ mail: true, place: placeUrl() }, "", url);
    known = await coming;
    const { html } = known;
    clearTimeout(hide);
    if (mine.signal.aborted) return;
    takeOver(reading(), fragment(html));
    window.htmx?.process(reading());
  } catch (error) {
    clearTimeout(hide);
    if (error.name !== "AbortError") failure(reading(), () => open(url, { push: false }));
    return;
  }
  seen(id, known.told);
  const subject = reading().querySelector("[data-subject]");
  if (subject) document.title = `${subject.textContent} · Tributary`;
  if (focus) subject?.focus({ preventScroll: true });
  // What a search found may stand far down in its conversation.
  reading().querySelector(`.letter + [data-letter="${id}"] .letter__head`)?.scrollIntoView({ block: "nearest" });
  tellNumber();
  ahead(id);
}

// What is here already, else what the server sends.
async function bring(url, signal) {
  return await kept(url) ?? { html: await part(url, "read", signal, INSIDE) };
}

function showNothing() {
  takeOver(reading(), fragment(document.getElementById("nothing-open").innerHTML));
  window.htmx?.process(reading());
}

export function close({ push = true } = {}) {
  loading?.abort();
  const id = openId();
  document.body.classList.remove("view-read");
  if (!reading()) return;
  showNothing();
  mark(null);
  if (push) history.pushState({ mail: true, place: placeUrl() }, "", placeUrl());
  document.title = `${main().querySelector("h1").textContent} · Tributary`;
  rowOf(id)?.querySelector(".msg__link").focus({ preventScroll: true });
}

export function step(by, options) {
  const at = indexOf(openId()) + by;
  if (at < 0 || at >= total() || indexOf(openId()) < 0) return false;
  reveal(at).then((next) => next && open(next.node.querySelector(".msg__link").href, options));
  return true;
}

async function seen(id, told) {
  if (!rowOf(id)?.classList.contains("msg--unread")) return;
  show(id, "read");
  await Promise.all([told, settled()]);
  document.dispatchEvent(new CustomEvent("look-for-news", { detail: { quiet: true } }));
}

document.addEventListener("place-changed", () => {
  if (!openId()) return;
  document.body.classList.remove("view-read");
  showNothing();
});

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const link = event.target.closest(".msg__link:not([data-compose])");
  if (link && list()) {
    event.preventDefault();
    open(link.href, { focus: event.detail === 0 || single() });
    return;
  }
  if (event.target.closest("[data-back]") && list()) {
    event.preventDefault();
    close();
  }
  const go = event.target.closest("[data-go]");
  if (go) step(Number(go.dataset.go));
});

// ---- back and forward
if (list()) {
  // Not all of the old state: htmx would go back in its own way.
  history.replaceState({ mail: true, place: placeUrl(), where: history.state?.where }, "", location.href);
  window.addEventListener("popstate", async (event) => {
    if (!event.state?.mail) return;
    const message = location.pathname.startsWith("/message/");
    if (event.state.place !== placeUrl()) await load(event.state.place, { push: false, where: event.state.where });
    if (message) open(location.href, { push: false });
    else close({ push: false });
  });
  if (openId()) { mark(openId()); reveal(indexOf(openId())); }
  tellNumber();
}
