// A recipient field as chips. The field itself stays in the form, with the whole text in it.
import { addressOf, fault, initials, nameOf, sameKey, shownOf, split, tint } from "./address.js";
import { openChipMenu } from "./chipmenu.js";
import { People } from "./people.js";

const MANY = 30, SHOWN = 10;
const DRAGGED = "application/x-tributary-recipient";
// What is being dragged, as long as it is: other windows of this page may take it.
let dragged = null;

export class Recipients {
  constructor(row, host) {
    this.row = row;
    this.host = host;
    this.words = host.words;
    this.field = row.querySelector("input");
    this.name = this.field.name;
    this.template = row.parentElement.querySelector("template[data-chip]");
    this.error = row.querySelector("[data-error]");
    this.entries = split(this.field.value);
    this.isUnfolded = false;
    this.makeInput();
    this.list = document.createElement("span");
    this.list.className = "chips-in";
    this.list.setAttribute("role", "list");
    this.list.setAttribute("aria-label", this.words.inField.replace("%s", row.querySelector("label").textContent));
    this.fold = row.querySelector("[data-fold]");
    this.field.before(this.list, this.fold);
    this.fold.addEventListener("click", () => { this.isUnfolded = true; this.draw(); this.focus(); });
    this.listen();
    this.draw();
  }

  makeInput() {
    this.field.type = "hidden";
    this.input = document.createElement("input");
    for (const one of ["id", "dir", "autocomplete", "autocapitalize", "spellcheck", "aria-describedby", "aria-invalid"]) {
      if (this.field.hasAttribute(one)) this.input.setAttribute(one, this.field.getAttribute(one));
      if (one !== "dir") this.field.removeAttribute(one);
    }
    this.input.inputMode = "email";
    this.input.enterKeyHint = "next";
    this.field.after(this.input);
    this.people = new People(this.input, {
      url: this.host.dataset.peopleUrl,
      words: this.words,
      take: (text) => { this.input.value = ""; this.add([text]); this.input.focus(); },
      without: (address) => this.host.recipients?.some((one) => one.has(address)) ?? this.has(address),
    });
  }

  listen() {
    this.input.addEventListener("input", (event) => { event.stopPropagation(); this.typing(); });
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("focus", () => { this.isUnfolded = true; this.draw(); });
    this.input.addEventListener("blur", () => { this.people.close(); this.finish(); });
    this.input.addEventListener("paste", (event) => this.pasted(event));
    this.row.addEventListener("focusout", (event) => {
      if (this.row.contains(event.relatedTarget)) return;
      this.isUnfolded = false;
      if (this.entries.length > MANY) this.draw();
    });
    this.row.addEventListener("click", (event) => {
      if (event.target === this.row || event.target === this.list) this.input.focus();
    });
    this.list.addEventListener("keydown", (event) => this.chipPressed(event));
    this.list.addEventListener("click", (event) => this.chipClicked(event));
    this.list.addEventListener("dblclick", (event) => { const at = this.place(event.target); if (at >= 0) this.edit(at); });
    this.list.addEventListener("copy", (event) => this.copied(event));
    this.list.addEventListener("cut", (event) => this.copied(event, true));
    this.row.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      this.row.classList.add("is-target");
    });
    this.row.addEventListener("dragleave", (event) => { if (!this.row.contains(event.relatedTarget)) this.row.classList.remove("is-target"); });
    this.row.addEventListener("drop", (event) => this.dropped(event));
  }

  focus() {
    this.row.classList.remove("is-empty");
    this.input.focus();
  }

  get chips() {
    return [...this.list.querySelectorAll(".chip")];
  }

  has(address) {
    return this.entries.some((one) => sameKey(one) === address.toLowerCase());
  }

  place(element) {
    return this.chips.indexOf(element.closest?.(".chip"));
  }

  // What is still in the making counts too: a save in mid-word loses nothing.
  store() {
    this.field.value = [...this.entries, this.input.value.trim()].filter(Boolean).join(", ");
    this.host.touched();
    this.host.usual?.later();
  }

  typing() {
    if (/[,;]\s*$/.test(this.input.value) && split(this.input.value).length) {
      this.people.close();
      this.finish(this.input.value.replace(/[,;]\s*$/, ""));
      return;
    }
    this.store();
    this.people.ask();
  }

  finish(text = this.input.value) {
    const more = split(text);
    if (!more.length) return;
    this.input.value = "";
    this.add(more);
  }

  // One person is there once; of two entries the one with a name stays.
  add(texts, at = this.entries.length) {
    for (const text of texts) {
      const own = this.entries.findIndex((one) => sameKey(one) === sameKey(text));
      const other = this.host.recipients?.find((one) => one !== this && one.has(addressOf(text)));
      if (own >= 0) {
        if (!nameOf(this.entries[own]) && nameOf(text)) this.entries[own] = text;
      } else if (other && !fault(text)) {
        this.host.announce(this.words.alreadyThere.replace("%s", shownOf(text)).replace("%f", other.row.querySelector("label").textContent));
        continue;
      } else {
        this.entries.splice(at, 0, text);
        at += 1;
        continue;
      }
      this.host.announce(this.words.alreadyHere.replace("%s", shownOf(text)));
    }
    this.draw();
    this.store();
  }

  pasted(event) {
    const text = event.clipboardData.getData("text");
    if (!/[,;\n\r]/.test(text.trim()) && fault(text)) return;
    event.preventDefault();
    this.people.close();
    this.finish(`${this.input.value}${text}`);
  }

  pressed(event) {
    if (event.isComposing) return;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const isAtStart = this.input.selectionStart === 0 && this.input.selectionEnd === 0;
    if (this.people.pressed(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && isPlain) {
      event.preventDefault();
      this.finish();
    } else if (isPlain && isAtStart && this.chips.length && (event.key === "Backspace" || this.isBack(event))) {
      event.preventDefault();
      this.chips.at(-1).focus();
    }
  }

  isBack(event) {
    return event.key === (getComputedStyle(this.row).direction === "rtl" ? "ArrowRight" : "ArrowLeft");
  }

  chipPressed(event) {
    const at = this.place(event.target);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const chips = this.chips;
    const isForward = /^Arrow(Left|Right)$/.test(event.key) && !this.isBack(event);
    if (this.isBack(event)) chips[Math.max(0, at - 1)].focus();
    else if (isForward) (chips[at + 1] ?? this.input).focus();
    else if (event.key === "Home") chips[0].focus();
    else if (event.key === "End") this.input.focus();
    else if (event.key === "Backspace" || event.key === "Delete") this.remove(at, event.key === "Backspace" ? at - 1 : at);
    else if (event.key === "Enter" || event.key === "F2") this.edit(at);
    else if (event.key === " " || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) this.menu(at);
    else if (event.key.length === 1) { this.input.focus(); return; }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  chipClicked(event) {
    const at = this.place(event.target);
    if (at < 0) return;
    event.stopPropagation();
    if (event.target.closest("button")) this.remove(at);
    else this.menu(at);
  }

  menu(at) {
    const chip = this.chips[at], text = this.entries[at];
    const others = this.host.recipients.filter((one) => one !== this);
    openChipMenu(chip, { text, words: this.words, others }, {
      edit: () => this.edit(at),
      remove: () => this.remove(at),
      moveTo: (other) => this.move(at, other),
    });
  }

  move(at, other, place) {
    const [text] = this.entries.splice(at, 1);
    this.draw();
    this.store();
    other.row.classList.remove("is-empty");
    other.host.querySelector(`[data-show="${other.name}"]`)?.setAttribute("hidden", "");
    other.add([text], place);
    other.input.focus();
  }

  copied(event, isCut = false) {
    const at = this.place(document.activeElement);
    if (at < 0) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", this.entries[at]);
    if (isCut) this.remove(at);
  }

  edit(at) {
    const [text] = this.entries.splice(at, 1);
    this.finish();
    this.input.value = text;
    this.draw();
    this.input.focus();
    this.input.select();
    this.store();
  }

  remove(at, next = -1) {
    this.entries.splice(at, 1);
    this.draw();
    (this.chips[next] ?? this.input).focus();
    this.store();
  }

  draw() {
    const isFolded = this.entries.length > MANY && !this.isUnfolded;
    const shown = isFolded ? this.entries.slice(0, SHOWN) : this.entries;
    this.list.replaceChildren(...shown.map((text) => this.chip(text)));
    this.list.hidden = !shown.length;
    this.fold.hidden = !isFolded;
    this.fold.textContent = this.words.more.replace("%n", this.entries.length - SHOWN);
    const wrong = this.entries.find((text) => fault(text));
    this.error.hidden = !wrong;
    if (wrong) {
      this.input.setAttribute("aria-invalid", "true");
      this.input.setAttribute("aria-describedby", this.error.id);
      this.error.lastElementChild.textContent = this.why(wrong);
    } else {
      this.input.removeAttribute("aria-invalid");
    }
  }

  // The server found something wrong with it.
  isWrong() {
    this.row.classList.remove("is-empty");
    this.input.setAttribute("aria-invalid", "true");
    this.input.setAttribute("aria-describedby", this.error.id);
  }

  why(text) {
    return this.words[{ at: "wrongAt", domain: "wrongDomain", form: "wrong" }[fault(text)]].replace("%s", text);
  }

  chip(text) {
    const made = this.template.content.firstElementChild.cloneNode(true);
    const shown = shownOf(text), isWrong = Boolean(fault(text)), isOwn = this.host.isOwn(addressOf(text));
    made.querySelector("[data-name]").textContent = isOwn ? this.words.own.replace("%s", shown) : shown;
    made.title = isWrong ? this.why(text) : text;
    made.setAttribute("aria-label", isWrong ? this.why(text) : text);
    const avatar = made.querySelector(".avatar");
    avatar.textContent = initials(shown);
    avatar.classList.add(tint(shown));
    made.classList.add(isWrong ? "chip--error" : "chip--person");
    made.classList.toggle("chip--own", isOwn);
    made.querySelector("button").setAttribute("aria-label", this.words.remove.replace("%s", shown));
    made.addEventListener("dragstart", (event) => {
      dragged = { from: this, text };
      event.dataTransfer.setData(DRAGGED, text);
      event.dataTransfer.setData("text/plain", text);
      event.dataTransfer.effectAllowed = "move";
    });
    made.addEventListener("dragend", () => { dragged = null; });
    return made;
  }

  dropped(event) {
    this.row.classList.remove("is-target");
    if (!dragged) return;
    event.preventDefault();
    event.stopPropagation();
    const { from, text } = dragged;
    dragged = null;
    const at = from.entries.indexOf(text);
    if (at < 0) return;
    const before = this.place(event.target);
    if (from === this) {
      this.entries.splice(at, 1);
      this.entries.splice(before < 0 ? this.entries.length : before, 0, text);
      this.draw();
      this.store();
    } else {
      from.move(at, this, before < 0 ? undefined : before);
    }
  }
}
