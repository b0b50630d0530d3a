// Why a message is here that nothing decided about: found out when somebody asks, and unfolded in
// place of the link. Without this file the link leads to a page with the same words.
import { toast } from "../toast.js";
import { fragment, part, words } from "./dom.js";
import { explain } from "./ways.js";

async function unfold(link) {
  if (link.hasAttribute("aria-busy")) return;
  link.setAttribute("aria-busy", "true");
  try {
    const told = fragment(await part(link.href, "why"));
    const summary = told.querySelector("summary");
    const had = document.activeElement === link;
    link.replaceWith(told);
    if (had) summary.focus({ preventScroll: true });
  } catch (error) {
    if ([401, 403, 404].includes(error.status)) explain(error);
    else toast({ text: words().loadFailed });
  } finally {
    link.removeAttribute("aria-busy");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-why]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  unfold(link);
});
