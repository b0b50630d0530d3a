// Doing things to messages: shown at once, sent, and taken back if the server could not.
import { csrfHeaders, toast } from "../toast.js";
import { showDialog } from "../shell.js";
import { checkedIds, list, openId, placeUrl, reading, rowOf, rows, words } from "./dom.js";
import { ready, selectNone, showEmpty } from "./list.js";
import { close, open } from "./reader.js";

const GONE = new Set(["trash", "junk", "destroy"]);
const MOVED = new Set(["archive", "inbox", "not-junk", "move"]);
// The ways back that were not taken yet, the newest last.
const ways = [];
const MOST_WAYS = 20;

async function send(url, body) {
  const answer = await fetch(url, { method: "POST", body, headers: { ...csrfHeaders(), "X-Part": "json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

// Which rows leave the list: deleted ones everywhere, moved ones where the list is a folder.
const leaves = (what) => GONE.has(what) || (MOVED.has(what) && !/^\/(starred|search)\//.test(placeUrl()));

export async function act(what, ids, extra = {}) {
  if (!ids.length) return;
  const body = new FormData();
  body.set("do", what);
  ids.forEach((id) => body.append("id", id));
  Object.entries(extra).forEach(([name, value]) => body.set(name, value));
  if (what === "destroy" && !extra.sure) {
    showDialog(words().actionUrl, { method: "POST", body });
    return;
  }
  const takeBack = leaves(what) ? remove(ids) : flag(what, ids);
  selectNone();
  changing(true);
  try {
    tell(await send(words().actionUrl, body), takeBack);
  } catch {
    takeBack();
    toast({ text: words().failed });
  } finally {
    changing(false);
  }
}

// While something is being changed nobody looks for news: the answer would be older than the list.
const changing = (on) => document.dispatchEvent(new CustomEvent("list-changing", { detail: { on } }));

// Each toast takes back what it tells, and "z" the newest that is left.
function tell(done, takeBack) {
  document.dispatchEvent(new CustomEvent("counts", { detail: done }));
  if (!done.undo) {
    toast({ text: done.text });
    return;
  }
  const way = () => {
    if (!ways.includes(shown.undo)) return;
    ways.splice(ways.indexOf(shown.undo), 1);
    takeBack();
    back(done.undo);
  };
  const shown = toast({ text: done.text, onUndo: way });
  ways.push(shown.undo);
  if (ways.length > MOST_WAYS) ways.shift();
}

async function back(token) {
  const body = new FormData();
  body.set("token", token);
  changing(true);
  try {
    const done = await send(words().undoUrl, body);
    document.dispatchEvent(new CustomEvent("counts", { detail: done }));
    toast({ text: done.text });
  } catch {
    toast({ text: words().failed });
  } finally {
    changing(false);
  }
}

export function undoLast() {
  const newest = ways[ways.length - 1];
  if (newest) newest();
  else toast({ text: words().nothing });
}

// ---- what is seen at once; each returns the way back
function remove(ids) {
  const gone = ids.map(rowOf).filter(Boolean);
  const places = gone.map((row) => ({ row, after: row.previousElementSibling }));
  const all = rows();
  const at = all.findIndex((row) => row.dataset.id === openId());
  const next = at >= 0 && gone.includes(all[at])
    ? all.slice(at + 1).find((row) => !gone.includes(row)) || all.slice(0, at).reverse().find((row) => !gone.includes(row))
    : null;
  const wasOpen = ids.includes(openId());
  const focused = gone.some((row) => row.contains(document.activeElement));
  const neighbour = all.slice(all.indexOf(gone[gone.length - 1]) + 1).find((row) => !gone.includes(row));
  const where = placeUrl();
  gone.forEach((row) => {
    row.querySelector(".msg__check").checked = false;
    row.remove();
  });
  showEmpty();
  ready();
  if (wasOpen && next && !matchMedia("(width < 600px)").matches) open(next.querySelector(".msg__link").href);
  else if (wasOpen) close();
  if (focused) neighbour?.querySelector(".msg__link").focus({ preventScroll: true });
  return () => {
    if (placeUrl() !== where) return;
    for (const { row, after } of places) {
      if (rowOf(row.dataset.id)) continue;
      if (after?.isConnected) after.after(row);
      else list().prepend(row);
    }
    showEmpty();
    ready();
    if (focused || document.activeElement === document.body) gone[0]?.querySelector(".msg__link").focus({ preventScroll: true });
  };
}

function flag(what, ids) {
  const before = ids.map((id) => [rowOf(id), show(id, what)]);
  return () => before.forEach(([row, opposite]) => row && opposite && show(row.dataset.id, opposite));
}

function show(id, what) {
  const row = rowOf(id);
  if (what === "read" || what === "unread") {
    const toggle = row?.querySelector("[data-toggle-read]");
    row?.classList.toggle("msg--unread", what === "unread");
    if (toggle) {
      toggle.value = `${what === "read" ? "unread" : "read"}:${id}`;
      toggle.title = what === "read" ? words().unread : words().read;
      toggle.setAttribute("aria-label", toggle.title);
    }
    return what === "read" ? "unread" : "read";
  }
  if (what === "star" || what === "unstar") {
    row?.toggleAttribute("data-starred", what === "star");
    const toggle = row?.querySelector("[data-toggle-star]");
    if (toggle) toggle.value = `${what === "star" ? "unstar" : "star"}:${id}`;
    if (openId() === String(id)) {
      const button = reading().querySelector("[data-toggle-star]");
      button.setAttribute("aria-pressed", String(what === "star"));
      button.value = what === "star" ? "unstar" : "star";
    }
    return what === "star" ? "unstar" : "star";
  }
  return null;
}

// ---- forms of the list, the reading pane and the dialogs
document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!list()) return;
  // Not form.id: the fields are named "id" and would answer instead.
  const name = form.getAttribute("id");
  if (name === "list-form" || name === "read-form") {
    event.preventDefault();
    const ids = name === "read-form" ? [openId()] : checkedIds();
    if (button.matches("[data-move]")) {
      chooseFolder(ids);
    } else if (button.name === "one") {
      const [what, id] = button.value.split(":");
      act(what, [id]);
    } else {
      act(button.value, ids);
      if (button.matches("[data-unread]")) close();
    }
  } else if (form.matches("[data-move-form], [data-destroy]") && form.closest("#dialog")) {
    event.preventDefault();
    const values = new FormData(form, button);
    form.closest("dialog").close();
    act(values.get("do"), values.getAll("id"), form.matches("[data-destroy]") ? { sure: "1" } : { folder: values.get("folder") });
  }
});

export function chooseFolder(ids) {
  if (!ids.length) return;
  const query = new URLSearchParams(ids.map((id) => ["id", id]));
  query.set("next", placeUrl());
  showDialog(`${words().moveUrl}?${query}`);
}

document.addEventListener("input", (event) => {
  const filter = event.target.closest("[data-folder-filter]");
  if (!filter) return;
  const wanted = filter.value.trim().toLocaleLowerCase();
  filter.closest("dialog, section").querySelectorAll("[data-name]").forEach((one) => {
    one.hidden = !one.dataset.name.toLocaleLowerCase().includes(wanted);
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.closest("[data-folder-filter]")) return;
  event.preventDefault();
  event.target.closest("form").querySelector("[data-name]:not([hidden])")?.click();
});
