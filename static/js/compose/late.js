// The editor takes the plain field's place while somebody writes in it: the words and the cursor
// go along, and the keys that follow. Left where it was, the focus would be lost, and the next
// letters would be commands of the page.
import { fromText } from "./plain.js";

// Where the cursor is, on its way through HTML.
const HERE = "\ue000";
const BLANK = /^<div>(?:<br>)?<\/div>/;
const squeezed = (text) => text.replace(/\s+/g, " ").trim();

// The words of the field, and where in them somebody is (-1: elsewhere), before the editor is shown.
export function before(field) {
  return { typed: field.value, at: document.activeElement === field ? field.selectionStart : -1 };
}

export function take(editor, { typed, at }) {
  if (editor.isPlain) return;
  const given = editor.field.defaultValue.replace(/\r\n?/g, "\n");
  // A page come back to by Back has its HTML with all that was written; it says the same.
  const isNew = typed !== given && (at >= 0 || squeezed(typed) !== squeezed(editor.text));
  if (isNew) together(editor, marked(typed, at), given);
  if (at < 0) return;
  editor.words.focus();
  if (isNew) go(editor.words);
}

// The mark of the cursor never stands before those of a quote, which would be none then.
function marked(typed, at) {
  if (at < 0) return typed;
  const line = typed.lastIndexOf("\n", at - 1) + 1;
  const place = Math.max(at, line + /^(?:> ?)*/.exec(typed.slice(line))[0].length);
  return typed.slice(0, place) + HERE + typed.slice(place);
}

// Written above what was given, that stays as it is; changed within, it becomes what its text says,
// and stands there unfolded.
function together(editor, typed, given) {
  const { value } = editor.htmlField;
  if (typed.endsWith(given)) {
    const own = typed.slice(0, typed.length - given.length);
    // The last line written is the first of what was given, which is blank.
    const html = BLANK.test(value) ? fromText(own) + value.replace(BLANK, "") : fromText(value ? own.replace(/\n$/, "") : own) + value;
    editor.restore({ html, mode: "html" });
    return;
  }
  const focused = document.activeElement;
  editor.restore({ html: fromText(typed, editor.signature.id), mode: "html" });
  if (editor.folded) editor.unfold();
  focused?.focus({ preventScroll: true });
}

function go(words) {
  const texts = document.createTreeWalker(words.getRoot(), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const at = text.data.indexOf(HERE);
    if (at < 0) continue;
    const rest = text.data.slice(at + 1);
    // A space at the end of a line is kept for the word that follows.
    const start = rest ? text.data.slice(0, at) : text.data.slice(0, at).replace(/ $/, "\u00a0");
    text.data = start + rest;
    if (!text.data) text.after(document.createElement("br"));
    const range = document.createRange();
    range.setStart(text, at);
    words.setSelection(range);
    return;
  }
}
