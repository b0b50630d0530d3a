// The Actions menu and the one beside Send: what unfolds closes by itself again.
import { insertTemplate, keepTemplate } from "./templates.js";

export class Menu {
  constructor(host) {
    this.host = host;
    this.folds = [...host.querySelectorAll("details[data-unfold]")];
    for (const one of this.folds) {
      one.addEventListener("toggle", () => this.toggled(one));
      one.addEventListener("keydown", (event) => this.pressed(event, one));
    }
    this.outside = (event) => { for (const one of this.folds) if (!one.contains(event.target)) one.open = false; };
    this.plain = host.querySelector("[data-plain]");
    this.plain?.addEventListener("change", () => this.setPlain(this.plain.checked));
    this.signature = host.querySelector("[data-signature-choice]");
    this.signature?.addEventListener("change", () => this.sign());
    host.addEventListener("click", (event) => this.clicked(event));
  }

  stop() {
    document.removeEventListener("pointerdown", this.outside, true);
  }

  get isOpen() {
    return this.folds.some((one) => one.open);
  }

  close() {
    const open = this.folds.find((one) => one.open);
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  }

  toggled(fold) {
    document[this.isOpen ? "addEventListener" : "removeEventListener"]("pointerdown", this.outside, true);
    if (!fold.open) return;
    for (const one of this.folds) if (one !== fold) one.open = false;
    if (this.plain && this.host.editor) this.plain.checked = this.host.editor.isPlain;
    this.host.later?.opened();
    fold.querySelector(".menu :is(button, input, select):not(:disabled)")?.focus();
  }

  // Arrows walk from line to line; Escape closes and goes back to where it came from.
  pressed(event, fold) {
    if (!fold.open || event.target.matches("summary")) {
      if (event.key === "Escape" && fold.open) { this.close(); event.preventDefault(); event.stopPropagation(); }
      return;
    }
    const lines = [...fold.querySelectorAll(".menu :is(button, input, select):not(:disabled)")].filter((one) => one.checkVisibility());
    const at = lines.indexOf(document.activeElement);
    const isText = event.target.matches("select, input[type=datetime-local]");
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.close();
    else if (by && !isText) lines[(at + by + lines.length) % lines.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  clicked(event) {
    const button = event.target.closest("[data-print], [data-insert], [data-keep-template], [data-into-text]");
    if (!button) return;
    if ("intoText" in button.dataset) {
      this.host.files.intoText(button.dataset.intoText, button.dataset.from);
      return;
    }
    this.close();
    if ("print" in button.dataset) this.print();
    else if ("insert" in button.dataset) insertTemplate(this.host);
    else keepTemplate(this.host);
  }

  // What is asked about it stands under the menu, and may be answered with no.
  async setPlain(on) {
    this.close();
    await this.host.editor?.setPlain(on);
    if (this.host.editor) this.plain.checked = this.host.editor.isPlain;
    this.host.files.offer();
    this.host.touched();
  }

  async sign() {
    const facts = await this.host.sender.facts({ signature: this.signature.value });
    if (!facts) return;
    this.host.editor?.setSignature(facts.signature, facts.was);
    this.host.touched();
  }

  print() {
    document.body.classList.add("is-printing-letter");
    this.host.classList.add("is-printed");
    addEventListener("afterprint", () => {
      document.body.classList.remove("is-printing-letter");
      this.host.classList.remove("is-printed");
    }, { once: true });
    print();
  }
}
