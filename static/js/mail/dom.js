// Where things are on the mail screen, and how parts of it are fetched.
export const words = () => document.getElementById("mail-words")?.dataset ?? {};
export const main = () => document.getElementById("main");
export const list = () => document.getElementById("list");
export const scroller = () => document.getElementById("scroller");
export const reading = () => document.getElementById("reading");
// Every row that is here, drawn or not; the stage fills it.
export const shelved = { known: new Map() };
export const rowOf = (id) => shelved.known.get(String(id))?.node ?? null;
export const placeUrl = () => scroller()?.dataset.placeUrl ?? location.pathname;
export const openId = () => reading()?.querySelector("[data-message]")?.dataset.message ?? null;
// The ids of what is selected, wherever the list is scrolled to.
export const chosen = new Set();
export const checkedIds = () => [...chosen];
// Whether a message stands in place of the list.
export const single = () => matchMedia("(width < 600px)").matches || document.getElementById("panes")?.dataset.layout === "none";

export const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));

// When what has just been changed is on the screen. A page that is hidden draws nothing.
export const painted = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); setTimeout(done, 100); });

// When the open message stands there, its frame as well, and the browser has nothing else to do.
export async function settled() {
  const coming = ":is([data-frame=''], [data-frame=taken], [data-frame=waiting])";
  for (let left = 30; left && reading()?.querySelector(`iframe${coming}`); left -= 1) await pause(50);
  await new Promise((done) => { whenIdle(done, { timeout: 1000 }); });
}
const pause = (time) => new Promise((done) => { setTimeout(done, time); });

export class Refused extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

// Whether somebody is asked to sign in instead: the session ended.
export const isSignIn = (answer) => answer.redirected && new URL(answer.url).pathname.startsWith("/sign-in");

// One part of a page: "read", "list" or "rows". Who wants to see it and is signed out comes to sign
// in; what is only fetched ahead takes nobody away from where they are.
export async function answerOf(url, name, signal, headers = {}) {
  const answer = await reach(url, { headers: { "X-Part": name, ...headers }, signal, credentials: "same-origin" });
  if (isSignIn(answer)) {
    if (!headers["X-Prefetch"]) location.reload();
    throw new Refused(401);
  }
  if (!answer.ok) throw new Refused(answer.status);
  return answer;
}
export const part = async (url, name, signal, headers) => textOf(await answerOf(url, name, signal, headers), name);

// The text of an answer, which the service worker keeps where it may, once nobody waits for it.
export async function textOf(answer, part) {
  const body = await answer.text();
  const kept = { url: answer.url, part, headers: [...answer.headers], body };
  const { controller } = navigator.serviceWorker ?? {};
  if (controller && answer.headers.has("X-Kept-For")) settled().then(() => controller.postMessage({ kept }));
  return body;
}

// Past the service worker, where the browser can do that, unless the network fails (sw.js).
async function reach(url, options) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    if (options.signal?.aborted || !navigator.serviceWorker?.controller) throw error;
    return fetch(url, { ...options, mode: "same-origin" });
  }
  dispatchEvent(new Event("tributary:reached"));
  return answer;
}

// Not by a template: what is made in one belongs to another document, and to bring it over takes as
// long as to make it.
export function fragment(html) {
  const holder = document.createElement("div");
  holder.innerHTML = html;
  const made = document.createDocumentFragment();
  made.append(...holder.childNodes);
  return made;
}

export function fill(holder, html) {
  delete holder.dataset.busy;
  holder.replaceChildren(fragment(html));
  window.htmx?.process(holder);
}

// A note with one button in place of what could not be loaded.
export function failure(holder, again) {
  delete holder.dataset.busy;
  holder.replaceChildren(troubled(again));
}
export function troubled(again) {
  const note = document.createElement("div");
  note.className = "pane__note";
  note.setAttribute("role", "alert");
  const text = document.createElement("p");
  text.textContent = words().loadFailed;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn";
  button.textContent = words().again;
  button.addEventListener("click", again);
  note.append(text, button);
  return note;
}

// Grey lines while something loads, but only when it takes longer than a blink. With "keep" what was
// there is out of sight and is no message any more, but not gone: its frame can be taken over.
export function skeleton(holder, count = 8, { keep = false } = {}) {
  return setTimeout(() => {
    const lines = document.createElement("ul");
    lines.className = "skels";
    lines.setAttribute("aria-hidden", "true");
    for (let i = 0; i < count; i += 1) {
      lines.append(fragment('<li><span class="skel skel--round"></span><div><span class="skel"></span><span class="skel"></span></div></li>'));
    }
    if (!keep) { holder.replaceChildren(lines); return; }
    holder.querySelector("[data-message]")?.removeAttribute("data-message");
    holder.dataset.busy = "";
    holder.prepend(lines);
  }, 200);
}

export function announce(text) {
  const region = document.getElementById("announce");
  if (region) region.textContent = text;
}
