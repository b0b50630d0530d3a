// HTML of a message as it is stored, and the same as the editor shows it.
//
// The page's policy has no 'unsafe-inline': a browser neither applies a style attribute it parses
// nor one that is set by name, and complains about each, even in documents nobody sees. What a
// script writes through the object model (element.style) and what is cloned from it is applied.
// So the attribute is renamed before anything is parsed, cleaned by an allow-list, and put on the
// living element property by property. Formatting made here needs no style at all: it is a class
// and a data attribute that become a style on the way out. The editor therefore lives in the page
// itself, where its label, keys, focus, drops and the tests' hands reach it; a frame with a policy
// of its own would cost all of these and a request.
//
// What is stored knows no theme. A colour on the screen is light-dark(stored, made readable).
import DOMPurify from "../../vendor/dompurify.js";
import { isUsual, plainly } from "./office.js";

const SIZES = { small: "13px", large: "18px", huge: "24px" };
const MAX_HTML = 2_000_000;
const MAX_DEPTH = 200;

const TAGS = "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr".split(" ");
const ATTRIBUTES = "align alt border cellpadding cellspacing colspan data-cid data-quote data-signature dir height href lang nowrap rowspan size span src start title type valign value width".split(" ");
const MARKS = ["id", "data-away", "data-wait", "data-ink", "data-size", "data-edge"];
const LEGACY = ["bgcolor", "color", "face"];
const SIDES = ["top", "right", "bottom", "left"];
const STYLES = [
  "color", "background-color", "font-family", "font-size", "font-style", "font-weight", "font-variant", "text-align", "text-decoration", "text-indent",
  "text-transform", "line-height", "letter-spacing", "white-space", "vertical-align", "direction", "list-style-type", "border-collapse", "border-spacing", "border-radius",
  "width", "max-width", "min-width", "height", "table-layout", "overflow-wrap",
  ...SIDES.flatMap((side) => [`padding-${side}`, `margin-${side}`, `border-${side}-width`, `border-${side}-style`, `border-${side}-color`]),
];
const FETCHES = /url\(|image|src\(|attr\(|var\(|env\(|element\(|paint\(|expression/i;
const LINK = /^(?:https?|mailto|tel):/i;
const OWN_IMAGE = /^(?:blob:|\/(?!\/))/;
const DATA_IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,/i;
const MEANS = { STRONG: "b", EM: "i", INS: "u", STRIKE: "s", DEL: "s", TT: "code", CENTER: "div", BIG: "span", MAIN: "div", NAV: "div" };
const VOID = new Set(["BR", "COL", "HR", "IMG", "WBR"]);
const FONT_SIZES = ["10px", "13px", "16px", "18px", "24px", "32px", "48px"];
const TURNING = /^(?:DIV|P|LI|H[1-6])$/;
const RTL = /^[^A-Za-z\u00c0-\u02b8\u0370-\u058f]*?[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

// ---- colours

const probe = document.createElement("i");

function hex(color) {
  const parts = /^rgba?\((\d+), (\d+), (\d+)\)$/.exec(color);
  return parts ? `#${parts.slice(1).map((one) => Number(one).toString(16).padStart(2, "0")).join("")}` : color;
}

let palette;

// The inks of tokens.css: what is stored for each, by number.
function inks() {
  if (palette) return palette;
  const tokens = getComputedStyle(document.documentElement);
  palette = [];
  for (let number = 1; ; number += 1) {
    const found = /light-dark\(\s*(#[0-9a-f]{6})/i.exec(tokens.getPropertyValue(`--ink-${number}`));
    if (!found) return palette;
    palette.push(found[1].toLowerCase());
  }
}

// Mirrored in lightness. Text on our own ground is kept light enough to read; on a ground its
// writer chose, which is mirrored too, it keeps its distance from that.
const dark = (color, isText) => `oklch(from ${color} ${isText ? "max(.72, calc(.95 - .7 * l))" : "calc(.95 - .72 * l)"} c h)`;
const THEMED = /light-dark\(((?:[^()]|\([^()]*\))+), oklch\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)/g;
const LEFT_ALONE = /^(?:currentcolor|inherit|initial|unset|revert|revert-layer|transparent)$/i;

function paint(element, name, value) {
  if (LEFT_ALONE.test(value)) return;
  const hasGround = name === "color" && grounded(element);
  element.style.setProperty(name, `light-dark(${value}, ${dark(value, name === "color" && !hasGround)})`);
  // A browser that cannot mix colours shows, and keeps, the one there was.
  if (!element.style.getPropertyValue(name)) element.style.setProperty(name, value);
}

function grounded(element) {
  for (let one = element; one; one = one.parentElement) if (one.style.backgroundColor) return true;
  return false;
}

// ---- reading

let serial = 0;

// Parses without running, loading or applying anything. The name that stands before "style" is
// new each time, so that no text can be written to be mistaken for it; words of the text that look
// like the attribute get their own back afterwards. Handlers are renamed with it, as the policy
// would complain about each before it is taken out.
function parse(html, isOwn) {
  serial += 1;
  const name = `data-s${serial}${Math.random().toString(36).slice(2, 8)}-`;
  const body = DOMPurify.sanitize(html.replace(/(?<!<\/?)style(?=[\s/>=])|\bon[a-z]+(?=\s*=)/gi, (found) => name + found), {
    ALLOWED_TAGS: isOwn ? [...TAGS, "input"] : TAGS,
    ALLOWED_ATTR: [...ATTRIBUTES, ...LEGACY, "data-src", ...(isOwn ? MARKS : []), `${name}style`],
    // Only these two are addresses; the rule for addresses would take the others away.
    ADD_URI_SAFE_ATTR: [...ATTRIBUTES.filter((one) => one !== "href" && one !== "src"), ...LEGACY, ...MARKS, `${name}style`],
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|cid:|blob:|data:image\/(?:png|jpeg|gif|webp);base64,|\/(?!\/))/i,
    FORBID_CONTENTS: ["script", "style", "template", "noscript", "textarea", "title", "svg", "math", "select", "object", "iframe", "audio", "video", "canvas"],
    RETURN_DOM: true,
  });
  // A page of frames has no words.
  if (!body) return document.implementation.createHTMLDocument("").body;
  const back = (text) => text.replaceAll(name, "");
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.data.includes(name)) node.data = back(node.data);
      continue;
    }
    for (const one of [...node.attributes]) {
      if (one.name !== `${name}style` && one.value.includes(name)) node.setAttribute(one.name, back(one.value));
    }
    const css = node.getAttribute(`${name}style`);
    if (css === null) continue;
    node.removeAttribute(`${name}style`);
    node.setAttribute("data-css", back(css));
  }
  return body;
}

// What a tag of old times says, said in today's words. Returns the element and its style.
function modern(element) {
  probe.style.cssText = element.getAttribute("data-css") ?? "";
  element.removeAttribute("data-css");
  const style = {};
  const told = { "background-color": "bgcolor", color: "color", "font-family": "face" };
  for (const [name, attribute] of Object.entries(told)) {
    const value = element.getAttribute(attribute);
    element.removeAttribute(attribute);
    if (!value || probe.style.getPropertyValue(name)) continue;
    // Old pages write colours without their sign.
    probe.style.setProperty(name, /^[0-9a-f]{6}$/i.test(value) ? `#${value}` : value);
  }
  if (element.nodeName === "FONT") {
    const size = FONT_SIZES[Number(element.getAttribute("size")) - 1];
    element.removeAttribute("size");
    if (size && !probe.style.fontSize) probe.style.fontSize = size;
  }
  if (element.nodeName === "CENTER" && !probe.style.textAlign) probe.style.textAlign = "center";
  for (const name of STYLES) {
    const value = probe.style.getPropertyValue(name).replace(THEMED, (_all, color) => color);
    if (!value || value.length > 300 || FETCHES.test(value)) continue;
    // Nothing is drawn over what stands above it.
    if (name.startsWith("margin") && value.includes("-")) continue;
    style[name] = value;
  }
  const tag = element.nodeName === "FONT" ? "span" : MEANS[element.nodeName];
  if (!tag) return [element, style];
  const made = element.ownerDocument.createElement(tag);
  for (const one of element.attributes) made.setAttribute(one.name, one.value);
  made.append(...element.childNodes);
  element.replaceWith(made);
  return [made, style];
}

// A picture of our own is shown. Any other is named in its place and nothing is asked for; what
// was pasted becomes a link, what stands in a quote goes out as it came.
function picture(image, isPaste) {
  const source = image.getAttribute("src") || image.getAttribute("data-src") || "";
  image.removeAttribute("data-src");
  if (OWN_IMAGE.test(source)) return;
  if (DATA_IMAGE.test(source)) return;
  if (isPaste) {
    if (!LINK.test(source)) { image.remove(); return; }
    const link = image.ownerDocument.createElement("a");
    link.href = source;
    link.textContent = image.getAttribute("alt") || source.split(/[?#]/)[0].split("/").pop() || source;
    if (image.closest("a")) image.replaceWith(link.textContent); else image.replaceWith(link);
    return;
  }
  if (source && !/^data:/i.test(source)) image.setAttribute("data-away", source);
  image.removeAttribute("src");
}

function link(element) {
  if (!LINK.test(element.getAttribute("href") ?? "")) element.removeAttribute("href");
}

function format(element, style) {
  const isSpan = element.nodeName === "SPAN";
  for (const [name, value] of Object.entries(style)) {
    const number = name === "color" && isSpan ? inks().indexOf(hex(value)) + 1 : 0;
    const size = name === "font-size" && isSpan ? Object.keys(SIZES).find((one) => SIZES[one] === value) : null;
    if (number) Object.assign(element.dataset, { ink: number });
    else if (size) Object.assign(element.dataset, { size });
    else if (name.endsWith("color")) paint(element, name, value);
    else element.style.setProperty(name, value);
  }
  if (element.dataset.ink || (isSpan && element.style.color)) element.classList.add("ink");
  else if (element.dataset.size) element.classList.add("size");
}

function tooDeep(body) {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_ELEMENT);
  let depth = 0;
  for (let node = walker.currentNode; node;) {
    const child = walker.firstChild();
    if (child) { depth += 1; node = child; } else {
      node = walker.nextSibling();
      while (!node && walker.parentNode()) { depth -= 1; node = walker.nextSibling(); }
    }
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

// Nodes for this page from HTML that may come from anybody. isOwn: it was in an editor before, a
// step to go back to or a piece cut out, and may carry the editor's own marks.
export function toNodes(html, { isPaste = false, isOwn = false } = {}) {
  const body = parse(html.slice(0, MAX_HTML), isOwn);
  if (tooDeep(body)) {
    const words = document.createElement("div");
    words.textContent = body.textContent;
    return fragment([words]);
  }
  if (isPaste && !isOwn) plainly(body);
  const styles = [];
  for (const element of [...body.querySelectorAll("*")]) {
    const [made, style] = modern(element);
    if (made.nodeName === "IMG") picture(made, isPaste);
    else if (made.nodeName === "A") link(made);
    if (isPaste) for (const name of ["data-signature", "data-quote"]) made.removeAttribute(name);
    // Written anew from the words on the way out, so that it follows them.
    if (made.getAttribute("dir") === "rtl" && TURNING.test(made.nodeName) && RTL.test(made.textContent)) made.removeAttribute("dir");
    if (isPaste && !isOwn && made.getAttribute("dir") === "ltr" && !RTL.test(made.textContent)) made.removeAttribute("dir");
    made.setAttribute("data-n", styles.push(style) - 1);
  }
  if (isPaste) for (const anchor of body.querySelectorAll("a:not([href])")) anchor.replaceWith(...anchor.childNodes);
  const nodes = fragment([...body.childNodes].map((one) => document.importNode(one, true)));
  for (const element of nodes.querySelectorAll("[data-n]")) {
    const style = styles[element.dataset.n];
    element.removeAttribute("data-n");
    format(element, isPaste && !isOwn ? fitting(element, style) : style);
  }
  return nodes;
}

// The same, only to be read: nothing of it is for the page, so nothing is made fit for it.
export function toRead(html) {
  return parse(html.slice(0, MAX_HTML), false);
}

// What is pasted takes over our type and ground; what its writer stressed stays.
function fitting(element, style) {
  const isTable = /^(?:TABLE|T[RDH]|COL|CAPTION)$/.test(element.nodeName);
  const keeps = (name, value) => {
    if (isUsual(element, name, value)) return false;
    if (/^(?:font-weight|font-style|text-decoration|text-align|vertical-align)$/.test(name)) return true;
    if (name === "color") return !/^(?:rgb\((\d|[1-6]\d), (\d|[1-6]\d), (\d|[1-6]\d)\)|black|white|rgb\(255, 255, 255\)|.*var.*)$/.test(value);
    if (name === "background-color") return !/^(?:white|rgb\(2(?:4\d|5\d), 2(?:4\d|5\d), 2(?:4\d|5\d)\)|rgba\(.*, 0\))$/.test(value);
    return isTable && /^(?:border|padding|width|height)/.test(name);
  };
  return Object.fromEntries(Object.entries(style).filter(([name, value]) => keeps(name, value)));
}

function fragment(nodes) {
  const made = document.createDocumentFragment();
  made.append(...nodes);
  return made;
}


// ---- writing

const escape = (text) => text.replace(/\u200b/g, "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\u00a0/g, "&nbsp;");
const quoted = (text) => escape(text).replace(/"/g, "&quot;");

function css(element) {
  const written = element.style.cssText.replace(THEMED, (_all, color) => hex(color)).replace(/rgb\(\d+, \d+, \d+\)/g, hex);
  const parts = written.split(";").map((one) => one.trim()).filter(Boolean);
  if (element.dataset.ink) parts.push(`color: ${inks()[element.dataset.ink - 1]}`);
  if (element.dataset.size) parts.push(`font-size: ${SIZES[element.dataset.size]}`);
  return parts.join("; ");
}

function attributes(element) {
  const found = [];
  for (const { name, value } of element.attributes) if (ATTRIBUTES.includes(name)) found.push([name, value]);
  const away = element.dataset.away;
  if (away) found.unshift([LINK.test(away) ? "data-src" : "src", away]);
  const style = css(element);
  if (style) found.push(["style", style]);
  if (!element.dir && element.parentElement?.isContentEditable && TURNING.test(element.nodeName) && RTL.test(element.textContent)) found.push(["dir", "rtl"]);
  return found.map(([name, value]) => ` ${name}="${quoted(value)}"`).join("");
}

function write(node, out) {
  if (node.nodeType === Node.TEXT_NODE) {
    out.push(escape(node.data));
    return;
  }
  // The bookmarks of the editor, pictures that are still on their way, lines nobody wrote in.
  if (node.nodeType !== Node.ELEMENT_NODE || node.nodeName === "INPUT" || "wait" in node.dataset) return;
  if ("edge" in node.dataset && !node.textContent.replace(/\u200b/g, "") && !node.querySelector("img, hr")) return;
  const name = node.localName;
  const told = attributes(node);
  if (name === "span" && !told) {
    for (const child of node.childNodes) write(child, out);
    return;
  }
  out.push(`<${name}${told}>`);
  if (VOID.has(node.nodeName)) return;
  for (const child of node.childNodes) if (!isInner(child)) write(child, out);
  // A list within a list belongs to the item before it; Squire keeps it beside.
  if (name === "li") for (let next = node.nextElementSibling; next && isInner(next); next = next.nextElementSibling) write(next, out);
  out.push(`</${name}>`);
}

const LISTS = /^[OU]L$/;
const isInner = (node) => LISTS.test(node.nodeName) && LISTS.test(node.parentNode.nodeName) && Boolean(node.previousElementSibling);

// HTML to store from what stands in the editor, or in any part of it.
export function toHtml(root) {
  const out = [];
  for (const child of root.childNodes) write(child, out);
  return out.join("");
}
