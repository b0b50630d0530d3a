// The service worker seen from the page: its start, a new version, and what it says of the network.
import { toast } from "./toast.js";

const path = document.documentElement.dataset.worker;
const words = () => document.getElementById("words").dataset;
const AGAIN = 10_000;
const PATIENCE = 3000;
const RELOADED = "reloaded-for-new-version";
const SHOWN = "iframe[src][sandbox]:not([data-frame=coming], [data-frame=parked])";

function offer(waiting) {
  const one = toast({ text: words().renewed, link: location.href, life: 600_000 });
  const link = one.querySelector("[data-link]");
  link.textContent = words().reload;
  // The old one may be at work for minutes; what was asked for is the page anew, with whichever.
  link.addEventListener("click", (event) => {
    event.preventDefault();
    waiting.postMessage("go");
    setTimeout(() => { sessionStorage.setItem(RELOADED, "1"); location.reload(); }, PATIENCE);
  });
}

async function start() {
  // This page came for the new version already, which takes over when the old one is done.
  const isNew = sessionStorage.getItem(RELOADED) !== null;
  sessionStorage.removeItem(RELOADED);
  const had = Boolean(navigator.serviceWorker.controller) && !isNew;
  const registration = await navigator.serviceWorker.register(path);
  if (registration.waiting && !isNew) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming.addEventListener("statechange", () => {
      if (coming.state === "installed" && navigator.serviceWorker.controller) offer(coming);
    });
  });
  navigator.serviceWorker.addEventListener("controllerchange", () => { if (had) location.reload(); });
  // A page that was on its way while the worker started is not among those that it took over.
  const { active } = await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) active.postMessage("claim");
}

// A frame without an origin is none of the worker's, so its page comes by way of this one. Its own
// styles are not run then, as this page's policy holds for it too: it is black on white.
async function fillFrames(root = document) {
  for (const frame of root.querySelectorAll(SHOWN)) {
    try {
      const of = frame.dataset.of ?? frame.src;
      const answer = await fetch(of, { mode: "same-origin" }); // by the worker
      const policy = answer.headers.get("Content-Security-Policy");
      const html = await answer.text();
      if (!answer.ok || !policy || !frame.matches(SHOWN) || (frame.dataset.of ?? frame.src) !== of) continue;
      if ("frame" in frame.dataset) frame.dataset.frame = "scrolls";
      const meta = document.createElement("meta");
      meta.httpEquiv = "Content-Security-Policy";
      meta.content = policy.split(";").filter((one) => !/^\s*(sandbox|frame-ancestors|report)/.test(one)).join(";");
      frame.classList.add("is-kept");
      frame.removeAttribute("src");
      frame.srcdoc = `<!doctype html>${meta.outerHTML}${html}`;
    } catch { /* it was never read here */ }
  }
}

// What is read is kept a moment later, when nobody waits for anything.
function keepFrames() {
  clearTimeout(soon);
  soon = setTimeout(() => {
    for (const frame of document.querySelectorAll(SHOWN)) {
      navigator.serviceWorker.controller?.postMessage({ keep: frame.dataset.of ?? frame.src });
    }
  }, 2000);
}
let soon;

if (path && "serviceWorker" in navigator) {
  // It fetches what it keeps, which nobody waits for.
  const soon = window.requestIdleCallback ?? setTimeout;
  const begin = () => soon(() => start().catch(() => {}));
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin, { once: true });
  let isAway = false;
  let later;
  const hear = (away) => {
    clearTimeout(later);
    isAway = away;
    dispatchEvent(new CustomEvent("tributary:network", { detail: { isAway } }));
    if (!isAway) return;
    later = setTimeout(knock, AGAIN);
    fillFrames();
  };
  // The worker learns that the server is back when a page asks for something: one that stands still
  // asks by itself, past the worker.
  async function knock() {
    clearTimeout(later);
    if (!isAway) return;
    try {
      await fetch(document.querySelector("link[rel=manifest]").href, { method: "HEAD", cache: "no-store" });
      navigator.serviceWorker.controller?.postMessage("back");
      hear(false);
    } catch {
      later = setTimeout(knock, AGAIN);
    }
  }
  for (const name of ["online", "tributary:reached"]) addEventListener(name, knock);
  navigator.serviceWorker.addEventListener("message", ({ data }) => hear(data.kind === "offline"));
  // This page itself may be one that was kept: the worker spoke before anybody listened.
  navigator.serviceWorker.controller?.postMessage("ask");
  keepFrames();
  new MutationObserver(() => (isAway ? fillFrames() : keepFrames())).observe(document.body, { childList: true, subtree: true });
}
