// Templates: one put into the text, or what is written kept as one more.
import { csrfHeaders, showDialogOf, toast } from "./parts.js";

const failed = () => document.getElementById("words").dataset.failed;

async function asked(url) {
  const answer = await fetch(url, { headers: csrfHeaders() }).catch(() => null);
  if (answer?.ok && !answer.redirected) return answer.json();
  toast({ text: failed() });
  return null;
}

export async function insertTemplate(host) {
  const facts = await asked(host.dataset.templatesUrl);
  if (!facts) return;
  const dialog = showDialogOf(host.querySelector("template[data-insert-dialog]"));
  const list = dialog.querySelector("[data-list]");
  dialog.querySelector("[data-none]").hidden = facts.templates.length > 0;
  for (const one of facts.templates) list.append(line(one, async () => {
    const template = await asked(`${host.dataset.templatesUrl}?id=${one.id}`);
    dialog.close();
    if (template && host.isConnected) use(host, template);
  }));
  list.querySelector("button")?.focus();
}

function line({ name, hint }, chosen) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "menu__item";
  const title = document.createElement("b");
  title.dir = "auto";
  title.textContent = name;
  const words = document.createElement("span");
  words.className = "help truncate";
  words.dir = "auto";
  words.textContent = hint;
  button.append(title, words);
  button.addEventListener("click", chosen, { once: true });
  return button;
}

function use(host, template) {
  const { subject } = host.form.elements;
  if (template.subject && !subject.value.trim()) {
    subject.value = template.subject;
    host.title();
  }
  host.insert(template);
  host.touched();
}

export function keepTemplate(host) {
  const dialog = showDialogOf(host.querySelector("template[data-keep-dialog]"));
  const form = dialog.querySelector("form");
  form.elements.name.value = host.form.elements.subject.value.trim().slice(0, 100);
  form.elements.name.select();
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.value === "cancel") return;
    event.preventDefault();
    host.sync();
    const body = new FormData();
    body.append("name", form.elements.name.value);
    body.append("subject", host.form.elements.subject.value);
    body.append("html", host.templateHtml());
    body.append("text", host.form.elements.body.value);
    const answer = await fetch(host.dataset.templatesUrl, { method: "POST", body, headers: csrfHeaders() }).catch(() => null);
    const said = answer?.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    if (answer?.ok && said.text) {
      dialog.close();
      toast({ text: said.text });
      return;
    }
    const wrong = dialog.querySelector("[data-error-line]");
    wrong.hidden = false;
    wrong.lastElementChild.textContent = said.error ?? failed();
    form.elements.name.focus();
  });
}
