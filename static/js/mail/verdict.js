// Who really sent a message: asked for once it is shown, so that opening never waits for it.
import { fragment, part } from "./dom.js";

async function ask(place) {
  const link = place.querySelector("a");
  try {
    const said = fragment(await part(link.href, "verdict"));
    place.replaceChildren(said);
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
