// Buttons that act on a message that was sent: what they open stands in the dock, what they did is
// said, and the page around them stays. Without a script they are the forms they look like.
import { csrfHeaders, toast } from "../toast.js";

const failed = () => document.getElementById("words").dataset.failed;

async function act(form, open) {
  const body = new FormData(form);
  const answer = await fetch(form.action, { method: "POST", body, headers: { ...csrfHeaders(), "X-Part": "json" } }).catch(() => null);
  const isTold = answer && !answer.redirected && answer.headers.get("Content-Type")?.includes("json");
  const facts = isTold ? await answer.json() : { text: failed() };
  if (facts.text) toast({ text: facts.text });
  else if (facts.open) await open(facts.open);
  // The rows as they are now; the line acted on, or the next one, keeps the focus.
  const rows = document.getElementById("outbox-rows");
  if (rows) await window.htmx?.ajax("GET", rows.getAttribute("hx-get"), { target: "#outbox-rows", swap: "outerHTML" });
  const tree = document.querySelector("#drawer[data-tree]");
  if (tree) await window.htmx?.ajax("GET", tree.dataset.tree, { target: "#drawer", swap: "innerHTML" });
  if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
}

export function listen(open) {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest?.("form[data-acts]");
    if (!form) return;
    event.preventDefault();
    if ("isActing" in form.dataset) return;
    form.dataset.isActing = "";
    act(form, open).finally(() => { delete form.dataset.isActing; });
  });
}
