// Frames of messages: as tall as what they hold, and their keys where the page looks for them.
// A frame's origin is opaque, so what it says is believed no further than a mail may reach: a
// height within bounds, a key the page knows while the frame has the focus, the target of a link.
const KEYS = new Set([..."abcdefghijklmnopqrstuvwxyzIJKU#!/?*[]", "Delete", "Escape"]);
const LEAST = 24;
const MOST = 200_000;
// What fits no frame within this time is shown in one that scrolls.
const PATIENCE = 1500;
const KEPT = 300;
const heights = new Map();
const frames = () => [...document.querySelectorAll("iframe[data-frame]:not([data-frame=parked])")];
// How wide frames are; asked for only where the page is laid out already.
let width = 0;
addEventListener("resize", () => { width = 0; });
const nameOf = (frame) => `${frame.closest("[data-letter]")?.dataset.letter} ${width}`;

function size(frame, height) {
  frame.style.blockSize = `${Math.min(MOST, Math.max(LEAST, Math.round(height)))}px`;
  frame.dataset.frame = "sized";
}

function remember(frame, height) {
  width = frame.clientWidth;
  const name = nameOf(frame);
  heights.delete(name);
  heights.set(name, height);
  if (heights.size > KEPT) heights.delete(heights.keys().next().value);
}

function meet(frame) {
  const isTaken = frame.dataset.frame === "taken"; // what it shows is not there yet (takeover.js)
  if (frame.dataset.frame && !isTaken) return;
  const known = heights.get(nameOf(frame));
  frame.dataset.frame = "waiting";
  if (known && isTaken) frame.style.blockSize = `${known}px`;
  else if (known) size(frame, known);
  ask(frame, 30);
  const { turn } = frame.dataset;
  setTimeout(() => {
    if (frame.dataset.frame !== "waiting" || frame.dataset.turn !== turn) return;
    if (turn) renew(frame);
    else frame.dataset.frame = "scrolls";
  }, PATIENCE);
}

// One that was taken over and says nothing any more gives way to one of its own.
function renew(frame) {
  const fresh = frame.cloneNode();
  fresh.removeAttribute("style");
  fresh.src = frame.dataset.of;
  for (const name of ["of", "turn", "loads", "said"]) delete fresh.dataset[name];
  fresh.dataset.frame = "";
  frame.replaceWith(fresh);
}

// What it said may have come before anybody listened, or before it knew its own width.
function ask(frame, wait) {
  if (!frame.isConnected || wait > PATIENCE) return;
  frame.contentWindow?.postMessage("how tall?", "*");
  if (frame.dataset.frame === "waiting") setTimeout(ask, wait, frame, 2 * wait);
}

function press(frame, key, mod) {
  if (document.activeElement !== frame || !(mod ? key === "k" : KEYS.has(key))) return;
  frame.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey: mod, bubbles: true, cancelable: true }));
}

addEventListener("message", (event) => {
  if (event.origin !== "null" || typeof event.data !== "object" || !event.data) return;
  const frame = frames().find((one) => one.contentWindow === event.source);
  if (!frame) return;
  if (frame.dataset.frame === "coming") { frame.dataset.frame = "parked"; return; }
  const { height, turn, key, mod, link } = event.data;
  if (Number.isFinite(height)) {
    if (String(turn) !== (frame.dataset.turn ?? "0")) return; // of what it held before
    frame.dataset.said = "";
    remember(frame, height); // first, while nothing has to be laid out for it
    size(frame, height);
  } else if (typeof key === "string") {
    press(frame, key, mod === true);
  } else if (typeof link === "string") {
    frame.dispatchEvent(new CustomEvent("link-target", { bubbles: true, detail: link.slice(0, 2000) }));
  }
});

// Where a link leads, as browsers show it: at the foot of the pane, gone when the pointer is.
document.addEventListener("link-target", (event) => {
  const pane = event.target.closest(".pane--read");
  let line = pane?.querySelector(":scope > .link-target");
  if (!pane || (!line && !event.detail)) return;
  if (!line) {
    line = document.createElement("output");
    line.className = "link-target";
    line.dir = "ltr";
    line.setAttribute("aria-live", "off");
    pane.append(line);
  }
  line.textContent = event.detail;
  line.hidden = !event.detail;
});

new MutationObserver(() => frames().forEach(meet)).observe(document.body, { childList: true, subtree: true });
frames().forEach(meet);
