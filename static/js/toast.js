// A short message at the foot of the page, with an optional way back or on.
const LIFE = 8000;

export function toast({ text, undo, onUndo, link, life = LIFE }) {
  const holder = document.getElementById("toasts");
  const one = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  one.querySelector("span").textContent = text;
  const button = one.querySelector("[data-undo]");
  const back = onUndo || (undo && (() => post(undo)));
  if (back) {
    button.hidden = false;
    button.addEventListener("click", () => { one.remove(); back(); });
  }
  const way = one.querySelector("[data-link]");
  way.hidden = !link;
  if (link) way.href = link;
  one.querySelector("[data-close]").addEventListener("click", () => one.remove());
  holder.append(one);
  while (holder.children.length > 3) holder.firstElementChild.remove();
  let timer = setTimeout(() => one.remove(), life);
  one.addEventListener("pointerenter", () => clearTimeout(timer));
  one.addEventListener("pointerleave", () => { timer = setTimeout(() => one.remove(), life); });
  one.undo = back && (() => { one.remove(); back(); });
  return one;
}

// Requests outside htmx carry the same CSRF token the page was rendered with.
export function csrfHeaders() {
  const raw = document.body.getAttribute("hx-headers:inherited");
  return { ...JSON.parse(raw), "HX-Request": "true" };
}

export async function post(url, body = new FormData()) {
  const answer = await fetch(url, { method: "POST", body, headers: csrfHeaders() });
  const trigger = answer.headers.get("HX-Trigger");
  if (trigger) {
    for (const [name, detail] of Object.entries(JSON.parse(trigger))) {
      document.dispatchEvent(new CustomEvent(name, { detail }));
    }
  }
  return answer;
}
