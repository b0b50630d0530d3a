// What comes in by paste and drop: pictures go up and stand in the text, styled text is cleaned,
// nothing from elsewhere is loaded.
import { toast } from "../toast.js";

const PICTURES = /^image\/(?:png|jpeg|gif|webp)$/;
const HAS_WORDS = /[^\s\u00a0\u200b]/;

export class Paste {
  constructor(editor, signal) {
    this.editor = editor;
    // Before the editing listens, which does it its own way, and before the window takes the files.
    const page = editor.page;
    page.addEventListener("keydown", (event) => { this.isShift = event.shiftKey; }, { capture: true, signal });
    page.addEventListener("keyup", (event) => { this.isShift = event.shiftKey; }, { capture: true, signal });
    page.addEventListener("paste", (event) => this.pasted(event), { capture: true, signal });
    page.addEventListener("drop", (event) => this.dropped(event), { capture: true, signal });
  }

  pasted(event) {
    const data = event.clipboardData;
    const html = this.isShift ? "" : data.getData("text/html");
    const text = data.getData("text/plain") || data.getData("text/uri-list");
    const pictures = [...data.files].filter((one) => PICTURES.test(one.type));
    if (data.files.length && pictures.length < data.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    // A picture copied from a page comes with its address around it, a sheet with its picture.
    if (pictures.length && this.editor.canUpload && !words(html) && !text) this.editor.images.add(pictures);
    else if (html) this.html(html);
    else if (text) this.text(text);
  }

  html(html) {
    const start = html.indexOf("<!--StartFragment-->");
    const end = html.lastIndexOf("<!--EndFragment-->");
    const part = start >= 0 ? html.slice(start + 20, end > start ? end : undefined) : html;
    const { words: editing, box } = this.editor;
    editing.insertHTML(part, true);
    this.editor.images.adopt();
    // Squire's own pieces name no foreign picture.
    if (/<img\b[^>]*\bsrc\s*=\s*["']?\s*(?:https?:)?\/\//i.test(part)) toast({ text: box.dataset.saidLinks });
  }

  text(text) {
    const range = this.editor.words.getSelection();
    const clean = text.replace(/\r\n?/g, "\n");
    const address = /^(?:https?:\/\/|mailto:)\S+$/i.exec(clean.trim());
    if (address && !range.collapsed && HAS_WORDS.test(range.toString())) this.editor.words.makeLink(address[0]);
    else this.editor.words.insertPlainText(clean, true);
  }

  dropped(event) {
    const files = [...event.dataTransfer.files];
    if (!files.length || !this.editor.canUpload || !files.every((one) => PICTURES.test(one.type))) return;
    event.preventDefault();
    event.stopPropagation();
    // The window's cover waits for the drop that ends here.
    this.editor.host.querySelector("[data-drop]")?.setAttribute("hidden", "");
    const place = caret(event.clientX, event.clientY);
    if (place && this.editor.words.getRoot().contains(place.startContainer)) this.editor.words.setSelection(place);
    this.editor.images.add(files);
  }
}

function words(html) {
  return HAS_WORDS.test(html.replace(/<!--[^]*?-->/g, "").replace(/<(style|script|title)\b[^]*?<\/\1>/gi, "").replace(/<[^>]*>/g, ""));
}

function caret(x, y) {
  const made = document.createRange();
  const place = document.caretPositionFromPoint?.(x, y);
  if (place) {
    made.setStart(place.offsetNode, place.offset);
    return made;
  }
  return document.caretRangeFromPoint?.(x, y) ?? null;
}
