// A recipient field as chips. The field itself stays in the form, with the whole text in it.
const ADDRESS = /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]+\.[^\s@<>()[\]\\,;:".\d][^\s@<>()[\]\\,;:".]*$/u;
const address = (text) => (/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim();
const name = (text) => text.replace(/<[^<>]*>\s*$/, "").trim().replace(/^"(.*)"$/, "$1");

// Commas, semicolons and line ends separate, outside quotes and angle brackets.
function split(text) {
  const found = [];
  let start = 0, quoted = false, angle = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"' && text[at - 1] !== "\\") quoted = !quoted;
    else if ("<>".includes(char) && !quoted) angle = char === "<";
    else if (char === "\n" || (",;".includes(char) && !quoted && !angle)) {
      found.push(text.slice(start, at));
      start = at + 1;
      quoted = angle = false;
    }
  }
  found.push(text.slice(start));
  return found.map((one) => one.trim()).filter(Boolean);
}

export class Recipients {
  constructor(row, changed) {
    this.row = row;
    this.changed = changed;
    this.field = row.querySelector("input");
    this.field.type = "hidden";
    this.template = row.parentElement.querySelector("template[data-chip]");
    this.input = document.createElement("input");
    for (const one of ["id", "dir", "autocomplete", "autocapitalize", "spellcheck", "aria-describedby", "aria-invalid"]) {
      if (this.field.hasAttribute(one)) this.input.setAttribute(one, this.field.getAttribute(one));
      if (one !== "dir") this.field.removeAttribute(one);
    }
    this.input.inputMode = "email";
    this.field.after(this.input);
    this.error = row.querySelector("[data-error]");
    this.entries = split(this.field.value);
    this.input.addEventListener("input", (event) => { event.stopPropagation(); this.typing(); });
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("blur", () => this.finish());
    this.input.addEventListener("paste", (event) => this.pasted(event));
    this.draw();
  }

  focus() {
    this.row.classList.remove("is-empty");
    this.input.focus();
  }

  // What is still in the making counts too: a save in mid-word loses nothing.
  store() {
    this.field.value = [...this.entries, this.input.value.trim()].filter(Boolean).join(", ");
    this.changed();
  }

  typing() {
    if (/[,;]$/.test(this.input.value) && split(this.input.value).length) this.finish(this.input.value.slice(0, -1));
    else this.store();
  }

  finish(text = this.input.value) {
    const more = split(text);
    if (!more.length) return;
    this.entries.push(...more);
    this.input.value = "";
    this.draw();
    this.store();
  }

  pasted(event) {
    const text = event.clipboardData.getData("text");
    if (!/[,;\n]/.test(text)) return;
    event.preventDefault();
    this.finish(`${this.input.value}${text}`);
  }

  pressed(event) {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.finish();
    } else if (event.key === "Backspace" && !this.input.value && this.entries.length) {
      event.preventDefault();
      this.edit(this.entries.length - 1);
    }
  }

  edit(at) {
    const [text] = this.entries.splice(at, 1);
    this.finish();
    this.input.value = text;
    this.draw();
    this.input.focus();
    this.store();
  }

  remove(at) {
    this.entries.splice(at, 1);
    this.draw();
    this.input.focus();
    this.store();
  }

  draw() {
    this.row.querySelectorAll(".chip").forEach((chip) => chip.remove());
    this.entries.forEach((text, at) => this.field.before(this.chip(text, at)));
    const wrong = this.entries.find((text) => !ADDRESS.test(address(text)));
    this.error.hidden = !wrong;
    this.input.toggleAttribute("aria-invalid", Boolean(wrong));
    if (wrong) this.error.lastElementChild.textContent = this.row.dataset.wrong.replace("%s", wrong);
  }

  chip(text, at) {
    const made = this.template.content.firstElementChild.cloneNode(true);
    const shown = name(text) || address(text);
    made.querySelector("[data-name]").textContent = shown;
    made.title = text;
    const avatar = made.querySelector(".avatar");
    avatar.textContent = shown.split(/[\s@.]+/).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase();
    avatar.classList.add(`a${[...new TextEncoder().encode(shown.toLowerCase())].reduce((sum, byte) => sum + byte, 0) % 6 + 1}`);
    made.classList.toggle("chip--error", !ADDRESS.test(address(text)));
    made.classList.toggle("chip--person", ADDRESS.test(address(text)));
    const button = made.querySelector("button");
    button.setAttribute("aria-label", this.row.dataset.remove.replace("%s", shown));
    button.addEventListener("click", (event) => { event.stopPropagation(); this.remove(at); });
    made.addEventListener("dblclick", () => this.edit(at));
    return made;
  }
}
