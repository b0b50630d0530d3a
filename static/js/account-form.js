// What the dialogs of mail accounts share: the offered port, the running test, the remembered
// password, and the report that is copied.

// `selector` names the form; `show` is told when something in it has changed. Returns how to find
// the form an element belongs to.
export function accountForm(selector, show) {
  const formOf = (element) => element?.closest?.(selector);

  document.addEventListener("input", (event) => {
    const form = formOf(event.target);
    if (form) show(form, event.target);
  });

  // A port is offered by a button, never filled in by itself: somebody may have typed it.
  document.addEventListener("click", (event) => {
    const use = event.target.closest?.("button[value^='port:']");
    const form = formOf(use);
    if (!form) return;
    event.preventDefault();
    form.elements.port.value = use.value.replace("port:", "");
    show(form, form.elements.port);
    form.elements.port.focus();
  });

  // A test may take up to 15 seconds: count them.
  let timer;
  document.addEventListener("submit", (event) => {
    const form = formOf(event.target);
    if (!form) return;
    const started = Date.now();
    const words = form.querySelector("[data-seconds]");
    const tell = () => { words.textContent = words.dataset.seconds.replace("%s", Math.round((Date.now() - started) / 1000)); };
    form.setAttribute("aria-busy", "true");
    tell();
    clearInterval(timer);
    timer = setInterval(() => (form.isConnected ? tell() : clearInterval(timer)), 1000);
  });

  // The server never sends a password back. Unless the test failed, what was typed is put back
  // from this page's own memory, so that the next button needs no second typing.
  let typed = "";
  document.addEventListener("htmx:before:request", (event) => {
    const form = formOf(event.target);
    if (form) typed = form.elements.password.value;
  });
  document.addEventListener("htmx:after:swap", () => {
    const outcome = document.querySelector(`#dialog ${selector} #outcome`);
    if (!outcome) return;
    clearInterval(timer);
    const form = formOf(outcome);
    if (typed && !outcome.querySelector(".banner--danger")) {
      form.elements.password.value = typed;
      outcome.querySelector(".retype")?.remove();
      form.querySelector("[data-settings]")?.removeAttribute("open");
    }
    typed = "";
    outcome.focus();
    form.closest("dialog").scrollTop = 0;
  });

  return formOf;
}

// Copy for IT. Where the clipboard is not ours to write, the text is selected instead.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const box = button.closest("[data-copy-box]");
  const text = box.querySelector("textarea");
  const told = box.querySelector("[role=status]");
  try {
    await navigator.clipboard.writeText(text.value);
    told.textContent = button.dataset.copied;
  } catch {
    text.closest("details").open = true;
    text.select();
    told.textContent = button.dataset.selected;
  }
});
