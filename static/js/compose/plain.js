// A message as plain text, and plain text as a message: for people who write without formatting.

const BLOCKS = new Set("ADDRESS ARTICLE ASIDE BLOCKQUOTE CAPTION DD DIV DL DT FIGCAPTION FIGURE FOOTER H1 H2 H3 H4 H5 H6 HEADER HR LI OL P PRE SECTION TABLE TBODY TFOOT THEAD TR UL".split(" "));
export const SIGNED = "-- ";
const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

class Writer {
  constructor() {
    this.lines = [];
    this.line = null;
    this.prefix = "";
    this.first = "";
  }

  add(text) {
    this.line = (this.line ?? "") + text;
  }

  flush() {
    if (this.line === null) return;
    this.put(this.line.replace(/ +$/, ""));
    this.line = null;
  }

  // A quote's mark stands close to the next one; words have a space before them.
  put(text) {
    const lead = this.first || this.prefix;
    this.first = "";
    this.lines.push(text === "" ? lead.trimEnd() : lead + text);
  }

  within(prefix, first, inner) {
    const before = this.prefix;
    this.prefix = before + prefix;
    this.first = first ? before + first : "";
    inner();
    this.prefix = before;
    this.first = "";
  }

  children(node) {
    for (const child of node.childNodes) this.node(child);
  }

  node(node) {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.data.replace(/[\u200b]/g, "");
      if (node.parentElement?.closest("pre")) this.preformatted(text);
      else if (text) this.add(this.spaced(text));
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || node.nodeName === "INPUT") return;
    if (BLOCKS.has(node.nodeName)) this.block(node);
    else this.inline(node);
  }

  spaced(text) {
    const plain = text.replace(/[ \t\r\n]+/g, " ");
    return (this.line === null || this.line === "" ? plain.replace(/^ /, "") : plain).replace(/\u00a0/g, " ");
  }

  preformatted(text) {
    text.split("\n").forEach((one, at) => {
      if (at) { this.add(""); this.put(this.line); this.line = null; }
      if (one) this.add(one);
    });
  }

  inline(node) {
    if (node.nodeName === "BR") {
      // The last break of a block holds it open and is no line of its own.
      if (this.line === null && !node.nextSibling && node.parentElement?.textContent) return;
      this.add("");
      this.flush();
    } else if (node.nodeName === "IMG") {
      if (node.alt) this.add(`[${node.alt}]`);
    } else if (node.nodeName === "A") {
      this.link(node);
    } else if (/^T[DH]$/.test(node.nodeName)) {
      if (node.previousElementSibling) this.add("\t");
      this.cell(node);
    } else {
      this.children(node);
    }
  }

  cell(node) {
    const inner = new Writer();
    inner.children(node);
    inner.flush();
    this.add(inner.lines.filter(Boolean).join(" "));
  }

  link(node) {
    const before = this.line ?? "";
    this.children(node);
    const words = (this.line ?? "").slice(before.length).trim();
    const where = node.getAttribute("href") ?? "";
    const bare = (text) => text.replace(/^(?:https?:\/\/|mailto:)/i, "").replace(/\/$/, "").toLowerCase();
    if (where && bare(where) !== bare(words)) this.add(words ? ` <${where}>` : `<${where}>`);
  }

  block(node) {
    this.flush();
    const name = node.nodeName;
    const isSpaced = name === "P" || /^H[1-6]$/.test(name);
    if (isSpaced && !this.first && this.lines.length && this.lines.at(-1) !== this.prefix.trimEnd()) this.put("");
    if (name === "HR") this.put("-".repeat(40));
    else if (name === "BLOCKQUOTE") this.quote(node);
    else if (name === "LI") this.item(node);
    else if (/^[OU]L$/.test(name) && /^[OU]L$/.test(node.parentElement?.nodeName)) this.within("  ", "", () => { this.children(node); this.flush(); });
    else if ("signature" in node.dataset) this.signature(node);
    else { this.children(node); this.flush(); }
  }

  // The marks of nested quotes stand together, as in ">> ".
  quote(node) {
    const before = this.prefix;
    this.prefix = before.endsWith("> ") ? `${before.slice(0, -1)}> ` : `${before}> `;
    this.children(node);
    this.flush();
    this.prefix = before;
  }

  item(node) {
    const list = node.parentElement;
    const number = [...list.children].filter((one) => one.nodeName === "LI").indexOf(node) + (Number(list.getAttribute("start")) || 1);
    const mark = list.nodeName === "OL" ? `${number}. ` : "- ";
    this.within(" ".repeat(mark.length), mark, () => { this.children(node); this.flush(); if (this.first) this.put(""); });
  }

  signature(node) {
    if (!node.textContent.trim()) { this.children(node); this.flush(); return; }
    if (this.lines.length && this.lines.at(-1) !== "") this.put("");
    this.lines.push(SIGNED);
    this.children(node);
    this.flush();
  }
}

// The words of the editor (or any part of it) as lines of text.
export function toText(root) {
  const writer = new Writer();
  writer.children(root);
  writer.flush();
  return writer.lines.join("\n").replace(/\s+$/, "");
}

// Where the quoted original begins in a text: its line of introduction, or the first ">".
export function quoteAt(text) {
  const forwarded = /^-{5,} .+ -{5,}$/m.exec(text);
  const found = /^>/m.exec(text);
  const places = [forwarded?.index, found && introBefore(text, found.index)].filter((one) => one !== undefined && one !== null);
  return places.length ? Math.min(...places) : -1;
}

function introBefore(text, at) {
  const before = text.slice(0, at);
  const intro = /(?:^|\n)([^\n>][^\n]*:[ \t]*\n(?:[ \t]*\n)?)$/.exec(before);
  return intro ? at - intro[1].length : at;
}

const block = (line) => `<div>${escape(line).replace(/\t/g, "    ").replace(/ {2}/g, " &nbsp;").replace(/^ /, "&nbsp;") || "<br>"}</div>`;

function lines(text) {
  const out = [];
  let depth = 0;
  for (const line of text.split("\n")) {
    const marks = /^(?:> ?)*/.exec(line)[0];
    const level = marks.replace(/ /g, "").length;
    for (; depth < level; depth += 1) out.push('<blockquote type="cite">');
    for (; depth > level; depth -= 1) out.push("</blockquote>");
    out.push(block(line.slice(marks.length)));
  }
  out.push("</blockquote>".repeat(depth));
  return out.join("");
}

// What follows the last line that is quoted is written by who answers; what is forwarded goes on to the end.
function tailAt(text, at) {
  if (/^-{5,} /.test(text.slice(at))) return text.length;
  const last = text.lastIndexOf("\n>");
  const end = text.indexOf("\n", Math.max(last + 1, at));
  return end < 0 || !text.slice(end).trim() ? text.length : end;
}

// HTML from lines of text: quotes nested, signature and quoted original marked as elsewhere.
export function fromText(text, signatureId = "") {
  const at = quoteAt(text);
  const end = at < 0 ? text.length : tailAt(text, at);
  const own = at < 0 ? text : text.slice(0, at).replace(/\n$/, "");
  const quote = at < 0 ? "" : text.slice(at, end).replace(/\n+$/, "");
  const sign = own.startsWith(`${SIGNED}\n`) ? 0 : own.lastIndexOf(`\n${SIGNED}\n`) + 1 || -1;
  const words = sign < 0 ? own : own.slice(0, sign).replace(/\n$/, "");
  const signed = sign < 0 ? "" : own.slice(sign + SIGNED.length + 1).replace(/\n+$/, "");
  return [
    words || !text ? lines(words) : "",
    signed && `<div data-signature="${escape(signatureId)}">${lines(signed)}</div>`,
    quote && `<div data-quote="">${lines(quote)}</div>`,
    end < text.length ? lines(text.slice(end + 1).replace(/\n$/, "")) : "",
  ].join("");
}
