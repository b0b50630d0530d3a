// The dialog of an SMTP account: the offered port, the proposed username, the running test.
const PORTS = { none: "25", ssl: "465", tls: "587" };

const formOf = (element) => element.closest?.("[data-smtp-form]");

// The port that matches is offered, never filled in by itself: somebody may have typed it.
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

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  if (event.target.name === "email") follow(form, event.target);
  offer(form);
});

document.addEventListener("click", (event) => {
  const use = event.target.closest?.("[data-smtp-port]");
  const form = use && formOf(use);
  if (!form) return;
  event.preventDefault();
  form.elements.port.value = use.value.replace("port:", "");
  offer(form);
  form.elements.port.focus();
});

// A test may take up to 15 seconds: count them.
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
  if (form && !event.submitter?.value.startsWith("port:")) busy(form);
});

// The server never sends a password back. After a test that went well, what was typed is put
// back from this page's own memory, so that Save needs no second typing.
let typed = "";
document.addEventListener("htmx:before:request", (event) => {
  const form = formOf(event.target);
  if (form) typed = form.elements.password.value;
});
document.addEventListener("htmx:after:swap", () => {
  const form = document.querySelector("#dialog [data-smtp-form]");
  const outcome = form?.querySelector("#outcome");
  if (!outcome) return;
  clearInterval(timer);
  if (!outcome.querySelector(".banner--danger") && typed) {
    form.elements.password.value = typed;
    outcome.querySelector(".retype")?.remove();
  }
  typed = "";
  outcome.focus();
  form.closest("dialog").scrollTop = 0;
});
