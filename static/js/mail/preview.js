// A look at files in a dialog, from one to the next; and answers to invitations without leaving.
import { csrfHeaders, toast } from "../toast.js";
import { showDialog } from "../shell.js";

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-preview]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  showDialog(link.href);
});

// Sounds, films and wide tables have arrows of their own.
const OWN = "input, textarea, audio, video";
document.addEventListener("keydown", (event) => {
  const dialog = document.querySelector("dialog.preview[open]");
  if (!dialog || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(OWN)) return;
  const forward = getComputedStyle(dialog).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  const body = dialog.querySelector(".preview__body");
  if (body.scrollWidth > body.clientWidth) return;
  event.preventDefault();
  dialog.querySelector(`[data-step="${event.key === forward ? 1 : -1}"]`)?.click();
});

// A finger that goes sideways turns the page.
let from = null;
document.addEventListener("touchstart", (event) => {
  const inside = event.touches.length === 1 && event.target.closest?.(".preview--picture .preview__body, .preview--pages .preview__body");
  from = inside ? { x: event.touches[0].clientX, y: event.touches[0].clientY } : null;
}, { passive: true });
document.addEventListener("touchend", (event) => {
  if (!from) return;
  const x = event.changedTouches[0].clientX - from.x, y = event.changedTouches[0].clientY - from.y;
  from = null;
  if (Math.abs(x) < 60 || Math.abs(x) < 2 * Math.abs(y) || visualViewport?.scale > 1) return;
  document.querySelector(`dialog.preview[open] [data-step="${x < 0 ? 1 : -1}"]`)?.click();
}, { passive: true });

// ---- invitations: the card is drawn anew with what was answered
document.addEventListener("submit", async (event) => {
  const form = event.target.closest?.("form[data-answer]");
  if (!form) return;
  event.preventDefault();
  const card = form.closest(".came");
  const body = new FormData(form, event.submitter);
  card.setAttribute("aria-busy", "true");
  form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { ...csrfHeaders(), "X-Part": "card" } });
    if (![200, 409, 422].includes(answer.status)) throw new Error(String(answer.status));
    const template = document.createElement("template");
    template.innerHTML = await answer.text();
    const drawn = template.content.firstElementChild;
    card.replaceWith(drawn);
    drawn.querySelector('[aria-pressed="true"], button')?.focus({ preventScroll: true });
  } catch {
    card.removeAttribute("aria-busy");
    form.querySelectorAll("button").forEach((button) => { button.disabled = false; });
    toast({ text: document.getElementById("words").dataset.failed });
  }
});
