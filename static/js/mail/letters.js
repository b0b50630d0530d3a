// The messages of an open conversation: unfolded one by one without leaving the page, and walked
// through. Without this file each line is a link to the conversation with that message open.
import { failure, fragment, list, openId, part, reading, rowOf } from "./dom.js";
import { show } from "./flags.js";
import { close } from "./reader.js";
import { explain, send, tell } from "./ways.js";

const letters = () => [...(reading()?.querySelectorAll(".letter[data-letter]") ?? [])];
const headOf = (letter) => letter.querySelector("[data-unfold]") ?? letter;
// The lines that were unfolded, to be folded again.
const lines = new WeakMap();

async function unfold(line, { focus = false } = {}) {
  if (line.hasAttribute("aria-busy")) return line;
  line.setAttribute("aria-busy", "true");
  const link = line.querySelector("[data-unfold]");
  try {
    const letter = fragment(await part(link.href, "letter")).querySelector(".letter");
    if (!line.isConnected) return line;
    link.classList.remove("letter--unread");
    link.querySelector("b > .sr")?.remove();
    lines.set(letter, line);
    line.replaceWith(letter);
    if (focus) reach(letter);
    document.dispatchEvent(new CustomEvent("look-for-news", { detail: { quiet: true } }));
    return letter;
  } catch {
    failure(line, () => unfold(line, { focus: true }));
    line.prepend(link);
    return line;
  } finally {
    line.removeAttribute("aria-busy");
  }
}

function fold(letter) {
  const line = lines.get(letter);
  if (!line) return;
  line.querySelector(".pane__note")?.remove();
  letter.replaceWith(line);
  reach(line);
}

function reach(letter) {
  const target = headOf(letter);
  if (target === letter) letter.tabIndex = -1;
  target.focus({ preventScroll: true });
  letter.scrollIntoView({ block: "nearest" });
}

// The next message of the conversation, or the one before, is opened and gets the focus.
export async function walk(by) {
  const all = letters();
  if (!all.length) return;
  const here = all.findIndex((one) => one.contains(document.activeElement));
  const from = here < 0 ? all.findIndex((one) => one.dataset.letter === openId()) : here;
  const next = all[from + by];
  if (!next) return;
  if ("closed" in next.dataset) await unfold(next, { focus: true });
  else reach(next);
}

async function unreadFromHere(form, button) {
  const id = openId();
  const turn = (what) => rowOf(id) && show(id, what);
  const again = () => { turn("unread"); return () => turn("read"); };
  try {
    const done = await send(form.action, new FormData(form, button));
    const takeBack = again();
    close();
    tell(done, takeBack, again);
  } catch (error) {
    explain(error);
  }
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0 || !list()) return;
  const link = event.target.closest(".letter [data-unfold]");
  if (link) {
    event.preventDefault();
    unfold(link.closest(".letter"), { focus: event.detail === 0 });
    return;
  }
  const head = event.target.closest(".letter__head");
  if (head && !event.target.closest("a, button, details, input")) fold(head.closest(".letter"));
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-from-here]") || !list()) return;
  event.preventDefault();
  unreadFromHere(event.target, event.submitter);
});
