// Read and unread, starred or not: what a row and the open message show of it, at once.
import { openId, reading, rowOf, shelved, words } from "./dom.js";

const OPPOSITES = { read: "unread", unread: "read", star: "unstar", unstar: "star" };

// Shows it and returns what takes it back; nothing for what is so already, and for actions that
// change no row.
export function show(id, what) {
  if (!(what in OPPOSITES)) return null;
  const isNew = what.endsWith("read") ? showRead(id, what === "read") : showStar(id, what === "star");
  return isNew ? OPPOSITES[what] : null;
}

function showRead(id, read) {
  const row = rowOf(id);
  if (!row || row.classList.contains("msg--unread") === !read) return false;
  forget(id);
  row.classList.toggle("msg--unread", !read);
  const link = row.querySelector(".msg__link");
  if (read) link.querySelector(":scope > .sr")?.remove();
  else link.prepend(mark());
  return true;
}

// It looks like nothing the server knows until that has drawn it: another window may have put it
// back meanwhile, and a row that is the same to the server would stay as it is shown here.
function forget(id) {
  Object.assign(shelved.known.get(String(id)), { mark: "", html: "" });
}

// As the server writes it (`webmail/row_words.py`).
function mark() {
  const said = document.createElement("span");
  said.className = "sr";
  said.dir = "auto";
  said.textContent = `${words().unread}: `;
  return said;
}

function showStar(id, starred) {
  const row = rowOf(id);
  const button = openId() === String(id) && reading().querySelector("[data-toggle-star]");
  const was = row ? row.hasAttribute("data-starred") : button && button.value === "unstar";
  if (row && was !== starred) forget(id);
  row?.toggleAttribute("data-starred", starred);
  if (button) {
    button.setAttribute("aria-pressed", String(starred));
    button.value = starred ? "unstar" : "star";
  }
  return was !== starred;
}
