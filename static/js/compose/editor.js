// Rich text in the place of a plain field. Without a script the field itself is the editor.
//
// host holds an element [data-editor] (templates/_editor.html): the field for plain text, hidden
// ones for HTML and mode, and the parts of the editor. What is posted is filled in when the form
// is read; nothing is serialised for a key that is pressed.
import { toast } from "../toast.js";
import { Images } from "./images.js";
import { before, take } from "./late.js";
import { Link } from "./link.js";
import { toHtml, toNodes, toRead } from "./markup.js";
import { Paste } from "./paste.js";
import { fromText, toText } from "./plain.js";
import { Signature } from "./signature.js";
import { Toolbar } from "./toolbar.js";
import { Words } from "./words.js";

const SIMPLE = /^(?:DIV|P|BR|SPAN|A|BLOCKQUOTE|INPUT)$/;
const nothing = () => {};

export class Editor {
  constructor(host, { changed = nothing, upload = null } = {}) {
    this.host = host;
    this.box = host.matches("[data-editor]") ? host : host.querySelector("[data-editor]");
    this.field = this.box.querySelector("[data-editor-text]");
    this.htmlField = this.box.querySelector("[data-editor-html]");
    this.modeField = this.box.querySelector("[data-editor-mode]");
    this.page = this.box.querySelector("[data-editor-page]");
    this.more = this.box.querySelector("[data-editor-more]");
    this.form = this.field.form;
    this.changed = () => { if (!this.isSetting) changed(); };
    this.canUpload = Boolean(upload);
    this.ends = new AbortController();
    this.folded = null;
    this.build(this.ends.signal, upload);
    const begun = before(this.field);
    this.restore({ html: this.htmlField.value, text: this.field.value, mode: this.modeField.dataset.editorMode });
    take(this, begun);
    this.box.dataset.ready = "";
    performance.mark("editor-ready");
  }

  build(signal, upload) {
    const root = document.createElement("div");
    root.className = "editor__words";
    this.label = this.field.getAttribute("aria-label") || this.field.labels[0]?.textContent.trim() || "";
    const named = { role: "textbox", "aria-multiline": "true", dir: "auto", spellcheck: "true", tabindex: "0" };
    for (const [name, value] of Object.entries(named)) root.setAttribute(name, value);
    this.page.prepend(root);
    this.page.hidden = false;
    this.words = new Words(root, { link: () => this.link.open(), away: this.box.dataset.saidAway });
    this.words.hasQuote = (isFolded) => this.fold(isFolded);
    this.images = new Images(this, upload, signal);
    this.link = new Link(this, signal);
    this.signature = new Signature(this);
    this.paste = new Paste(this, signal);
    this.toolbar = new Toolbar(this, signal);
    this.words.addEventListener("input", () => this.changed());
    this.words.addEventListener("cursor", () => this.link.follow());
    for (const one of this.field.labels) one.addEventListener("click", () => this.focus(), { signal });
    this.more.addEventListener("click", () => this.unfold(), { signal });
    this.page.addEventListener("mousedown", (event) => this.below(event), { signal });
    this.page.addEventListener("keydown", (event) => this.escaped(event), { signal, capture: true });
    this.form?.addEventListener("formdata", (event) => this.fill(event.formData), { signal });
    this.form?.addEventListener("submit", () => this.fill(), { signal, capture: true });
    this.field.addEventListener("input", () => { this.before = null; }, { signal });
  }

  destroy() {
    this.ends.abort();
    this.fill();
    this.words.destroy();
    this.words.getRoot().remove();
    this.page.hidden = true;
    this.field.hidden = false;
    this.field.setAttribute("aria-label", this.label);
    delete this.box.dataset.ready;
  }

  // ---- what it holds

  get isPlain() {
    return this.page.hidden;
  }

  // Pictures are still on their way up.
  get isBusy() {
    return this.images.isBusy;
  }

  get isBlank() {
    const root = this.words.getRoot();
    return !this.folded && !root.textContent.replace(/\u200b/g, "").trim() && !root.querySelector("img, hr, table, li, [data-signature]");
  }

  get html() {
    if (this.isPlain || this.isBlank) return "";
    return toHtml(this.words.getRoot()) + (this.folded?.html ?? "");
  }

  // Only what its writer wrote: what a template is made of.
  get ownHtml() {
    if (this.isPlain || this.isBlank) return "";
    const own = toNodes(toHtml(this.words.getRoot()));
    for (const one of own.querySelectorAll("[data-signature], [data-quote]")) one.remove();
    return toHtml(own);
  }

  get text() {
    if (this.isPlain) return this.field.value;
    const own = toText(this.words.getRoot());
    if (!this.folded) return own;
    this.folded.text ??= textOf(this.folded.html);
    return `${own}\n\n${this.folded.text}`;
  }

  // Fills in the fields; in a form that is being read, its copy of them.
  fill(data) {
    const mode = this.isPlain ? "plain" : "html";
    const html = this.html;
    const text = this.text;
    for (const [field, value] of [[this.htmlField, html], [this.modeField, mode], [this.field, text]]) {
      if (field.value !== value) field.value = value;
      if (data && field.name) data.set(field.name, value);
    }
  }

  // mode "html", "plain", or "" for what was written without a script.
  restore({ html = "", text = "", mode = "" }) {
    this.isSetting = true;
    this.before = null;
    if (mode === "plain") {
      this.field.value = text;
      this.show(true);
    } else {
      this.put(mode === "html" || !text.trim() || html ? html : fromText(text));
      this.show(false);
    }
    this.signature.learn();
    // The editing tells of its changes a moment later; these are none.
    queueMicrotask(() => { this.isSetting = false; });
  }

  // The original at the end stays folded up, unread by the browser, until somebody looks at it.
  put(html) {
    const at = quoteIn(html);
    const own = at < 0 ? html : html.slice(0, at);
    this.fold(at >= 0, at < 0 ? "" : html.slice(at));
    this.words.setHTML(own);
    this.words.edges();
    this.words.moveCursorToStart();
    this.page.scrollTop = 0;
  }

  show(isPlain) {
    this.page.hidden = isPlain;
    this.field.hidden = !isPlain;
    // The name goes with what is shown; there is one field for those who look for it.
    const [shown, away] = isPlain ? [this.field, this.words.getRoot()] : [this.words.getRoot(), this.field];
    shown.setAttribute("aria-label", this.label);
    away.removeAttribute("aria-label");
    this.link.close();
    this.images.close();
    this.toolbar.show(!isPlain);
  }

  focus() {
    if (this.isPlain) {
      this.field.setSelectionRange(0, 0);
      this.field.focus();
      this.field.scrollTop = 0;
    } else {
      this.words.focus();
    }
  }

  // Escape first closes what floats over the words; the window hears the next one.
  escaped(event) {
    if (event.key !== "Escape" || (this.link.popover.hidden && this.images.popover.hidden)) return;
    event.preventDefault();
    event.stopPropagation();
    this.link.dismiss();
    this.images.close();
  }

  // A click below the words means their end: above the signature, where that is the last of them.
  below(event) {
    const root = this.words.getRoot(), last = root.lastElementChild;
    const line = last?.matches("[data-signature]") && event.clientY > last.getBoundingClientRect().bottom && last.previousElementSibling;
    if (event.button || event.shiftKey || event.target !== this.page && !(line && event.target === root)) return;
    event.preventDefault();
    this.words.moveCursorToEnd();
    this.words.focus();
    if (!line) return;
    getSelection().selectAllChildren(line);
    getSelection().collapseToEnd();
  }

  // ---- putting in

  insertHtml(html) {
    if (this.isPlain) this.insertText(textOf(html));
    else this.words.insertHTML(html, false);
    this.changed();
  }

  insertText(text) {
    if (this.isPlain) this.putPlain(this.field.selectionStart, this.field.selectionEnd, text, true);
    else this.words.insertPlainText(text, false);
    this.changed();
  }

  insertImage(picture) {
    if (!this.isPlain) this.images.insert(picture);
    this.changed();
  }

  setSignature(region, previous) {
    return this.signature.set(region, previous).then((said) => {
      if (said === "replaced") this.changed();
      return said;
    });
  }

  // Through the browser's own command, so that the field's own history knows of it.
  putPlain(from, to, text, isTyped = false) {
    const { field } = this;
    const focused = document.activeElement;
    const { selectionStart, selectionEnd, scrollTop } = field;
    const moved = (place) => (place <= from ? place : place >= to ? place + text.length - (to - from) : Math.min(place, from + text.length));
    field.focus({ preventScroll: true });
    field.setSelectionRange(from, to);
    const did = text ? document.execCommand("insertText", false, text) : from === to || document.execCommand("delete");
    if (!did) field.setRangeText(text, from, to, "end");
    if (!isTyped) {
      field.setSelectionRange(moved(selectionStart), moved(selectionEnd));
      field.scrollTop = scrollTop;
      if (focused !== field) focused?.focus({ preventScroll: true });
    }
  }

  // ---- the original

  fold(isFolded, html = this.lastFolded ?? "") {
    this.folded = isFolded ? { html } : null;
    if (isFolded) this.lastFolded = html;
    this.words.isFolded = isFolded;
    this.more.hidden = !isFolded;
  }

  unfold() {
    const { html } = this.folded;
    this.words.saveUndoState();
    const nodes = this.words.named(toNodes(html));
    const { scrollTop } = this.page;
    this.fold(false);
    this.isSetting = true;
    this.words.getRoot().append(nodes);
    this.words._ensureBottomLine();
    queueMicrotask(() => { this.isSetting = false; });
    this.words.focus();
    // It begins where the button was; what was in sight stays there.
    this.page.scrollTop = scrollTop;
  }

  // ---- plain text and back

  get hasFormatting() {
    const root = this.words.getRoot();
    return [...root.querySelectorAll("*")].some((one) => !SIMPLE.test(one.nodeName) || one.style.cssText || one.dataset.ink || one.dataset.size || (one.nodeName === "A" && loses(one)));
  }

  // Answers whether it is done: formatting is given up only by somebody who was asked.
  async setPlain(on, { ask = true } = {}) {
    if (on === this.isPlain) return true;
    const said = this.box.dataset;
    if (!on) {
      const kept = this.before?.text === this.field.value ? this.before : null;
      this.restoreFrom(kept ? kept.html : fromText(this.field.value, this.signature.id));
      return true;
    }
    if (ask && this.hasFormatting && !(await this.ask(said.askPlain, said.askPlainYes, said.askPlainNo))) return false;
    const html = this.html;
    const text = this.text;
    this.field.value = text;
    this.before = { html, text };
    this.show(true);
    this.field.setSelectionRange(0, 0);
    this.field.focus();
    this.changed();
    toast({ text: said.saidPlain, onUndo: () => { this.restoreFrom(html); } });
    return true;
  }

  restoreFrom(html) {
    this.put(html);
    this.show(false);
    this.signature.learn();
    this.words.focus();
    this.changed();
  }

  // ---- asking, and where things float

  // A question in its place above the words, which stay as they are until it is answered.
  ask(text, yes, no) {
    const note = this.box.querySelector("[data-editor-note]");
    this.answer?.(false);
    this.link.close();
    this.images.close();
    note.querySelector("p").textContent = text;
    const [sure, not] = note.querySelectorAll("button");
    sure.textContent = yes;
    not.textContent = no;
    const focused = document.activeElement;
    note.hidden = false;
    not.focus();
    return new Promise((resolve) => {
      this.answer = (said) => {
        this.answer = null;
        note.hidden = true;
        note.onclick = note.onkeydown = null;
        if (focused?.isConnected) focused.focus({ preventScroll: true });
        resolve(said);
      };
      note.onclick = (event) => { const button = event.target.closest("button"); if (button) this.answer(button === sure); };
      note.onkeydown = (event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        this.answer(false);
      };
    });
  }

  caretRect() {
    const range = this.words.getSelection();
    const rect = range.getBoundingClientRect();
    if (rect.height) return rect;
    const node = range.startContainer;
    return (node.nodeType === Node.ELEMENT_NODE ? node.childNodes[range.startOffset] ?? node : node.parentElement).getBoundingClientRect?.() ?? this.page.getBoundingClientRect();
  }

  // Under what it belongs to, above it where there is no room; never outside the editor.
  placeBy(popover, rect) {
    const box = this.box.getBoundingClientRect();
    const page = this.page.getBoundingClientRect();
    const left = Math.max(8, Math.min(rect.left - box.left, box.width - popover.offsetWidth - 8));
    const under = Math.min(Math.max(rect.bottom, page.top), page.bottom) - box.top + 4;
    const fits = under + popover.offsetHeight <= page.bottom - box.top;
    const top = fits ? under : Math.max(4, rect.top - box.top - popover.offsetHeight - 4);
    popover.style.insetInlineStart = "auto";
    popover.style.left = `${left}px`;
    popover.style.top = `${top}px`;
  }
}

function loses(link) {
  const where = link.getAttribute("href") ?? "";
  const bare = (text) => text.replace(/^(?:https?:\/\/|mailto:)/i, "").replace(/\/$/, "").trim();
  return bare(where) !== bare(link.textContent);
}

function textOf(html) {
  return toText(toRead(html));
}

// Where the quoted original begins, if it is the last thing of the message; -1 if not.
function quoteIn(html) {
  const found = /<div\b[^>]*\bdata-quote\b/i.exec(html);
  if (!found) return -1;
  const rest = html.slice(found.index);
  let depth = 0;
  for (const tag of rest.matchAll(/<(\/?)div\b/gi)) {
    depth += tag[1] ? -1 : 1;
    if (!depth) return /^[^>]*>\s*$/.test(rest.slice(tag.index)) ? found.index : -1;
  }
  return -1;
}
