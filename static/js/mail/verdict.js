// Who really sent a message: asked for once it is shown, so that opening never waits for it.
import { fragment, part, settled } from "./dom.js";

// The server waits for DNS on behalf of few at once, so they are asked for one after the other, and
// again where it had no time. Where nothing helps, the link stays and leads to the same words.
const PAUSES = [1000, 3000, 9000];
let turn = Promise.resolve();

async function ask(place) {
  const { href } = place.querySelector("a");
  for (const pause of [...PAUSES, 0]) {
    if (!place.isConnected) return;
    try {
      tell(place, await part(href, "verdict"));
      return;
    } catch (error) {
      if (error.status !== 503 || !pause) return;
    }
    await new Promise((done) => { setTimeout(done, pause); });
  }
}

function tell(place, html) {
  place.replaceChildren(fragment(html));
  // The images of a sender who is trusted wait for the proof that it is the sender.
  if (place.querySelector("[data-proven]")) place.closest("[data-letter]")?.querySelector("[data-awaits] [data-load-images]")?.click();
}

function look() {
  for (const place of document.querySelectorAll('[data-verdict=""]')) {
    place.dataset.verdict = "asked";
    turn = turn.then(settled).then(() => ask(place));
  }
}

new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
look();
