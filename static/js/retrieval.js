// The form of a retrieval task: its steps, the proposed port, the letters of an app password.
import { accountForm } from "./account-form.js";

const PORTS = { imap: ["143", "993"], pop: ["110", "995"] };
const KNOWN = new Set(Object.values(PORTS).flat());

const fill = (text, ...values) => values.reduce((done, value, at) => done.replace(`%${at + 1}`, value), text);

function show(form) {
  const kind = form.elements.type.value;
  const [clear, safe] = PORTS[kind] ?? PORTS.imap;
  const note = form.querySelector("[data-port-note]");
  if (note) {
    note.hidden = form.elements.port.value.trim() !== clear;
    const words = note.querySelector("[data-port-words]");
    words.textContent = fill(words.dataset.portWords, clear, safe);
    const use = note.querySelector("[data-port-use]");
    use.textContent = fill(use.dataset.portUse, clear, safe);
    use.value = `port:${safe}`;
  }
  const host = form.elements.host.value.trim();
  const told = form.querySelector("[data-host-words]");
  if (told) told.textContent = told.dataset.hostWords.replace("%s", host || told.dataset.hostNone);
  const place = form.querySelector("[data-place-host]");
  if (place) {
    place.textContent = host;
    form.querySelector("[data-place-port]").textContent = form.elements.port.value.trim();
  }
  count(form);
}

// An app password has so many letters; spaces do not count.
function count(form) {
  const told = form.querySelector("[data-letters]");
  const typed = form.elements.password?.value.replaceAll(" ", "").length;
  if (told && typed) told.textContent = fill(told.dataset.lettersWords, typed, told.dataset.letters);
}

const formOf = accountForm("[data-task-form]", show);

// Another type has other usual servers and ports; what somebody chose is left alone.
document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  const { port, host } = form.elements;
  if (event.target.name === "type") {
    const servers = JSON.parse(form.dataset.servers ?? "{}");
    const own = servers[event.target.value];
    if (own && Object.values(servers).some(([name]) => name === host.value.trim())) {
      [host.value, port.value] = own;
    } else if (KNOWN.has(port.value.trim())) {
      const isSafe = Object.values(PORTS).some(([, safe]) => safe === port.value.trim());
      port.value = PORTS[event.target.value][isSafe ? 1 : 0];
    }
  }
  // To send takes a server: where none is known, the fields for it are no longer folded away.
  const sending = form.elements.smtp_host;
  if (event.target.name === "also_send" && event.target.checked && sending && !sending.value) sending.closest("details")?.setAttribute("open", "");
  show(form);
});

// Steps: the account first, then how to retrieve it. Without this script both are on the page.
function go(form, panel) {
  form.dataset.at = panel;
  const first = [...form.querySelectorAll(`[data-panel=${panel}] :is(input, select)`)].find((one) => one.checkVisibility() && !one.value);
  (first ?? form.querySelector(`[data-panel=${panel}] :is(input, select)`))?.focus();
  const dialog = form.closest("dialog");
  if (dialog) dialog.scrollTop = 0;
}

function begin() {
  for (const form of document.querySelectorAll("[data-task-form][data-steps]:not([data-at])")) form.dataset.at = form.dataset.steps;
}

function forward(form) {
  const empty = [...form.querySelectorAll("[data-panel=account] input")].find((one) => one.checkVisibility() && !one.value.trim());
  if (empty) empty.focus();
  else go(form, "options");
}

document.addEventListener("click", (event) => {
  const to = event.target.closest?.("[data-go]");
  const form = formOf(to);
  if (!form) return;
  if (to.dataset.go === "options") forward(form);
  else go(form, to.dataset.go);
});
document.addEventListener("keydown", (event) => {
  const form = formOf(event.target);
  if (event.key !== "Enter" || form?.dataset.at !== "account" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  forward(form);
});
document.addEventListener("htmx:after:swap", begin);
begin();
