// Recipients as people type them: taken apart, shown, and judged. The server has the last word.
const LOCAL = /^[^\s@<>()[\]\\,;:"]{1,64}$/u;
const LABEL = /^[\p{L}\p{N}]([\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u;

export const addressOf = (text) => (/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim();
export const nameOf = (text) => (/<[^<>]*>\s*$/.test(text) ? text.replace(/<[^<>]*>\s*$/, "").trim().replace(/^"(.*)"$/, "$1").replace(/\\(.)/g, "$1") : "");
export const shownOf = (text) => nameOf(text) || addressOf(text);
export const sameKey = (text) => addressOf(text).toLowerCase();

// Commas, semicolons and line ends separate, outside quotes and angle brackets.
export function split(text) {
  const found = [];
  let start = 0, quoted = false, angle = false, escaped = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (escaped && char !== "\n" && char !== "\r") escaped = false;
    else if (char === "\\" && quoted) escaped = true;
    else if (char === '"') quoted = !quoted;
    else if ("<>".includes(char) && !quoted) angle = char === "<";
    else if (char === "\n" || char === "\r" || (",;".includes(char) && !quoted && !angle)) {
      found.push(text.slice(start, at));
      start = at + 1;
      quoted = angle = escaped = false;
    }
  }
  found.push(text.slice(start));
  return found.map((one) => one.trim()).filter(Boolean);
}

// What is wrong with an entry: "at", "domain", "form", or "" for nothing.
export function fault(text) {
  const address = addressOf(text);
  const parts = address.split("@");
  if (parts.length < 2 || !parts[0] || !parts.at(-1)) return "at";
  const local = parts.slice(0, -1).join("@").replace(/^"(.+)"$/, "$1"), labels = parts.at(-1).replace(/\.$/, "").split(".");
  if (!LOCAL.test(local) || /^\.+$/.test(local) || /[<>]/.test(address)) return "form";
  if (labels.length < 2) return "domain";
  return labels.every((one) => LABEL.test(one)) && !/^\d+$/.test(labels.at(-1)) ? "" : "form";
}

export const initials = (shown) => shown.split(/[\s@.]+/).map((word) => [...word][0] ?? "").join("").slice(0, 2).toUpperCase();
export const tint = (shown) => `a${[...new TextEncoder().encode(shown.toLowerCase())].reduce((sum, byte) => sum + byte, 0) % 6 + 1}`;
