// Who really sent a message: asked for once it is shown, so that opening never waits for it.
import { fragment, part } from "./dom.js";

async function ask(place) {
  const link = place.querySelector("a");
  try {
    const said = fragment(await part(link.href, "verdict"));
    place.replaceChildren(said);
    // The images of a sender who is trusted wait for the proof that it is the sender.
    if (place.querySelector("[data-proven]")) place.closest("[data-letter]")?.querySelector("[data-awaits] [data-load-images]")?.click();
  } catch {
    // The link stays and leads to the same words.
  }
}

function look() {
  for (const place of document.querySelectorAll('[data-verdict=""]')) {
    place.dataset.verdict = "asked";
    ask(place);
  }
}

new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
look();
