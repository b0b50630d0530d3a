// What word processors put on the clipboard, said as a page says it: Word draws its lists with
// paragraphs, Google Docs sets everything in bold type that is not bold.
//
// All of it happens to nodes that are in no page yet; their styles wait as text in data-css.
const styleOf = (element) => element.getAttribute("data-css") ?? "";
const LISTED = /mso-list:\s*l(\d+)\s+level(\d)/i;
const NUMBERED = /^\(?(?:\d+|[a-z]|[ivxlc]+)[.)]/i;
const NORMAL = /(?:^|;)\s*(?:font-weight:\s*(?:normal|400)|font-style:\s*normal)\b/i;
const CLOSE = /(?:^|;)\s*margin(?:-top|-bottom)?:\s*0/i;

function renamed(element, tag) {
  const made = element.ownerDocument.createElement(tag);
  for (const one of element.attributes) made.setAttribute(one.name, one.value);
  made.append(...element.childNodes);
  element.replaceWith(made);
}

// A paragraph of a list of Word's: which list, how deep, and with which sign. Null for any other.
function entry(paragraph) {
  const found = paragraph.nodeName === "P" && LISTED.exec(styleOf(paragraph));
  if (!found) return null;
  const sign = [...paragraph.querySelectorAll("[data-css]")].find((one) => /mso-list:\s*ignore/i.test(styleOf(one)));
  const tag = NUMBERED.test(sign?.textContent.trim() ?? "") ? "OL" : "UL";
  return { level: Number(found[2]), tag, sign, list: found[1] };
}

function listsOf(body) {
  let open = [], last = null;
  for (const paragraph of body.querySelectorAll("p[data-css]")) {
    const { level, tag, sign, list } = entry(paragraph) ?? {};
    if (!tag) continue;
    const goesOn = last && last.nextElementSibling === paragraph;
    if (!goesOn) open = [];
    while (open.length > level || (open.length === level && (open[level - 1].nodeName !== tag || (level === 1 && open[0].dataset.list !== list)))) open.pop();
    const item = body.ownerDocument.createElement("li");
    const above = paragraph.previousElementSibling;
    while (open.length < level) {
      const made = body.ownerDocument.createElement(tag);
      if (open.length) (open.at(-1).lastElementChild ?? open.at(-1)).append(made);
      else if (goesOn) above.after(made);
      else paragraph.before(made);
      made.dataset.list = list;
      open.push(made);
    }
    sign?.remove();
    item.append(...paragraph.childNodes);
    open.at(-1).append(item);
    paragraph.remove();
    [last] = open;
  }
  for (const one of body.querySelectorAll("[data-list]")) one.removeAttribute("data-list");
}

export function plainly(body) {
  listsOf(body);
  for (const one of body.querySelectorAll("b, strong, i, em")) if (NORMAL.test(styleOf(one))) one.replaceWith(...one.childNodes);
  // An entry and a cell are a block already; a paragraph in it only puts them apart.
  for (const one of body.querySelectorAll("li > p:first-child, td > p:only-child, th > p:only-child")) one.replaceWith(...one.childNodes);
  for (const one of body.querySelectorAll("p[data-css]")) if (CLOSE.test(styleOf(one))) renamed(one, "div");
  for (const one of body.querySelectorAll("[lang]")) one.removeAttribute("lang");
}

// Said of what is so anyway: words that are not bold within words that are not.
const USUAL = {
  "font-weight": [/^(?:normal|400)$/, "b, strong, th"],
  "font-style": [/^normal$/, "i, em, cite, address, dfn, var"],
  "text-decoration": [/^none$/, "s, u, del, ins"],
  "vertical-align": [/^baseline$/, "sub, sup"],
  "text-align": [/^(?:start|left)$/, "center, th, [align]"],
};
export function isUsual(element, name, value) {
  const [usual, unless] = USUAL[name] ?? [];
  if (!usual?.test(value)) return false;
  for (let one = element.parentElement; one; one = one.parentElement) if (one.matches(unless) || one.style.getPropertyValue(name)) return false;
  return true;
}
