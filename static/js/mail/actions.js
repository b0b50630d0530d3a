// Doing things to messages: shown at once, sent, and taken back if the server could not.
import { showDialog } from "../shell.js";
import { checkedIds, chosen, list, openId, painted, placeUrl, rowOf, scroller, single, words } from "./dom.js";
import { show } from "./flags.js";
import { close, open } from "./reader.js";
import { focusedId, isWhole, selectNone } from "./selection.js";
import { change, leaving, nearest, total } from "./stage.js";
import { changing, explain, send, tell } from "./ways.js";
import { goOn } from "./whole.js";

const GONE = new Set(["trash", "junk", "destroy"]);
const MOVED = new Set(["archive", "inbox", "not-junk", "move", "unsnooze"]);

// Which rows leave the list: deleted ones everywhere, moved ones where the list is a folder, and
// those without its label where it is a label's.
const leaves = (what) => GONE.has(what)
  || (what === "snooze" && scroller().dataset.role !== "snoozed")
  || (MOVED.has(what) && !/^\/(starred|search|label)\//.test(placeUrl()))
  || (what.startsWith("unlabel:") && placeUrl().startsWith(`/label/${what.slice(8)}/`))
  || (what === "unstar" && placeUrl().startsWith("/starred/"));

// Whether these ids stand for everything in the place, and whether a row is a conversation.
const isMeant = (ids) => isWhole() && ids.length === chosen.size && ids.every((id) => chosen.has(id));
const scope = () => (list()?.dataset.mode === "conversations" ? "conversation" : "");

// "toward" says which message is opened in place of one that leaves: 1 the older, -1 the newer.
export async function act(what, ids, extra = {}, { toward = 1 } = {}) {
  // What lies in the Archive or in Junk already stays there.
  if (!ids.length || ["archive", "junk"].includes(what) && what === scroller().dataset.role) return;
  const body = new FormData();
  body.set("do", what);
  const everything = isMeant(ids);
  if (everything) body.set("all", "1");
  else ids.forEach((id) => body.append("id", id));
  if (scope()) body.set("scope", scope());
  body.set("place", placeUrl());
  Object.entries(extra).forEach(([name, value]) => body.set(name, value));
  if (what === "destroy" && !extra.sure) {
    asked = ids;
    showDialog(words().actionUrl, { method: "POST", body });
    return;
  }
  const again = () => (leaves(what) ? remove(ids, toward) : flag(what, ids));
  const takeBack = again();
  selectNone();
  changing(true, ids);
  await painted(); // to ask the server takes longer than to draw
  try {
    const first = await send(words().actionUrl, body);
    tell(everything ? await goOn(first, body, (next) => send(words().actionUrl, next)) : first, takeBack, again);
  } catch (error) {
    takeBack();
    explain(error);
  } finally {
    changing(false, ids);
  }
}

// ---- what is seen at once; each returns the way back
function remove(ids, toward) {
  const gone = new Set(ids);
  const fits = (one) => !gone.has(one.id);
  const beside = (id, way) => nearest(id, way, fits) ?? nearest(id, -way, fits);
  const wasOpen = gone.has(openId());
  const next = wasOpen ? beside(openId(), toward) : null;
  const focused = gone.has(focusedId()) ? focusedId() : null;
  const neighbour = focused && beside(focused, toward);
  const where = placeUrl();
  ids.forEach((id) => leaving.add(id));
  const taken = change((shelf) => shelf.take(ids));
  if (wasOpen && next && !single()) open(next.node.querySelector(".msg__link").href, { drawn: true });
  else if (wasOpen) close();
  if (neighbour) focus(neighbour.id);
  return () => {
    ids.forEach((id) => leaving.delete(id));
    if (placeUrl() !== where) return;
    change((shelf) => shelf.restore(taken));
    if (focused || document.activeElement === document.body) focus(taken[0]?.one.id);
  };
}
const focus = (id) => rowOf(id)?.querySelector(".msg__link").focus({ preventScroll: true });

function flag(what, ids) {
  const before = ids.map((id) => [id, show(id, what)]);
  return () => before.forEach(([id, opposite]) => opposite && show(id, opposite));
}

// What a dialog asks about; thousands of ids have no room in an address.
let asked = [];

// ---- forms of the list, the reading pane and the dialogs
document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!list()) return;
  // Not form.id: the fields are named "id" and would answer instead.
  const name = form.getAttribute("id");
  if (name === "list-form" || name === "read-form") {
    event.preventDefault();
    const row = button.closest("#list > .msg");
    const ids = row ? [row.dataset.id] : name === "read-form" ? [openId()] : checkedIds();
    if (button.matches("[data-like]")) like(button.getAttribute("formaction"), ids);
    else if (button.matches("[data-ask], [data-move]")) choose(button.getAttribute("formaction"), ids);
    else {
      act(button.value, ids);
      if (button.matches("[data-unread]")) close();
    }
  } else if (form.matches("[data-act-form]") && form.closest("#dialog")) {
    event.preventDefault();
    const { do: what, ...values } = Object.fromEntries(new FormData(form, button));
    const extra = Object.fromEntries(Object.entries(values).filter(([key]) => !KNOWN.has(key)));
    form.closest("dialog").close();
    act(what, asked, extra).then(() => form.matches("[data-changes-tree]") && document.dispatchEvent(new CustomEvent("tree-changed")));
  }
});
// What a form for people without scripts says of the messages, which is known here.
const KNOWN = new Set(["id", "next", "scope", "place", "all", "csrfmiddlewaretoken"]);

// A page that goes by these messages; a few tell as much as all of them.
function like(url, ids) {
  if (ids.length) location.assign(`${url}?${new URLSearchParams(ids.slice(0, 50).map((id) => ["id", id]))}`);
}

// A dialog about these messages: which folder, which labels, until when.
export function choose(url, ids) {
  if (!ids.length) return;
  asked = ids;
  const query = new URLSearchParams(ids.slice(0, 50).map((id) => ["id", id]));
  query.set("total", isMeant(ids) ? total() : ids.length);
  query.set("next", placeUrl());
  if (scope()) query.set("scope", scope());
  showDialog(`${url}?${query}`);
}
