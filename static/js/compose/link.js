// Links: an address for the words chosen, shown and changed where it stands.

// An address as people type it, or null for what is none. A script is never one.
export function address(text) {
  const typed = text.trim();
  if (/^(?:https?:\/\/|mailto:|tel:)\S+$/i.test(typed)) return typed;
  if (/^[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+$/.test(typed)) return `mailto:${typed}`;
  if (/^(?:[\p{L}\p{N}-]+\.)+[\p{L}]{2,}(?::\d+)?(?:[/?#]\S*)?$/u.test(typed)) return `https://${typed}`;
  return null;
}

export class Link {
  constructor(editor, signal) {
    this.editor = editor;
    this.popover = editor.box.querySelector("[data-editor-link]");
    this.shown = this.popover.querySelector("[data-link-shown]");
    this.form = this.popover.querySelector("[data-link-form]");
    this.input = this.popover.querySelector("[data-link-address]");
    this.error = this.popover.querySelector("[data-link-error]");
    this.popover.addEventListener("keydown", (event) => this.pressed(event), { signal });
    this.popover.addEventListener("input", (event) => { event.stopPropagation(); this.fault(false); }, { signal });
    this.popover.addEventListener("click", (event) => this.clicked(event), { signal });
    // It belongs to the cursor, and goes when somebody goes on elsewhere.
    editor.box.addEventListener("focusout", (event) => {
      const { relatedTarget } = event;
      if (relatedTarget && relatedTarget !== editor.words.getRoot() && !this.popover.contains(relatedTarget)) this.close();
    }, { signal });
  }

  get here() {
    return this.editor.words.around("a[href]");
  }

  // As the cursor goes: a link under it shows where it leads, and the focus stays in the words.
  follow() {
    if (this.isTyping) return;
    const link = this.here;
    if (link !== this.dismissed) this.dismissed = null;
    if (!link || this.dismissed) { this.close(); return; }
    const anchor = this.popover.querySelector("[data-link-open]");
    anchor.href = link.getAttribute("href");
    anchor.textContent = link.getAttribute("href").replace(/^mailto:/, "");
    this.shown.hidden = false;
    this.form.hidden = true;
    this.show(link.getBoundingClientRect());
  }

  open() {
    const link = this.here;
    const { words } = this.editor;
    this.range = words.getSelection().cloneRange();
    if (link) this.range.selectNodeContents(link);
    this.shown.hidden = true;
    this.form.hidden = false;
    this.fault(false);
    const said = this.range.toString().trim();
    this.input.value = link?.getAttribute("href").replace(/^mailto:/, "") ?? (address(said) ? said : "");
    this.show(link?.getBoundingClientRect() ?? this.editor.caretRect());
    this.isTyping = true;
    this.input.focus();
    this.input.select();
  }

  show(rect) {
    this.popover.hidden = false;
    this.editor.placeBy(this.popover, rect);
  }

  // Sent away, it stays away until the cursor has been elsewhere.
  dismiss() {
    this.dismissed = this.here;
    this.close();
  }

  close(back = false) {
    this.isTyping = false;
    this.popover.hidden = true;
    if (back) this.editor.words.focus();
  }

  fault(on) {
    this.error.hidden = !on;
    this.input.toggleAttribute("aria-invalid", on);
  }

  apply() {
    const where = address(this.input.value);
    if (!where) {
      this.fault(true);
      this.input.focus();
      return;
    }
    this.close(true);
    this.editor.words.setSelection(this.range);
    this.editor.words.makeLink(where);
    const after = this.editor.words.getSelection();
    after.collapse(false);
    this.editor.words.setSelection(after);
    this.close();
    this.editor.changed();
  }

  remove() {
    const link = this.here;
    const { words } = this.editor;
    if (link) {
      const range = document.createRange();
      range.selectNodeContents(link);
      words.setSelection(range);
    }
    words.removeLink();
    this.close(true);
    this.editor.changed();
  }

  pressed(event) {
    if (event.key === "Escape") this.close(true);
    else if (event.key === "Enter" && event.target === this.input) this.apply();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  clicked(event) {
    const does = event.target.closest("button")?.dataset.linkDo;
    if (does === "apply") this.apply();
    else if (does === "change") this.open();
    else if (does === "remove") this.remove();
  }
}
