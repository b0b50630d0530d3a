// The frame of one message shows the next. A new page in a new frame takes the browser as long as all
// the rest of opening a message. The policy is the same for all that may load nothing from
// elsewhere, so one frame serves them: it is taken over into the new pane, where the browser can do
// that, and given what it is to show.
import { part } from "./dom.js";

const CAN = "moveBefore" in Element.prototype;
const PLAIN = "iframe[data-frame]:not([src*='images='])";
const ONCE = ":is(:not([data-loads]), [data-loads='1'])";
let turns = 0;

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

// Shows a new pane in this one.
export function takeOver(holder, fresh) {
  delete holder.dataset.busy;
  const still = CAN && holder.querySelector(`${PLAIN}[data-frame=sized]${ONCE}`);
  const wanted = still && fresh.querySelector(PLAIN);
  if (!wanted) { holder.replaceChildren(fresh); return; }
  const old = [...holder.childNodes];
  const spot = document.createComment("");
  wanted.replaceWith(spot);
  holder.append(fresh);
  spot.parentNode.moveBefore(still, spot);
  spot.remove();
  old.forEach((one) => one.remove());
  turns += 1;
  Object.assign(still.dataset, { turn: turns, of: wanted.src, frame: "taken" });
  bring(still, wanted, turns);
}

async function bring(still, wanted, turn) {
  const isMine = () => still.isConnected && still.dataset.turn === String(turn);
  try {
    const answer = await part(wanted.src, "inside");
    if (isMine()) still.contentWindow.postMessage({ ...JSON.parse(answer), turn }, "*");
  } catch {
    if (isMine()) still.replaceWith(wanted);
  }
}
