// The buttons of a row: one bar for all rows, in the row where the pointer is or the focus. Which of
// them fit the row the style sheet knows. Who has no pointer selects or uses the keys instead.
const template = () => document.getElementById("row-tools");
let of = null; // the list they were made for: Deleted Items has others
let bar = null;

function come(row) {
  if (of !== template()) {
    of = template();
    bar?.remove();
    bar = of.content.firstElementChild.cloneNode(true);
  }
  if (bar.parentNode === row) return;
  // What was pressed had the focus, which stays with its row.
  if (bar.contains(document.activeElement)) bar.closest(".msg").querySelector(".msg__link").focus({ preventScroll: true });
  row.append(bar);
}

function near({ target, pointerType }) {
  const row = pointerType !== "touch" && target.closest?.("#list > .msg");
  if (row) come(row);
}
document.addEventListener("pointerover", near);
document.addEventListener("focusin", near);
