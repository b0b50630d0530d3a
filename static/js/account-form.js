// What the dialogs of mail accounts share: the offered port, the running test, the remembered
// password, and the report that is copied.
import { watchSteps } from "./steps.js";

// `selector` names the form; `show` is told when something in it has changed. Returns how to find
// the form an element belongs to.
export function accountForm(selector, show) {
  const formOf = (element) => element?.closest?.(selector);

  document.addEventListener("input", (event) => {
    const form = formOf(event.target);
    if (form) show(form, event.target);
  });

  // A port is offered by a button, never filled in by itself: somebody may have typed it.
  // The buttons of a report are another matter: they change a setting and test again.
  document.addEventListener("click", (event) => {
    const use = event.target.closest?.("button[value^='port:']");
    const form = formOf(use);
    if (!form || use.closest("#outcome")) return;
    event.preventDefault();
    form.elements.port.value = use.value.replace("port:", "");
    show(form, form.elements.port);
    form.elements.port.focus();
  });

  // A test may take up to 15 seconds: say what is going on, and count them.
  let timer, test;
  document.addEventListener("submit", (event) => {
    const form = formOf(event.target);
    if (!form || event.defaultPrevented && !form.hasAttribute("hx-post")) return;
    if (event.submitter?.value !== "address") run(form, event.submitter?.value ?? "save");
  });

  function run(form, action) {
    const started = Date.now();
    const words = form.querySelector("[data-seconds]");
    const panel = form.querySelector("[data-running]");
    form.setAttribute("aria-busy", "true");
    if (panel) {
      panel.hidden = !["test", "again", "save", "save-alone"].includes(action) && !action.includes(":");
      panel.dataset.running = action.startsWith("save") ? "save" : "test";
      const told = panel.querySelector("[data-running-words]");
      told.textContent = told.dataset.runningWords.replace("%s", form.elements.host.value.trim());
      const mine = test = {};
      if (!panel.hidden) watchSteps(panel, () => test !== mine || !form.isConnected);
    }
    const tell = () => {
      const seconds = Math.round((Date.now() - started) / 1000);
      for (const one of [words, panel?.querySelector("[data-running-seconds]")]) {
        if (one) one.textContent = (one.dataset.seconds ?? one.dataset.runningSeconds).replace("%s", seconds);
      }
      const bar = panel?.querySelector("[data-running-bar]");
      if (bar) bar.value = seconds;
    };
    tell();
    clearInterval(timer);
    timer = setInterval(() => (form.isConnected ? tell() : clearInterval(timer)), 1000);
  }

  function rest(form) {
    clearInterval(timer);
    test = null;
    form.removeAttribute("aria-busy");
    const panel = form.querySelector("[data-running]");
    if (panel) panel.hidden = true;
  }

  // Nothing is stored by a test, so it can be left at any moment.
  document.addEventListener("click", (event) => {
    const cancel = event.target.closest?.("[data-cancel-test]");
    const form = formOf(cancel);
    if (!form) return;
    if (form.hasAttribute("hx-post")) form.dispatchEvent(new Event("htmx:abort"));
    else window.stop();
    rest(form);
    form.querySelector("button[name=action][value=test]")?.focus();
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const form = formOf(event.target);
    if (form?.isConnected) rest(form);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll(selector).forEach(rest));

  // The server never sends a password back. Unless it was refused, what was typed is put back
  // from this page's own memory, so that the next button needs no second typing.
  // It goes into the dialog of the same account only, and is forgotten when that is closed.
  let typed = "", into = "", present = null;
  document.addEventListener("htmx:before:request", (event) => {
    const form = event.target.matches?.(selector) && event.target;
    if (form) [typed, into] = [form.elements.password?.value ?? "", form.getAttribute("action")];
  });
  document.addEventListener("close", () => (typed = ""), true);
  document.addEventListener("htmx:after:swap", () => {
    const form = document.querySelector(`#dialog ${selector}`);
    // A part of the dialog may have been fetched beside it.
    if (!form || form === present) return;
    present = form;
    clearInterval(timer);
    const field = form.elements.password;
    if (typed && into === form.getAttribute("action") && field && !form.querySelector("#id_password_error")) {
      field.value = typed;
      form.querySelector(".retype")?.remove();
      form.querySelector("[data-settings]:not([data-asked])")?.removeAttribute("open");
      const again = form.querySelector("[data-again]");
      if (again && !again.querySelector(".field--error")) again.hidden = true;
      show(form, field);
    }
    typed = "";
    const outcome = form.querySelector("#outcome");
    if (!outcome) return;
    outcome.focus();
    form.closest("dialog").scrollTop = 0;
  });

  // What is not asked for again is with the other settings.
  document.addEventListener("toggle", (event) => {
    const again = event.target.matches?.("[data-change]") && formOf(event.target)?.querySelector("[data-again]");
    if (again && event.target.open) again.hidden = false;
  }, true);

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
