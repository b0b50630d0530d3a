// The dialog of an SMTP account: the offered port and the proposed username.
import { accountForm } from "./account-form.js";

const PORTS = { none: "25", ssl: "465", tls: "587" };

function offer(form) {
  const matching = PORTS[form.elements.encryption.value];
  const box = form.querySelector("[data-port-offer]");
  const use = box.querySelector("[data-smtp-port]");
  box.hidden = form.elements.port.value.trim() === matching;
  use.value = `port:${matching}`;
  use.textContent = use.dataset.smtpPort.replace("%s", matching);
}

// The username follows the address until somebody types another one.
function follow(form, email) {
  const username = form.elements.username;
  if (username.value === (email.dataset.was ?? email.defaultValue)) username.value = email.value;
  email.dataset.was = email.value;
}

accountForm("[data-smtp-form]", (form, changed) => {
  if (changed.name === "email") follow(form, changed);
  offer(form);
});
