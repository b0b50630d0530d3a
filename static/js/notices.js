// The bell: how many notices are unread, and a toast when one comes while the page is open.
import { post, toast } from "./toast.js";

const EVERY = 60_000;
const bells = document.querySelectorAll("[data-bell]");
let known = bells[0]?.dataset.newest ?? "";
let last = Date.now();

function show(unread) {
  for (const bell of bells) {
    const count = bell.querySelector("[data-count]");
    count.hidden = !unread;
    count.textContent = unread > 9 ? "9+" : String(unread);
    bell.setAttribute("aria-label", unread ? bell.dataset.some.replace("{n}", String(unread)) : bell.dataset.none);
  }
}

async function look() {
  if (document.hidden || !navigator.onLine || Date.now() - last < EVERY / 2) return;
  last = Date.now();
  try {
    const answer = await fetch(bells[0].dataset.bell, { credentials: "same-origin" });
    if (answer.status !== 200 || answer.redirected) return;
    const news = await answer.json();
    show(news.unread);
    if (news.at > known) {
      known = news.at;
      toast({ text: news.text, link: news.url });
    }
  } catch {
    // The connection bar tells; the next look comes by itself.
  }
}

if (bells.length) {
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("look-for-notices", () => { last = 0; look(); });
}

// Who sees the list has read it; what is new stays marked until the page is left.
const reading = document.querySelector("[data-notices-read]");
if (reading && !document.hidden) {
  post(reading.action, new FormData(reading)).then((answer) => { if (answer.ok) { show(0); reading.remove(); } });
}
