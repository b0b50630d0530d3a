// How many messages of the Inbox are unread, in the title and as a dot on the icon of the tab.
import { words } from "./dom.js";

const title = document.querySelector("title");
const icon = document.querySelector("link[rel=icon]");
const plain = icon?.href;

function unread() {
  const label = document.querySelector('#tree use[href$="#i-inbox"]')?.closest("a").querySelector("[data-count]");
  return label && !label.hidden ? label.textContent.trim() : "";
}

function show() {
  const count = unread();
  const wanted = title.textContent.replace(/^\(\d+\) /, "");
  const full = count ? `(${count}) ${wanted}` : wanted;
  if (title.textContent !== full) title.textContent = full;
  const art = count ? words().iconUnread : plain;
  if (icon && art && icon.href !== new URL(art, location.href).href) icon.href = art;
}

if (title) {
  new MutationObserver(show).observe(title, { childList: true });
  document.addEventListener("counts", () => setTimeout(show));
  show();
}
