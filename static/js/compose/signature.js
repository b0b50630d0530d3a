// The signature's region: swapped when the sender changes, whatever stands around it untouched.
import { toNodes, toRead } from "./markup.js";
import { quoteAt, SIGNED, toText } from "./plain.js";

const same = (one, other) => one.replace(/\s+/g, " ").trim() === other.replace(/\s+/g, " ").trim();

export class Signature {
  constructor(editor) {
    this.editor = editor;
    this.known = null;
  }

  get root() {
    return this.editor.words.getRoot();
  }

  // The region of this message, not one that was quoted.
  get region() {
    return [...this.root.querySelectorAll("[data-signature]")].find((one) => !one.closest("[data-quote], blockquote")) ?? null;
  }

  // Which one stands there, as far as that is known.
  get shown() {
    return this.editor.isPlain ? this.id : this.region?.dataset.signature ?? "";
  }

  // What stands there now counts as untouched, as far as this window knows.
  learn() {
    const region = this.region;
    this.known = { text: region ? toText(region) : "" };
    this.id = region?.dataset.signature ?? "";
  }

  // Whether it still says what it was put in with: in this window, or in an earlier one.
  isUntouched(present, previous) {
    const known = previous ? [previous.text, toText(toRead(previous.html))] : [this.known?.text ?? ""];
    return !present.trim() || known.some((one) => same(present, one));
  }

  // previous: how the one that stands there is kept, if that is known. Answers "replaced", "kept"
  // (its writer changed it and wants it as it is) or "same".
  async set({ id, html, text }, previous) {
    const region = { id: String(id ?? ""), html: html ?? "", text: text ?? "" };
    const isPlain = this.editor.isPlain;
    // Somebody went back a step: what stands there is another one, not a changed one.
    if (this.shown !== this.id) this.learn();
    const present = isPlain ? this.inText() : this.inWords();
    if (!this.isUntouched(present, previous)) {
      if (same(present, region.text)) return "same";
      const { askSignature, askSignatureYes, askSignatureNo } = this.editor.box.dataset;
      if (!(await this.editor.ask(askSignature, askSignatureYes, askSignatureNo))) return "kept";
    } else if (same(present, region.text) && (isPlain || this.shown === region.id)) {
      this.known = { text: region.text };
      return "same";
    }
    this.id = region.id;
    if (this.editor.isPlain) this.putText(region.text);
    else this.putWords(region);
    this.known = { text: this.editor.isPlain ? region.text : this.inWords() };
    return "replaced";
  }

  // ---- with formatting

  inWords() {
    return this.region ? toText(this.region) : "";
  }

  putWords({ id, html }) {
    this.editor.words.step(() => {
      const old = this.region;
      const made = html ? this.made(id, html) : null;
      if (old) {
        // A cursor that stood in the old one stands before what comes in its place.
        const marks = [...old.querySelectorAll("input")];
        const before = old.previousElementSibling ?? old.parentElement.insertBefore(blank(), old);
        if (marks.length) before.append(...marks);
        if (made) old.replaceWith(made); else old.remove();
      } else if (made) {
        this.place(made);
      }
    });
  }

  made(id, html) {
    const region = document.createElement("div");
    region.dataset.signature = id;
    region.append(toNodes(html));
    const hasBlocks = [...region.children].some((one) => /^(?:DIV|P|TABLE|UL|OL|BLOCKQUOTE|H\d|PRE)$/.test(one.nodeName));
    if (!hasBlocks) {
      const line = document.createElement("div");
      line.append(...region.childNodes);
      region.append(line);
    }
    return region;
  }

  place(made) {
    const quote = [...this.root.children].find((one) => "quote" in one.dataset) ?? null;
    const last = quote ? quote.previousElementSibling : this.root.lastElementChild;
    this.root.insertBefore(made, quote);
    if (!last || last.textContent.trim() || last.querySelector("img")) made.before(blank());
    if (!made.previousElementSibling?.previousElementSibling) made.before(blank());
  }

  // ---- in plain text

  bounds() {
    const text = this.editor.field.value;
    const quote = quoteAt(text);
    const own = quote < 0 ? text : text.slice(0, quote);
    const mark = `${SIGNED}\n`;
    const at = own.startsWith(mark) ? 0 : own.lastIndexOf(`\n${mark}`) + 1 || -1;
    const end = own.replace(/\n+$/, "").length;
    return at < 0 ? { at: end, from: end, end } : { at, from: at + mark.length, end: Math.max(end, at + mark.length) };
  }

  inText() {
    const { from, end } = this.bounds();
    return this.editor.field.value.slice(from, end);
  }

  putText(text) {
    const { at, end } = this.bounds();
    const field = this.editor.field;
    const before = field.value.slice(0, at);
    // Above it stays room to write in, also where nothing is written yet.
    const gap = "\n".repeat(Math.max(0, 2 - /\n*$/.exec(before)[0].length));
    const made = text ? `${gap}${SIGNED}\n${text}` : "";
    this.editor.putPlain(at, end, made);
  }
}

function blank() {
  const line = document.createElement("div");
  line.append(document.createElement("br"));
  return line;
}
