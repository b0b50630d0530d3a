// What can be done to one recipient: for fingers, for the keyboard, and for who does not drag.
import { addressOf } from "./address.js";

let close = null;

function item(text, does) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "menu__item";
  made.setAttribute("role", "menuitem");
  made.tabIndex = -1;
  made.textContent = text;
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    close(false);
    does();
  });
  return made;
}

function pressed(event, items) {
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) items[(to + items.length) % items.length].focus();
  else if (event.key === "Escape") close(true);
  else if (event.key === "Tab") close(true);
  else if (event.key !== "Enter" && event.key !== " ") return;
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function openChipMenu(chip, { text, words, others }, { edit, remove, moveTo }) {
  close?.(false);
  const menu = document.createElement("div");
  menu.className = "menu chip-menu";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", text);
  const head = document.createElement("div");
  head.className = "menu__head";
  head.setAttribute("role", "presentation");
  head.dir = "auto";
  head.textContent = addressOf(text);
  const items = [
    item(words.edit, edit),
    item(words.copy, () => { navigator.clipboard?.writeText(addressOf(text)).catch(() => {}); chip.focus(); }),
    ...others.map((other) => item(words.moveTo.replace("%s", other.row.querySelector("label").textContent), () => moveTo(other))),
    item(words.take, remove),
  ];
  menu.append(head, ...items);
  const row = chip.closest("[data-recipients]");
  row.append(menu);
  const box = chip.getBoundingClientRect(), around = row.getBoundingClientRect();
  const isRtl = getComputedStyle(row).direction === "rtl";
  const start = isRtl ? around.right - box.right : box.left - around.left;
  menu.style.insetInlineStart = `${Math.max(0, Math.min(start, around.width - menu.offsetWidth))}px`;
  menu.style.insetBlockStart = `${box.bottom - around.top + 4}px`;
  const outside = (event) => { if (!menu.contains(event.target)) close(false); };
  close = (isBack) => {
    document.removeEventListener("pointerdown", outside, true);
    menu.remove();
    close = null;
    if (isBack && chip.isConnected) chip.focus();
  };
  document.addEventListener("pointerdown", outside, true);
  menu.addEventListener("keydown", (event) => pressed(event, items));
  menu.addEventListener("focusout", (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) close?.(false); });
  items[0].focus();
}
