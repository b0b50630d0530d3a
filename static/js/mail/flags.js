// Read and unread, starred or not: what a row and the open message show of it, at once.
import { openId, reading, rowOf } from "./dom.js";

const OPPOSITES = { read: "unread", unread: "read", star: "unstar", unstar: "star" };

// Shows it and returns what takes it back; nothing for actions that change no row.
export function show(id, what) {
  if (!(what in OPPOSITES)) return null;
  if (what.endsWith("read")) showRead(id, what === "read");
  else showStar(id, what === "star");
  return OPPOSITES[what];
}

function showRead(id, read) {
  const row = rowOf(id);
  if (!row) return;
  row.classList.toggle("msg--unread", !read);
  if (read) row.querySelector(".msg__link > .sr")?.remove();
}

function showStar(id, starred) {
  rowOf(id)?.toggleAttribute("data-starred", starred);
  const button = openId() === String(id) && reading().querySelector("[data-toggle-star]");
  if (!button) return;
  button.setAttribute("aria-pressed", String(starred));
  button.value = starred ? "unstar" : "star";
}
