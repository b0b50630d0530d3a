// The form of a retrieval task: the proposed port, the named host, the running test.
const PORTS = { imap: ["143", "993"], pop: ["110", "995"] };
const KNOWN = new Set(Object.values(PORTS).flat());

const formOf = (element) => element.closest?.("[data-task-form]");
const fill = (text, ...values) => values.reduce((done, value, at) => done.replace(`%${at + 1}`, value), text);

function show(form) {
  const [clear, safe] = PORTS[form.elements.type.value];
  const note = form.querySelector("[data-port-note]");
  note.hidden = form.elements.port.value.trim() !== clear;
  const words = note.querySelector("[data-port-words]");
  words.textContent = fill(words.dataset.portWords, clear, safe);
  const use = note.querySelector("[data-port-use]");
  use.textContent = fill(use.dataset.portUse, clear, safe);
  use.value = `port:${safe}`;
  const told = form.querySelector("[data-host-words]");
  told.textContent = told.dataset.hostWords.replace("%s", form.elements.host.value.trim() || told.dataset.hostNone);
}

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (form) show(form);
});

// Another type has other usual ports; a port somebody chose is left alone.
document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  const port = form.elements.port;
  if (event.target.name === "type" && KNOWN.has(port.value.trim())) {
    const isSafe = Object.values(PORTS).some(([, safe]) => safe === port.value.trim());
    port.value = PORTS[event.target.value][isSafe ? 1 : 0];
  }
  show(form);
});

document.addEventListener("click", (event) => {
  const use = event.target.closest("[data-port-use]");
  if (!use) return;
  event.preventDefault();
  const form = formOf(use);
  form.elements.port.value = use.value.replace("port:", "");
  show(form);
  form.elements.port.focus();
});

// A test may take up to 15 seconds: count them, and let nothing be pressed twice.
let timer;
function busy(form) {
  const started = Date.now();
  const words = form.querySelector("[data-seconds]");
  form.setAttribute("aria-busy", "true");
  const tell = () => { words.textContent = words.dataset.seconds.replace("%s", Math.round((Date.now() - started) / 1000)); };
  tell();
  clearInterval(timer);
  timer = setInterval(() => (form.isConnected ? tell() : clearInterval(timer)), 1000);
}
document.addEventListener("submit", (event) => {
  const form = formOf(event.target);
  if (form) busy(form);
});

// The server never sends a password back. After a test that went well, what was typed is put
// back from this page's own memory, so that Save needs no second typing.
let typed = "";
document.addEventListener("htmx:before:request", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  typed = form.elements.password.value;
});
document.addEventListener("htmx:after:swap", () => {
  clearInterval(timer);
  const outcome = document.querySelector("#dialog [data-task-form] #outcome");
  if (!outcome) return;
  const form = formOf(outcome);
  const works = !outcome.querySelector(".banner--danger");
  if (works && typed) {
    form.elements.password.value = typed;
    form.querySelector(".retype")?.remove();
  }
  typed = "";
  outcome.focus({ preventScroll: false });
  form.closest("dialog").scrollTop = 0;
});
