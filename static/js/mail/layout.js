// Where messages open, how high lines are, and how wide panes are. The first two are the person's
// and saved on the server; the widths belong to this screen.
import { toast } from "../toast.js";
import { list, painted, words } from "./dom.js";
import { measure } from "./stage.js";

const panes = document.getElementById("panes");
const KEY = "pane-sizes";
const STEP = 16;
const sizes = JSON.parse(localStorage.getItem(KEY) || "{}");

// ---- layout and density: shown at once
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-layout-form]");
  if (!form || !panes) return;
  event.preventDefault();
  const { name, value } = event.submitter;
  for (const one of form.querySelectorAll(`[name="${name}"]`)) one.setAttribute("aria-pressed", String(one === event.submitter));
  if (name === "layout") panes.dataset.layout = value;
  else document.querySelectorAll(".list").forEach((one) => one.classList.toggle("list--compact", value === "compact"));
  tell();
  if (list()) measure();
  const body = new FormData(form, event.submitter);
  try {
    await fetch(form.action, { method: "POST", body, redirect: "manual" });
  } catch {
    toast({ text: words().failed });
  }
});

// ---- widths
const isBelow = (splitter) => splitter.dataset.splitter === "list" && panes.dataset.layout === "below";
const nameOf = (splitter) => (splitter.dataset.splitter === "folders" ? "folders-size" : isBelow(splitter) ? "list-height" : "list-size");
const paneOf = (splitter) => document.getElementById(splitter.getAttribute("aria-controls"));
const sizeOf = (splitter) => Math.round(paneOf(splitter).getBoundingClientRect()[isBelow(splitter) ? "height" : "width"]);

function put(splitter, size) {
  const name = nameOf(splitter);
  panes.style.setProperty(`--${name}`, `${Math.round(size)}px`);
  sizes[name] = sizeOf(splitter); // as far as the other panes allow
  localStorage.setItem(KEY, JSON.stringify(sizes));
  tell();
}

function tell() {
  for (const splitter of panes.querySelectorAll("[data-splitter]")) {
    splitter.setAttribute("aria-orientation", isBelow(splitter) ? "horizontal" : "vertical");
    if (!splitter.offsetParent) continue;
    splitter.setAttribute("aria-valuenow", sizeOf(splitter));
    splitter.setAttribute("aria-valuemin", 160);
    splitter.setAttribute("aria-valuemax", isBelow(splitter) ? innerHeight : innerWidth);
  }
}

function drag(event, splitter) {
  const below = isBelow(splitter), from = below ? event.clientY : event.clientX, size = sizeOf(splitter);
  const sign = !below && getComputedStyle(panes).direction === "rtl" ? -1 : 1;
  splitter.setPointerCapture(event.pointerId);
  splitter.classList.add("is-moving");
  const move = (now) => put(splitter, size + sign * ((below ? now.clientY : now.clientX) - from));
  splitter.addEventListener("pointermove", move);
  splitter.addEventListener("lostpointercapture", () => {
    splitter.classList.remove("is-moving");
    splitter.removeEventListener("pointermove", move);
  }, { once: true });
}

function nudge(event, splitter) {
  const rtl = getComputedStyle(panes).direction === "rtl";
  const more = isBelow(splitter) ? "ArrowDown" : rtl ? "ArrowLeft" : "ArrowRight";
  const less = isBelow(splitter) ? "ArrowUp" : rtl ? "ArrowRight" : "ArrowLeft";
  if (event.key === more) put(splitter, sizeOf(splitter) + STEP);
  else if (event.key === less) put(splitter, sizeOf(splitter) - STEP);
  else if (event.key === "Home") reset(splitter);
  else return;
  event.preventDefault();
}

function reset(splitter) {
  panes.style.removeProperty(`--${nameOf(splitter)}`);
  delete sizes[nameOf(splitter)];
  localStorage.setItem(KEY, JSON.stringify(sizes));
  tell();
}

if (panes) {
  for (const splitter of panes.querySelectorAll("[data-splitter]")) {
    splitter.addEventListener("pointerdown", (event) => { event.preventDefault(); drag(event, splitter); });
    splitter.addEventListener("keydown", (event) => nudge(event, splitter));
    splitter.addEventListener("dblclick", () => reset(splitter));
  }
  painted().then(tell);
}
