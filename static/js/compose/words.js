// The editing itself: Squire, with its history, keys and pictures made to fit this page.
//
// Known faults of Squire that are mended here: going back a step parses style attributes (see
// markup.js); a keyboard on glass deletes without a key event, so that joining two paragraphs is
// left to the browser, which writes its own styles into the words; a list emptied by deleting
// stays behind without an item; Tab and Page Up do other things than everywhere else; the handles
// of pictures need inline styles; what a browser or one of its extensions writes on the box around
// the words, such as a style, counts as writing, and a window nobody wrote in was stored. Its private names are used for that, and the version is pinned.
import Squire from "../../vendor/squire.js";
import { toHtml, toNodes } from "./markup.js";

const CTRL = /Mac OS X/.test(navigator.userAgent) ? "Meta-" : "Ctrl-";
const COLLAPSED = "<!--quote-->";
const pass = () => {};

export class Words extends Squire {
  constructor(root, { link, away }) {
    super(root, {
      blockTag: "DIV",
      addLinks: true,
      undo: { documentSizeThreshold: 100_000, undoLimit: 100 },
      tagAttributes: { blockquote: { type: "cite" } },
      willCutCopy: (html) => toHtml(toNodes(html, { isOwn: true })),
      sanitizeToDOMFragment: (html, self) => self.nodes(html),
      didError: (error) => { throw error; },
    });
    this.away = away;
    this.observe(root);
    this.hasQuote = pass;
    this._imageResizer.destroy();
    for (const key of ["Tab", "Shift-Tab", "PageUp", "PageDown", `${CTRL}d`, `${CTRL}Shift-5`, `${CTRL}Shift-6`]) this.setKeyHandler(key, pass);
    this.keys({ link });
    this.addEventListener("beforeinput", (event) => this.glass(event));
    this.addEventListener("keydown", (event) => { this.lastKey = event.isComposing ? "" : event.key; });
    this.addEventListener("compositionstart", () => { this.isComposing = true; });
    this.addEventListener("compositionend", () => { this.isComposing = false; });
    this.addEventListener("input", () => this.tidy());
  }

  // Only what stands in the box is written by somebody.
  observe(root) {
    this._mutation.disconnect();
    this._mutation = new MutationObserver((all) => { if (all.some((one) => one.target !== root || one.type !== "attributes")) this._docWasChanged(); });
    this._mutation.observe(root, { childList: true, attributes: true, characterData: true, subtree: true });
  }

  keys({ link }) {
    const known = {
      k: link,
      "Shift-7": () => this.list("OL"),
      "Shift-8": () => this.list("UL"),
      "Shift-9": () => this.quote(),
      "Shift-x": () => this.toggle("S"),
      "Shift-X": () => this.toggle("S"),
      "\\": () => this.clear(),
    };
    for (const [key, does] of Object.entries(known)) {
      this.setKeyHandler(CTRL + key, (_self, event) => {
        event.preventDefault();
        event.stopPropagation();
        does();
      });
    }
  }

  // ---- what Squire asks for

  nodes(html) {
    const isOwn = html.startsWith("<!-- squire -->") || html.includes("<!--StartFragment--><!-- squire -->");
    const made = toNodes(html, { isPaste: Boolean(this.isPasting), isOwn });
    if (isOwn) for (const one of made.querySelectorAll("input")) one.remove();
    return this.named(made);
  }

  // A picture that is not loaded says so to those who cannot see its frame.
  named(nodes) {
    for (const image of nodes.querySelectorAll("img[data-away]")) {
      const host = /^https?:\/\/([^/]+)/i.exec(image.dataset.away)?.[1] ?? "";
      image.setAttribute("aria-label", [image.alt, this.away?.replace("%s", host)].filter(Boolean).join(", "));
    }
    return nodes;
  }

  insertHTML(html, isPaste) {
    this.isPasting = isPaste;
    try {
      return super.insertHTML(html, isPaste);
    } finally {
      this.isPasting = false;
    }
  }

  // ---- history

  _getRawHTML() {
    return super._getRawHTML() + (this.isFolded ? COLLAPSED : "");
  }

  _setRawHTML(html) {
    const isFolded = html.endsWith(COLLAPSED);
    super._setRawHTML("");
    const nodes = this.named(toNodes(html, { isOwn: true }));
    this.settle?.(nodes);
    if (nodes.firstChild) this._root.replaceChildren(nodes);
    if (isFolded !== Boolean(this.isFolded)) this.hasQuote(isFolded);
    return this;
  }

  // Squire keeps some steps twice; going back is always seen.
  undo() {
    const before = toHtml(this._root);
    for (let tries = 0; tries < 5; tries += 1) {
      super.undo();
      if (toHtml(this._root) !== before) break;
    }
    return this;
  }

  redo() {
    const before = toHtml(this._root);
    for (let tries = 0; tries < 5; tries += 1) {
      super.redo();
      if (toHtml(this._root) !== before) break;
    }
    return this;
  }

  // One step to go back to, however much is changed by it. The cursor stays where it was.
  step(change) {
    this.saveUndoState();
    const range = this.getSelection();
    this._saveRangeToBookmark(range);
    change();
    const after = this._getRangeAndRemoveBookmark();
    this._docWasChanged();
    this.setSelection(after ?? range);
    // What is typed next is a step of its own.
    this.saveUndoState();
    this._updatePath(this.getSelection(), true);
  }

  // What was switched on or off just before Enter holds for the new line as well.
  splitBlock(isBreak, range) {
    const formats = ["B", "I", "U", "S"];
    const before = isBreak ? [] : formats.filter((tag) => this.hasFormat(tag));
    super.splitBlock(isBreak, range);
    if (isBreak || !this.getSelection().collapsed) return this;
    for (const tag of formats) {
      const has = this.hasFormat(tag);
      if (has && !before.includes(tag)) this.changeFormat(null, { tag });
      else if (!has && before.includes(tag)) this.changeFormat({ tag });
    }
    return this;
  }

  // ---- commands

  toggle(tag) {
    return this.hasFormat(tag) ? this.changeFormat(null, { tag }) : this.changeFormat({ tag });
  }

  list(type) {
    const nearest = this.around("UL, OL");
    if (nearest?.nodeName === type) this.removeList();
    else if (type === "UL") this.makeUnorderedList();
    else this.makeOrderedList();
  }

  quote() {
    if (this.around("blockquote")) this.decreaseQuoteLevel(); else this.increaseQuoteLevel();
  }

  indent(by) {
    if (this.around("li")) { if (by > 0) this.increaseListLevel(); else this.decreaseListLevel(); }
    else if (by > 0) this.increaseQuoteLevel();
    else this.decreaseQuoteLevel();
  }

  ink(number) {
    const add = number ? { tag: "SPAN", attributes: { class: "ink", "data-ink": String(number) } } : null;
    this.changeFormat(add, { tag: "SPAN", attributes: { class: "ink" } });
  }

  size(name) {
    const add = name ? { tag: "SPAN", attributes: { class: "size", "data-size": name } } : null;
    this.changeFormat(add, { tag: "SPAN", attributes: { class: "size" } });
  }

  align(where) {
    this.setTextAlignment(where);
  }

  rule() {
    this.saveUndoState();
    const block = document.createElement("div");
    block.append(document.createElement("hr"));
    this.insertElement(block);
    this._docWasChanged();
  }

  // Clears what is selected; with nothing selected, the paragraph the cursor is in.
  clear() {
    const range = this.getSelection();
    if (range.collapsed) {
      const block = this.blockOf(range.startContainer);
      if (!block) return;
      range.selectNodeContents(block);
    }
    this.removeAllFormatting(range);
    this.forEachBlock((block) => { block.removeAttribute("class"); block.style.textAlign = ""; }, false);
  }

  // ---- where the cursor is

  around(selector) {
    const node = this.getSelection().commonAncestorContainer;
    const found = (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(selector);
    return found && this._root.contains(found) && found !== this._root ? found : null;
  }

  blockOf(node) {
    let one = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
    while (one && one !== this._root && getComputedStyle(one).display.startsWith("inline")) one = one.parentElement;
    return one === this._root ? null : one;
  }

  // ---- mending

  glass(event) {
    const key = { deleteContentBackward: "Backspace", deleteContentForward: "Delete" }[event.inputType];
    if (event.inputType === "insertUnorderedList") {
      event.preventDefault();
      this.makeUnorderedList();
    }
    if (!key || this.isComposing || event.isComposing || !event.cancelable || this.lastKey === key) return;
    this._keyHandlers[key](this, event, this.getSelection());
  }

  // A line above and below a table that has none, to get out of it; gone again if not used.
  edges() {
    const root = this._root;
    for (const [table, place] of [[root.firstElementChild, "before"], [root.lastElementChild, "after"]]) {
      if (!/^(?:TABLE|PRE|BLOCKQUOTE)$/.test(table?.nodeName)) continue;
      const line = this.createDefaultBlock();
      line.dataset.edge = "";
      table[place](line);
    }
  }

  tidy() {
    if (this.isComposing) return;
    for (const list of this._root.querySelectorAll("ul, ol")) if (!list.firstElementChild && !list.textContent.trim()) list.remove();
    for (const item of this._root.querySelectorAll("li:empty")) item.append(document.createElement("br"));
    if (!this._root.firstElementChild) this._ensureBottomLine();
  }
}
