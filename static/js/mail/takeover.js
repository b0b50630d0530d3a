// The frame of one message shows the next. A new page in a new frame takes the browser as long as all
// the rest of opening a message. The policy is the same for all that may load nothing from
// elsewhere, so one frame serves them: it is taken over into the new pane, where the browser can do
// that, and given what it is to show. While no pane needs it it waits, empty and out of sight.
import { part, words } from "./dom.js";

const CAN = "moveBefore" in Element.prototype;
const PLAIN = "iframe[data-frame]:not([src*='images='])";
const ONCE = ":is(:not([data-loads]), [data-loads='1'])";
const STILL = `${PLAIN}[data-frame=sized][data-said]${ONCE}`;
const WAITING = `${PLAIN}[data-frame=parked]${ONCE}`;
let turns = 0;
let parking = null;

// A frame that was loaded twice went somewhere else: it is told nothing of the next message.
document.addEventListener("load", ({ target }) => {
  if (!target.matches?.(PLAIN)) return;
  target.dataset.loads = Number(target.dataset.loads ?? 0) + 1;
}, true);

// Those of the first page may have loaded before anybody listened.
function count() {
  for (const one of document.querySelectorAll(PLAIN)) one.dataset.loads ??= 1;
}
if (document.readyState === "complete") count();
else addEventListener("load", count);

function park(still) {
  turns += 1;
  still.contentWindow.postMessage({ html: "", scheme: "light dark", turn: turns }, "*");
  still.removeAttribute("style");
  Object.assign(still.dataset, { turn: turns, frame: "parked" });
  lot().moveBefore(still, null);
}

function lot() {
  if (parking) return parking;
  parking = document.createElement("div");
  parking.className = "parking";
  parking.inert = true;
  document.body.append(parking);
  return parking;
}

// Before the first HTML is opened: a frame that waits for it. It is one once it has said a word
// (frame.js). Elsewhere an empty one that stays, so that the browser keeps the process it may have
// given to what has no origin.
export function warm() {
  if (lot().firstChild || (CAN && document.querySelector(PLAIN))) return;
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox allow-scripts");
  frame.referrerPolicy = "no-referrer";
  if (CAN) Object.assign(frame, { src: words().blankFrame }).dataset.frame = "coming";
  else frame.srcdoc = "<!doctype html>";
  lot().append(frame);
}

// What a pane is asked for with.
export const INSIDE = CAN ? { "X-Inside": "1" } : {};

// Shows a new pane in this one.
export function takeOver(holder, fresh) {
  delete holder.dataset.busy;
  // What was pressed there loses the focus now: while the new pane is put in, that would have it
  // laid out twice.
  const pressed = document.activeElement;
  if (holder.contains(pressed) && !pressed.matches("iframe")) pressed.blur();
  const here = CAN && holder.querySelector(STILL);
  const still = here || (CAN && parking?.querySelector(WAITING));
  const wanted = still && fresh.querySelector(PLAIN);
  if (!wanted) {
    if (here && !parking?.firstChild) park(here);
    for (const one of fresh.querySelectorAll("[data-inside]")) delete one.dataset.inside;
    holder.replaceChildren(fresh);
    return;
  }
  const old = [...holder.childNodes];
  const spot = document.createComment("");
  wanted.replaceWith(spot);
  holder.append(fresh);
  spot.parentNode.moveBefore(still, spot);
  spot.remove();
  old.forEach((one) => one.remove());
  turns += 1;
  still.className = wanted.className;
  still.title = wanted.title;
  Object.assign(still.dataset, { turn: turns, of: wanted.src, frame: "taken" });
  bring(still, wanted, turns);
}

async function bring(still, wanted, turn) {
  const isMine = () => still.isConnected && still.dataset.turn === String(turn);
  const { inside } = wanted.dataset;
  delete wanted.dataset.inside;
  try {
    const given = inside ?? await part(wanted.src, "inside");
    if (isMine()) still.contentWindow.postMessage({ ...JSON.parse(given), turn }, "*");
  } catch {
    if (isMine()) still.replaceWith(wanted);
  }
}
