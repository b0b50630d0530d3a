// The editor takes the plain field's place while somebody writes in it: the words and the cursor
// go along, and the keys that follow. Left where it was, the focus would be lost, and the next
// letters would be commands of the page.
import { fromText } from "./plain.js";

const BLOCKS = "div, p, li, h1, h2, h3, h4, h5, h6, pre";
const squeezed = (text) => text.replace(/\s+/g, " ").trim();

// The words of the field, and where in them somebody is (-1: elsewhere), before the editor is shown.
export function before(field) {
  return { typed: field.value, at: document.activeElement === field ? field.selectionStart : -1 };
}

export function take(editor, { typed, at }) {
  if (editor.isPlain) return;
  const given = editor.field.defaultValue.replace(/\r\n?/g, "\n");
  // A page come back to by Back has its HTML with all that was written; it says the same.
  if (typed !== given && squeezed(typed) !== squeezed(editor.text)) together(editor, typed, given);
  if (at < 0) return;
  editor.words.focus();
  go(editor.words, typed.slice(0, at).split("\n"));
}

// Written above what was given, that stays as it is; changed within, it becomes what its text says,
// and stands there unfolded.
function together(editor, typed, given) {
  if (typed.endsWith(given)) {
    const own = typed.slice(0, typed.length - given.length).replace(/\n$/, "");
    editor.restore({ html: fromText(own) + editor.htmlField.value, mode: "html" });
  } else {
    const focused = document.activeElement;
    editor.restore({ html: fromText(typed, editor.signature.id), mode: "html" });
    if (editor.folded) editor.unfold();
    focused?.focus({ preventScroll: true });
  }
}

// To the place after these lines, or to the nearest there is.
function go(words, lines) {
  const blocks = [...words.getRoot().querySelectorAll(BLOCKS)].filter((one) => !one.querySelector(BLOCKS));
  const block = blocks[Math.min(lines.length, blocks.length) - 1];
  if (!block) return;
  const range = document.createRange();
  range.selectNodeContents(block);
  range.collapse(true);
  let left = lines.at(-1).replace(/^(?:> ?)*/, "").length;
  const texts = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { length } = texts.currentNode;
    range.setStart(texts.currentNode, Math.min(left, length));
    if (left <= length) break;
    left -= length;
  }
  range.collapse(true);
  words.setSelection(range);
}
