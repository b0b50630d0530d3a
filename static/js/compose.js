// Writing: links that would open a compose page open a window in the dock instead.
import { csrfHeaders, toast } from "./toast.js";
import "./compose/window.js";

const MOST = 3;

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

// The same draft is never open twice in one page: its window comes to the front.
function already(html) {
  const url = html.dataset.saveUrl;
  return [...dock().children].find((one) => one.dataset.saveUrl === url);
}

export async function openWindow(url) {
  let answer;
  try {
    answer = await fetch(url, { headers: { ...csrfHeaders(), "X-Part": "window" } });
  } catch {
    answer = { ok: false };
  }
  if (!answer.ok || answer.redirected) {
    location.href = url;
    return;
  }
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const made = document.importNode(holder.content, true).querySelector("compose-window");
  const open = already(made);
  if (open) {
    open.raise();
    return;
  }
  const windows = [...dock().children];
  for (const one of windows) one.minimise(windows.length >= MOST - 1);
  made.cameFrom = document.activeElement;
  dock().append(made);
  made.start();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-compose], a[href^='mailto:'][data-mailto]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  openWindow(link.href);
});

// What was sent, discarded or taken back, with the way back.
document.addEventListener("compose-done", (event) => {
  const { text, undo } = event.detail;
  const onUndo = undo && (async () => {
    const answer = await fetch(undo, { method: "POST", headers: { ...csrfHeaders(), "X-Part": "json" } });
    const facts = await answer.json();
    if (answer.ok) openWindow(facts.open);
    else toast({ text: facts.text });
  });
  toast({ text, onUndo });
});
