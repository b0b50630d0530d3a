// What every screen needs: dialogs, menus, the drawer, toasts, the theme and the connection.
import "./notices.js";
import "./pwa.js";
import { csrfHeaders, toast } from "./toast.js";

const root = document.documentElement;
const words = () => document.getElementById("words").dataset;

// ---- dialogs: a fragment swapped into #dialog opens itself and leaves nothing behind
let opener = null;
export function openDialogs() {
  const holder = document.getElementById("dialog");
  for (const dialog of holder.querySelectorAll("dialog:not([open])")) {
    // One dialog may follow another; at the end the focus goes back to what opened the first.
    if (!document.activeElement?.closest("dialog") && document.activeElement !== document.body) opener = document.activeElement;
    dialog.addEventListener("close", () => {
      dialog.remove();
      setTimeout(() => holder.firstElementChild || backToOpener(), 100);
    }, { once: true });
    dialog.showModal();
    focusField(dialog);
  }
}
// What opened the dialog may have been drawn anew meanwhile.
function backToOpener() {
  if (document.activeElement !== document.body) return;
  const address = opener?.getAttribute("hx-get");
  const now = opener?.isConnected ? opener : address && document.querySelector(`[hx-get="${CSS.escape(address)}"]`);
  now?.focus({ preventScroll: true });
}
// First what has to be mended, else the first empty field; a dialog without fields as it comes.
// What is proposed in the field that has the focus is replaced by what is typed.
function focusField(dialog) {
  const first = dialog.querySelector("[autofocus]");
  first?.select?.();
  if (first) return;
  const fields = [...dialog.querySelectorAll(".dialog__body :is(input:not([type=hidden], [type=checkbox], [type=radio]), textarea)")].filter((one) => one.checkVisibility());
  (fields.find((one) => one.matches("[aria-invalid=true]")) ?? fields.find((one) => !one.value))?.focus();
}
export function closeDialogs() {
  document.querySelectorAll("#dialog dialog[open]").forEach((dialog) => dialog.close());
}
// Fetch a dialog and open it.
export async function showDialog(url, options = {}) {
  const holder = document.getElementById("dialog");
  let answer = null;
  try {
    answer = await fetch(url, { ...options, headers: csrfHeaders() });
  } catch { /* said below */ }
  if (!answer?.ok) {
    toast({ text: answer?.status === 404 ? words().gone : words().failed });
    return;
  }
  if (answer.redirected) { // signed out meanwhile
    location.reload();
    return;
  }
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  holder.replaceChildren(template.content);
  window.htmx?.process(holder);
  openDialogs();
}
document.addEventListener("htmx:after:swap", openDialogs);

// ---- a line of a card that is drawn anew without the button that was pressed keeps the focus;
// where the line is gone as well, the next one has it, and after the last of them the card. The
// line itself has it, not a link in it: Enter that is still held down would follow that.
let line = null, card = null, place = 0;
document.addEventListener("htmx:before:swap", () => {
  const item = document.activeElement?.closest(".item[id]");
  line = item?.id ?? null;
  card = document.activeElement?.closest(".card[id]")?.id ?? null;
  place = item && card ? [...document.getElementById(card).querySelectorAll(".item[id]")].indexOf(item) : 0;
});
document.addEventListener("htmx:after:swap", () => {
  if (document.activeElement !== document.body) return;
  const own = line && document.getElementById(line), home = card && document.getElementById(card);
  const others = [...(home?.querySelectorAll(".item[id]") ?? [])];
  const control = (one) => one.querySelector("a, button");
  const target = own || (others.slice(place).find(control) ?? others.slice(0, place).findLast(control) ?? home);
  if (!target) return;
  target.setAttribute("tabindex", "-1");
  target.focus({ preventScroll: true });
});
document.addEventListener("dialog-close", closeDialogs);

// ---- toasts sent by the server: HX-Trigger: {"toast": {"text": "…", "undo": "/url/"}}
document.addEventListener("toast", (event) => toast(event.detail));
document.querySelectorAll("#toasts > [data-toast]").forEach((one) => {
  one.querySelector("[data-close]").addEventListener("click", () => one.remove());
  setTimeout(() => one.remove(), 8000);
});

// ---- answers that are not swapped say so
document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail.ctx.response.status;
  if (status === 422) return;
  toast({ text: status === 404 ? words().gone : status === 403 ? words().refused : words().failed });
});
document.addEventListener("htmx:error", (event) => {
  if (!navigator.onLine) toast({ text: words().offline });
  else if (String(event.detail.error).includes("fetch")) toast({ text: words().failed });
});

// ---- clicks
document.addEventListener("click", (event) => {
  const drawer = event.target.closest("[data-drawer]");
  if (drawer) {
    setDrawer(!document.body.classList.contains("drawer-open"));
  } else if (!event.target.closest(".pane--folders")) {
    setDrawer(false);
  }
  // On a page of its own, without a dialog around it, it is a link as any other.
  const closed = event.target.closest("[data-dialog-close]")?.closest("dialog");
  if (closed) {
    event.preventDefault();
    closed.close();
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target) || event.target.closest(".menu__item")) menu.open = false;
  }
});

export function setDrawer(open) {
  document.body.classList.toggle("drawer-open", open);
  document.querySelectorAll("[data-drawer]").forEach((button) => button.setAttribute("aria-expanded", String(open)));
  if (open) document.querySelector(".pane--folders a")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  setDrawer(false);
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// ---- theme: shown at once, saved on the user
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-form]");
  if (!form) return;
  event.preventDefault();
  const dark = getComputedStyle(root).colorScheme === "dark" ||
    (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  const body = new FormData(form);
  body.set("theme", root.dataset.theme);
  fetch(form.action, { method: "POST", body, redirect: "manual" });
});

// ---- sign-in: times are shown as they are where the person is
const zone = document.querySelector("[data-time-zone]");
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

// ---- connection
let isAway = false; // the network is there, the server is not
function showConnection() {
  let bar = document.querySelector(".offline-bar");
  if (navigator.onLine && !isAway) {
    bar?.remove();
  } else if (!bar) {
    bar = document.createElement("div");
    bar.className = "offline-bar";
    bar.setAttribute("role", "status");
    bar.textContent = words().offline;
    document.body.prepend(bar);
  }
  // What fails now fails for this reason, whoever tells it.
  for (const one of document.querySelectorAll("#words, #mail-words")) {
    one.dataset.usual ??= one.dataset.failed;
    one.dataset.failed = bar?.isConnected ? words().offline : one.dataset.usual;
  }
}
addEventListener("online", showConnection);
addEventListener("offline", showConnection);
addEventListener("tributary:network", (event) => { isAway = event.detail.isAway; showConnection(); });
showConnection();
openDialogs();

// ---- words kept in this browser until the server has them leave it with their owner
document.addEventListener("submit", (event) => {
  if (!event.target.getAttribute("action")?.endsWith("/sign-out/")) return;
  root.dataset.signingOut = "";
  for (const one of Object.keys(localStorage)) if (/^(tributary-unsaved|searches):/.test(one)) localStorage.removeItem(one);
  sessionStorage.removeItem("tributary-open");
});
