// Writing: links that would open a compose page open a window in the dock instead.
import { csrfHeaders, post, toast } from "./toast.js";
import { listen } from "./compose/acting.js";
import { drop, kept, keysKept } from "./compose/keeper.js";
import { isElsewhere } from "./compose/tabs.js";
import "./compose/window.js";

const MOST = 3;
const OPEN = "tributary-open";

function dock() {
  let holder = document.getElementById("dock");
  if (!holder) {
    holder = document.createElement("div");
    holder.id = "dock";
    holder.className = "dock";
    document.body.append(holder);
  }
  return holder;
}
const windows = () => [...(document.getElementById("dock")?.children ?? [])];

// At most so many are open; to open one more, the oldest that is folded away is saved and closed.
async function makeRoom() {
  const all = windows();
  if (all.length < MOST) return true;
  const oldest = all.find((one) => one.classList.contains("compose--min")) ?? all[0];
  await oldest.close();
  return windows().length < MOST;
}

async function fetched(url) {
  try {
    const answer = await fetch(url, { headers: { ...csrfHeaders(), "X-Part": "window" } });
    if (answer.status === 404) return { lost: "gone" };
    if (!answer.ok || answer.redirected) return null;
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    return document.importNode(holder.content, true).querySelector("compose-window");
  } catch {
    return { lost: "offline" };
  }
}

async function openWindow(url, { isQuiet = false, isFolded = false } = {}) {
  if (!isFolded) prepare();
  const made = await fetched(url);
  if (!made || made.lost) {
    if (!isQuiet && made) toast({ text: document.getElementById("words").dataset[made.lost] });
    else if (!isQuiet) location.href = url;
    return null;
  }
  // The same draft is never open twice in one page: its window comes to the front.
  const open = windows().find((one) => one.key === made.dataset.key);
  if (open) {
    if (!isQuiet) open.raise();
    return open;
  }
  // One that was opened again, but was never typed in, has nothing to come back for.
  if (isQuiet && !("stored" in made.dataset) && !kept(made.dataset.owner, made.dataset.key)) return null;
  if (!(await makeRoom())) {
    toast({ text: made.querySelector("[data-words]").dataset.tooMany3 });
    return null;
  }
  const others = windows();
  if (!isQuiet) for (const one of others) one.minimise(others.length >= MOST - 1);
  made.cameFrom = document.activeElement;
  dock().append(made);
  if (isFolded) made.minimise(true);
  if (!isQuiet) made.start();
  return made;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-compose], a[href^='mailto:'][data-mailto]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  openWindow(link.href);
});

listen(openWindow);

async function unarchive(token) {
  const body = new FormData();
  body.append("token", token);
  await post(document.getElementById("mail-words")?.dataset.undoUrl ?? "/mail/undo/", body);
}

// ---- what was sent, discarded or taken back, with the way back
document.addEventListener("compose-done", (event) => {
  const { text, undo, seconds, archived } = event.detail;
  const onUndo = undo && (async () => {
    if (archived) await unarchive(archived);
    const answer = await fetch(undo, { method: "POST", headers: { ...csrfHeaders(), "X-Part": "json" } });
    const facts = await answer.json();
    if (answer.ok) openWindow(facts.open);
    else toast({ text: facts.text });
  });
  toast({ text, onUndo, life: seconds * 1000 || undefined });
});

// ---- open windows come back after a reload or a crash of this tab
let isRestoring = true;
document.addEventListener("compose-changed", () => {
  if (isRestoring) return;
  const open = windows().map((one) => ({ key: one.key, isFolded: one.classList.contains("compose--min") }));
  try {
    sessionStorage.setItem(OPEN, JSON.stringify(open));
  } catch { /* full or not allowed here */ }
});

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(OPEN)) ?? [];
  } catch {
    return [];
  }
}

const again = (key) => `/compose/?key=${encodeURIComponent(key)}`;

async function restore() {
  const owner = document.getElementById("compose-kept")?.dataset.owner;
  if (!owner || document.querySelector("compose-window.compose--page")) return;
  for (const { key, isFolded } of remembered().slice(0, MOST)) {
    await openWindow(again(key), { isQuiet: true, isFolded });
  }
  await offer(owner);
}

// Words of a window that closed with its browser: offered, not forced upon anybody.
async function offer(owner) {
  const open = new Set(windows().map((one) => one.key));
  for (const key of keysKept(owner)) {
    if (open.has(key) || (await isElsewhere(key))) continue;
    const found = kept(owner, key);
    if (!found) continue;
    const { bar } = document.getElementById("compose-kept").dataset;
    const what = (found.words.subject || found.words.to || found.words.body || "").slice(0, 60);
    const at = new Date(found.at).toLocaleString(document.documentElement.lang, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const holder = document.getElementById("compose-kept").content.firstElementChild.cloneNode(true);
    holder.querySelector("p").textContent = bar.replace("%s", what).replace("%t", at);
    holder.querySelector("[data-open]").addEventListener("click", () => { holder.remove(); openWindow(again(key)); });
    holder.querySelector("[data-forget]").addEventListener("click", () => { holder.remove(); drop(owner, key); });
    dock().before(holder);
    return;
  }
}

restore().finally(() => { isRestoring = false; document.dispatchEvent(new CustomEvent("compose-changed")); });

// The editor is half of what a page would load, so it comes with the first sign that somebody is
// about to write, and beside the window that is asked for.
function prepare() {
  import("./compose/editor.js").catch(() => {});
}
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => { if (event.target.closest?.("a[data-compose]")) prepare(); }, { passive: true });
}
