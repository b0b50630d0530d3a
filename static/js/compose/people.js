// People written to and heard from, offered while a recipient is typed (the ARIA combobox pattern).
import { csrfHeaders } from "../toast.js";
import { initials, tint } from "./address.js";

const WAIT = 120;

// The text with every hit of the typed words marked.
function marked(text, words) {
  const line = document.createElement("span");
  const folded = text.toLocaleLowerCase();
  let at = 0;
  while (at < text.length) {
    const hit = words
      .map((word) => ({ from: folded.indexOf(word, at), length: word.length }))
      .filter((one) => one.from >= 0)
      .sort((one, other) => one.from - other.from || other.length - one.length)[0];
    if (!hit || folded.length !== text.length) break;
    const mark = document.createElement("mark");
    mark.textContent = text.slice(hit.from, hit.from + hit.length);
    line.append(text.slice(at, hit.from), mark);
    at = hit.from + hit.length;
  }
  line.append(text.slice(at));
  return line;
}

export class People {
  // `take` is called with the text of the person chosen; `without` says who is there already.
  constructor(input, { url, words, take, without }) {
    Object.assign(this, { input, url, words, take, without });
    this.list = document.createElement("div");
    this.list.className = "menu people";
    this.list.id = `${input.id}-people`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", words.people);
    this.list.hidden = true;
    input.after(this.list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    this.at = -1;
    this.asked = 0;
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.clicked(event));
  }

  get isOpen() {
    return !this.list.hidden;
  }

  get options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  // Look for people a moment after the last key; answers to older questions are thrown away.
  ask(wait = WAIT) {
    clearTimeout(this.timer);
    const typed = this.input.value.trim();
    if (!typed) {
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.fetch(typed), wait);
  }

  async fetch(typed) {
    const mine = (this.asked += 1);
    let found = [];
    try {
      const answer = await fetch(`${this.url}?${new URLSearchParams({ q: typed })}`, { headers: csrfHeaders() });
      if (answer.ok) found = (await answer.json()).people;
    } catch { /* offline: what is typed is taken as it is */ }
    if (mine !== this.asked || this.input.value.trim() !== typed) return;
    this.show(found.filter((one) => !this.without(one.address)), typed);
  }

  show(people, typed) {
    const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    this.list.replaceChildren(...people.map((one, number) => this.option(one, number, words)));
    if (!people.length || document.activeElement !== this.input) {
      this.close();
      return;
    }
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    // A whole address that was typed is not replaced by a likeness of it.
    this.activate(typed.includes("@") && typed.split("@")[1].includes(".") ? -1 : 0);
  }

  option(person, number, words) {
    const made = document.createElement("div");
    made.className = "people__one";
    made.id = `${this.list.id}-${number}`;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", "false");
    made.dataset.text = person.text;
    made.dataset.address = person.address;
    const avatar = document.createElement("span");
    const shown = person.name || person.address;
    avatar.className = `avatar ${tint(shown)}`;
    avatar.setAttribute("aria-hidden", "true");
    avatar.textContent = initials(shown);
    const name = document.createElement("b");
    name.dir = "auto";
    name.append(marked(shown, words));
    const address = document.createElement("span");
    address.className = "help";
    address.append(person.name ? marked(person.address, words) : "");
    // No button: one inside an option cannot be reached. Shift+Delete does the same.
    const forget = document.createElement("span");
    forget.className = "people__forget";
    forget.dataset.forget = "";
    forget.setAttribute("aria-hidden", "true");
    forget.title = `${this.words.forget} (${this.words.forgetKey})`;
    forget.textContent = "×";
    made.append(avatar, name, address, forget);
    return made;
  }

  activate(at) {
    const all = this.options;
    this.at = all.length ? Math.max(-1, Math.min(at, all.length - 1)) : -1;
    all.forEach((one, number) => one.setAttribute("aria-selected", String(number === this.at)));
    if (this.at < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", all[this.at].id);
    all[this.at]?.scrollIntoView({ block: "nearest" });
  }

  close() {
    clearTimeout(this.timer);
    this.asked += 1;
    this.list.hidden = true;
    this.list.replaceChildren();
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  // True where the key was meant for the list.
  pressed(event) {
    if (!this.isOpen) {
      if (event.key !== "ArrowDown" || !this.input.value.trim()) return false;
      this.ask(0);
      return true;
    }
    const count = this.options.length;
    if (event.key === "ArrowDown") this.activate((this.at + 1) % count);
    else if (event.key === "ArrowUp") this.activate(this.at <= 0 ? count - 1 : this.at - 1);
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" || event.key === "Tab") && this.at >= 0 && !event.shiftKey && !event.ctrlKey && !event.metaKey) this.choose(this.options[this.at]);
    else if (event.key === "Delete" && event.shiftKey && this.at >= 0) this.forget(this.options[this.at]);
    else return false;
    return true;
  }

  clicked(event) {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    if (event.target.closest("[data-forget]")) this.forget(option);
    else this.choose(option);
  }

  choose(option) {
    const { text } = option.dataset;
    this.close();
    this.take(text);
  }

  async forget(option) {
    const body = new FormData();
    body.append("forget", option.dataset.address);
    const answer = await fetch(this.url, { method: "POST", body, headers: csrfHeaders() });
    if (!answer.ok) return;
    const at = this.at;
    option.remove();
    if (this.options.length) this.activate(at);
    else this.close();
    this.input.focus();
  }
}
