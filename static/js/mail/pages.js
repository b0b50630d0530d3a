// Pages of the list as the server draws them: rows under the headings of their days.
import { answerOf, fragment, placeUrl, shelved, textOf } from "./dom.js";

export const PAGE = 50;

// The rows among some lines; "next" is the cursor below the last of them. An empty line stands for
// a row that looks as it is known here.
export function entriesOf(lines, next) {
  const found = [];
  let day = null;
  for (const line of lines.children) {
    if (line.matches(".list__day")) day = { key: line.dataset.day, label: line };
    else if (line.matches(".msg")) {
      const { node, html } = ("same" in line.dataset && shelved.known.get(line.dataset.id)) || { node: line, html: line.outerHTML };
      found.push({ id: line.dataset.id, node, html, mark: node.dataset.mark, day, next: null, stale: false });
    }
  }
  if (found.length) found[found.length - 1].next = next || null;
  return found;
}

// The rows "before" a cursor or "at" a number. "at" of the answer is where they stand, "total" how
// many there are; null where the server does not know.
export async function pageOf(wanted, signal) {
  const url = new URL(placeUrl(), location.href);
  for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, value);
  const answer = await answerOf(url, "rows", signal);
  const lines = fragment(await textOf(answer, "rows"));
  const number = (name) => (answer.headers.has(name) ? Number(answer.headers.get(name)) : null);
  const next = answer.headers.get("X-Next") ?? cursorOf(lines);
  return { entries: entriesOf(lines, next), next, at: number("X-At"), total: number("X-Total"), version: answer.headers.get("X-Version") };
}

// Where the page goes on for those without scripts.
export function cursorOf(lines) {
  const link = lines.querySelector("[data-more] a");
  return link && new URL(link.href).searchParams.get("before");
}
