// The form of a retrieval task: the proposed port and the named host.
import { accountForm } from "./account-form.js";

const PORTS = { imap: ["143", "993"], pop: ["110", "995"] };
const KNOWN = new Set(Object.values(PORTS).flat());

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

const formOf = accountForm("[data-task-form]", show);

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
