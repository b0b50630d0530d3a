// The Actions menu and the one beside Send: what unfolds closes by itself again.
import { csrfHeaders, showDialogOf, toast } from "./parts.js";

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
    if ("print" in button.dataset) this.print();
    else if ("insert" in button.dataset) this.insert();
    else if ("keepTemplate" in button.dataset) this.keep();
    else if ("intoText" in button.dataset) this.host.files.intoText(button.dataset.intoText, button.dataset.from);
  }

  setPlain(on) {
    this.host.editor?.setPlain(on);
    this.host.files.offer();
    this.host.touched();
  }

  async sign() {
    const query = new URLSearchParams({ identity: this.host.form.elements.sender[0]?.value ?? this.host.sender.field.value, signature: this.signature.value });
    const answer = await fetch(`${this.host.dataset.senderUrl}?${query}`, { headers: csrfHeaders() }).catch(() => null);
    if (!answer?.ok) return;
    this.host.editor?.setSignature((await answer.json()).signature);
    this.host.touched();
  }

  print() {
    this.close();
    document.body.classList.add("is-printing-letter");
    this.host.classList.add("is-printed");
    addEventListener("afterprint", () => {
      document.body.classList.remove("is-printing-letter");
      this.host.classList.remove("is-printed");
    }, { once: true });
    print();
  }

  async insert() {
    this.close();
    const answer = await fetch(this.host.dataset.templatesUrl, { headers: csrfHeaders() }).catch(() => null);
    if (!answer?.ok || answer.redirected) {
      toast({ text: document.getElementById("words").dataset.failed });
      return;
    }
    const { templates } = await answer.json();
    const dialog = showDialogOf(this.host.querySelector("template[data-insert-dialog]"));
    const list = dialog.querySelector("[data-list]");
    dialog.querySelector("[data-none]").hidden = templates.length > 0;
    for (const one of templates) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "menu__item";
      const name = document.createElement("b");
      name.dir = "auto";
      name.textContent = one.name;
      const words = document.createElement("span");
      words.className = "help truncate";
      words.dir = "auto";
      words.textContent = one.subject || one.text.slice(0, 80);
      button.append(name, words);
      button.addEventListener("click", () => { dialog.close(); this.use(one); });
      list.append(button);
    }
    list.querySelector("button")?.focus();
  }

  use(template) {
    const { subject } = this.host.form.elements;
    if (template.subject && !subject.value.trim()) {
      subject.value = template.subject;
      this.host.title();
    }
    this.host.insert(template);
    this.host.touched();
  }

  keep() {
    this.close();
    const dialog = showDialogOf(this.host.querySelector("template[data-keep-dialog]"));
    const form = dialog.querySelector("form");
    form.elements.name.value = this.host.form.elements.subject.value.trim().slice(0, 100);
    form.elements.name.select();
    form.addEventListener("submit", async (event) => {
      if (event.submitter?.value === "cancel") return;
      event.preventDefault();
      this.host.sync();
      const body = new FormData();
      body.append("name", form.elements.name.value);
      body.append("subject", this.host.form.elements.subject.value);
      body.append("html", this.host.templateHtml());
      body.append("text", this.host.form.elements.body.value);
      const answer = await fetch(this.host.dataset.templatesUrl, { method: "POST", body, headers: csrfHeaders() }).catch(() => null);
      const said = answer?.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
      if (answer?.ok && said.text) {
        dialog.close();
        toast({ text: said.text });
        return;
      }
      const line = dialog.querySelector("[data-error-line]");
      line.hidden = false;
      line.lastElementChild.textContent = said.error ?? document.getElementById("words").dataset.failed;
      form.elements.name.focus();
    });
  }
}
