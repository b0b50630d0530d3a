// How a message is shown: its remote images and colours are changed in its frame, and it is drawn as
// plain text and back, without a new page.
import { fragment, part } from "./dom.js";

const letterOf = (element) => element.closest("[data-letter]");

function reload(letter, address) {
  const frame = letter.querySelector("[data-frame]");
  if (!frame) return;
  // One that was taken over shows another message than it was loaded for.
  const now = address ?? frame.dataset.of ?? frame.src;
  for (const name of ["of", "turn"]) delete frame.dataset[name];
  frame.dataset.loads = 2; // nobody takes over what goes elsewhere
  frame.src = now;
}

async function redraw(letter, address) {
  try {
    const drawn = fragment(await part(address, "letter")).querySelector(".letter");
    letter.replaceWith(drawn);
    drawn.querySelector("[data-menu] > summary").focus({ preventScroll: true });
  } catch {
    location.href = address;
  }
}

async function send(form, extra = {}) {
  const said = new FormData(form);
  for (const [name, value] of Object.entries(extra)) said.set(name, value);
  const answer = await fetch(form.action, { method: "POST", body: said, headers: { "X-Part": "none" } });
  return answer.status === 204;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-load-images], [data-redraw]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  if ("redraw" in link.dataset) {
    redraw(letterOf(link), link.href);
    return;
  }
  reload(letterOf(link), link.dataset.loadImages);
  link.closest("[data-images]").remove();
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const letter = letterOf(form);
  if (!letter || !form.matches("[data-trust-images], [data-dark-mail]")) return;
  event.preventDefault();
  const { name, value } = event.submitter ?? {};
  if (!(await send(form, name ? { [name]: value } : {}))) {
    form.submit();
    return;
  }
  if (form.matches("[data-trust-images]")) {
    letter.querySelector("[data-load-images]").click();
    return;
  }
  for (const frame of document.querySelectorAll("[data-letter] [data-frame]")) reload(letterOf(frame));
  // The next time it says the opposite.
  form.elements.dark.value = form.elements.dark.value === "1" ? "0" : "1";
  const words = form.querySelector("[data-words]");
  [words.textContent, words.dataset.words] = [words.dataset.words, words.textContent];
  form.closest("details")?.removeAttribute("open");
});
