// The row of formatting buttons: one stop for Tab, arrows within, each saying whether it is on.

const COMMANDS = {
  undo: (words) => words.undo(),
  redo: (words) => words.redo(),
  bold: (words) => words.toggle("B"),
  italic: (words) => words.toggle("I"),
  underline: (words) => words.toggle("U"),
  strike: (words) => words.toggle("S"),
  bullets: (words) => words.list("UL"),
  numbers: (words) => words.list("OL"),
  quote: (words) => words.quote(),
  outdent: (words) => words.indent(-1),
  indent: (words) => words.indent(1),
  code: (words) => words.toggleCode(),
  rule: (words) => words.rule(),
  clear: (words) => words.clear(),
};
const PRESSED = { bold: "b, strong", italic: "i, em", underline: "u", strike: "s, strike, del", bullets: "ul", numbers: "ol", quote: "blockquote", code: "code, pre", link: "a[href]" };
const FORMATS = { bold: "B", italic: "I", underline: "U", strike: "S" };

export class Toolbar {
  constructor(editor, signal) {
    this.editor = editor;
    this.row = editor.box.querySelector("[data-editor-tools]");
    this.opener = editor.host.querySelector("[data-formatting]");
    this.isAlways = this.row.dataset.editorTools === "always";
    this.buttons = [...this.row.querySelectorAll("[data-do], [data-opens]")];
    this.buttons.forEach((one, at) => { one.tabIndex = at ? -1 : 0; });
    // The words keep their selection while a button is pressed by a mouse.
    this.row.addEventListener("mousedown", (event) => event.preventDefault(), { signal });
    this.row.addEventListener("click", (event) => this.clicked(event), { signal });
    this.row.addEventListener("keydown", (event) => this.pressed(event), { signal });
    this.row.addEventListener("focusin", (event) => this.stop(event.target), { signal });
    this.row.addEventListener("focusout", (event) => { if (!this.row.contains(event.relatedTarget)) this.closeMenus(); }, { signal });
    document.addEventListener("click", (event) => { if (!this.row.contains(event.target)) this.closeMenus(); }, { signal });
    this.opener?.addEventListener("click", () => this.open(this.row.hidden), { signal });
    for (const type of ["pathChange", "cursor", "select", "undoStateChange"]) editor.words.addEventListener(type, (event) => this.refresh(event));
    this.can("undo", false);
    this.can("redo", false);
    for (const one of this.row.querySelectorAll('[data-do="image"]')) one.hidden = !editor.canUpload;
  }

  // With formatting, or in plain text, where there is nothing to press.
  show(on) {
    this.isUsable = on;
    if (this.opener) {
      this.opener.disabled = !on;
      this.opener.setAttribute("aria-expanded", String(on && this.isOpen === true));
    }
    this.row.hidden = !(on && (this.isAlways || this.isOpen));
  }

  open(on) {
    this.isOpen = on;
    this.show(this.isUsable);
    if (on) this.refresh();
    this.editor.words.focus();
  }

  can(name, on) {
    const button = this.row.querySelector(`[data-do="${name}"]`);
    if (button) button.setAttribute("aria-disabled", String(!on));
  }

  refresh(event) {
    if (event?.type === "undoStateChange") {
      this.can("undo", event.detail.canUndo);
      this.can("redo", event.detail.canRedo);
    }
    if (this.row.hidden) return;
    const { words } = this.editor;
    const isOne = words.getSelection().collapsed;
    for (const [name, selector] of Object.entries(PRESSED)) {
      const on = Boolean(words.around(selector)) || (!isOne && name in FORMATS && words.hasFormat(FORMATS[name]));
      this.row.querySelector(`[data-do="${name}"]`)?.setAttribute("aria-pressed", String(on));
    }
    this.tick("ink", words.around(".ink")?.dataset.ink ?? "");
    this.tick("size", words.around(".size")?.dataset.size ?? "");
    const block = words.blockOf(words.getSelection().startContainer);
    const align = block ? getComputedStyle(block).textAlign : "";
    this.tick("align", { center: "center", right: "right", end: "right", justify: "justify" }[align] ?? "left");
  }

  tick(name, value) {
    for (const one of this.row.querySelectorAll(`[data-${name}]`)) one.setAttribute("aria-checked", String(one.dataset[name] === value));
  }

  // ---- one stop for Tab

  stop(button) {
    if (!this.buttons.includes(button)) return;
    for (const one of this.buttons) one.tabIndex = one === button ? 0 : -1;
  }

  pressed(event) {
    const menu = event.target.closest("[role=menu]");
    const among = (menu ? [...menu.querySelectorAll("button")] : this.buttons).filter((one) => !one.hidden);
    const at = among.indexOf(document.activeElement);
    const back = getComputedStyle(this.row).direction === "rtl" ? "ArrowRight" : "ArrowLeft";
    const on = back === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
    const steps = { [on]: 1, [back]: -1, ...(menu ? { ArrowDown: 1, ArrowUp: -1 } : {}) };
    if (event.key === "Escape" && menu) this.closeMenus(true);
    else if (event.key === "Escape") this.editor.words.focus();
    else if (event.key in steps) among[(at + steps[event.key] + among.length) % among.length].focus();
    else if (event.key === "Home") among[0].focus();
    else if (event.key === "End") among.at(-1).focus();
    else if (event.key === "ArrowDown" && event.target.dataset.opens) this.menu(event.target, true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- menus

  menu(button, on) {
    this.closeMenus();
    if (!on) return;
    const menu = button.nextElementSibling;
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    const row = this.row.getBoundingClientRect();
    const at = button.getBoundingClientRect();
    menu.classList.toggle("editor__menu--down", row.top < menu.offsetHeight + 8);
    menu.style.setProperty("--left", `${Math.max(0, Math.min(at.left - row.left, row.width - menu.offsetWidth))}px`);
    (menu.querySelector("[aria-checked=true]") ?? menu.querySelector("button")).focus({ preventScroll: true });
  }

  closeMenus(back = false) {
    for (const button of this.row.querySelectorAll("[data-opens][aria-expanded=true]")) {
      button.setAttribute("aria-expanded", "false");
      button.nextElementSibling.hidden = true;
      if (back) button.focus();
    }
  }

  clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const { words, images, link } = this.editor;
    if (button.dataset.opens) {
      this.menu(button, button.getAttribute("aria-expanded") !== "true");
      return;
    }
    if (button.getAttribute("aria-disabled") === "true") return;
    const name = button.dataset.do;
    if (name === "link") link.open();
    else if (name === "image") this.picture(images);
    else if (name) COMMANDS[name](words);
    else if ("ink" in button.dataset) words.ink(Number(button.dataset.ink));
    else if ("size" in button.dataset) words.size(button.dataset.size);
    else if ("align" in button.dataset) words.align(button.dataset.align === "left" ? "" : button.dataset.align);
    this.closeMenus();
    if (name !== "link" && name !== "image") words.focus();
    this.refresh();
    this.editor.changed();
  }

  picture(images) {
    const chosen = images.beside();
    if (chosen) images.choose(chosen, { focus: true });
    else images.pick.click();
  }
}
