// The reading pane: opening and closing messages, with addresses that can be gone back to.
import { failure, fill, list, main, openId, part, placeUrl, reading, rowOf, rows, skeleton, words } from "./dom.js";
import { load } from "./list.js";

let loading;

export async function open(url, { push = true, focus = false } = {}) {
  if (!reading()) { location.href = url; return; }
  loading?.abort();
  loading = new AbortController();
  const id = /\/message\/(\d+)\//.exec(url)?.[1];
  mark(id);
  document.body.classList.add("view-read");
  if (push) history.pushState({ mail: true, place: placeUrl() }, "", url);
  const hide = skeleton(reading(), 5);
  try {
    const html = await part(url, "read", loading.signal);
    clearTimeout(hide);
    fill(reading(), html);
  } catch (error) {
    clearTimeout(hide);
    if (error.name !== "AbortError") failure(reading(), () => open(url, { push: false }));
    return;
  }
  seen(id);
  const subject = reading().querySelector("[data-subject]");
  if (subject) document.title = `${subject.textContent} · Tributary`;
  if (focus) subject?.focus({ preventScroll: true });
  place();
}

export function close({ push = true } = {}) {
  loading?.abort();
  const id = openId();
  document.body.classList.remove("view-read");
  if (!reading()) return;
  fill(reading(), document.getElementById("nothing-open").innerHTML);
  mark(null);
  if (push) history.pushState({ mail: true, place: placeUrl() }, "", placeUrl());
  document.title = `${main().querySelector("h1").textContent} · Tributary`;
  rowOf(id)?.querySelector(".msg__link").focus({ preventScroll: true });
}

export function step(by, options) {
  const all = rows();
  const next = all[all.indexOf(rowOf(openId())) + by];
  if (!next) return false;
  next.scrollIntoView({ block: "nearest" });
  open(next.querySelector(".msg__link").href, options);
  return true;
}

function mark(id) {
  rows().forEach((row) => {
    const here = row.dataset.id === id;
    row.classList.toggle("is-open", here);
    const link = row.querySelector(".msg__link");
    if (here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
}

function seen(id) {
  const row = rowOf(id);
  if (!row?.classList.contains("msg--unread")) return;
  row.classList.remove("msg--unread");
  row.querySelector(".msg__link .sr")?.remove();
  const toggle = row.querySelector("[data-toggle-read]");
  toggle.value = `unread:${id}`;
  toggle.title = words().unread;
  toggle.setAttribute("aria-label", words().unread);
  document.dispatchEvent(new CustomEvent("look-for-news", { detail: { quiet: true } }));
}

// "3 of 1,284" and the arrows
function place() {
  const label = reading()?.querySelector("[data-position]");
  if (!label) return;
  const all = rows();
  const at = all.indexOf(rowOf(openId()));
  const total = main().querySelector(".list-head")?.dataset.total || all.length;
  label.textContent = at < 0 ? "" : words().position.replace("{n}", at + 1).replace("{total}", Number(total).toLocaleString(document.documentElement.lang));
  const steps = reading().querySelectorAll("[data-go]");
  if (steps.length) {
    steps[0].disabled = at <= 0;
    steps[1].disabled = at < 0 || at >= all.length - 1;
  }
}
document.addEventListener("list-ready", () => { mark(openId()); place(); });
document.addEventListener("place-changed", () => {
  if (!openId()) return;
  document.body.classList.remove("view-read");
  fill(reading(), document.getElementById("nothing-open").innerHTML);
});

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const link = event.target.closest(".msg__link:not([data-compose])");
  if (link && list()) {
    event.preventDefault();
    open(link.href, { focus: event.detail === 0 || matchMedia("(width < 600px)").matches });
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
  history.replaceState({ mail: true, place: placeUrl() }, "", location.href);
  window.addEventListener("popstate", async (event) => {
    if (!event.state?.mail) return;
    const message = location.pathname.startsWith("/message/");
    if (event.state.place !== placeUrl()) await load(event.state.place, { push: false });
    if (message) open(location.href, { push: false });
    else close({ push: false });
  });
  if (openId()) { mark(openId()); rowOf(openId())?.scrollIntoView({ block: "center" }); }
  place();
}
