// How many messages of the inboxes are unread, in the title and as a dot on the icon of the tab.
import { words } from "./dom.js";

const title = document.querySelector("title");
const icon = document.querySelector("link[rel=icon]");
const plain = icon?.href;

// What accounts bring into folders of their own counts as well, as for many that is their Inbox.
function unread() {
  let sum = 0;
  for (const item of document.querySelectorAll('#tree > .tree:not(.tree--pinned) .tree__row[data-depth="0"] > .tree__item')) {
    const count = item.querySelector('use[href$="#i-inbox"], .dot') && item.querySelector("[data-count]:not([hidden])");
    sum += count ? Number(count.textContent) : 0;
  }
  return sum;
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
