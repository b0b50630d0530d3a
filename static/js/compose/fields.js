// The editor on pages that are no compose window: signatures, templates.
//
// A page includes templates/_editor.html in its form. upload_url, where there is one, takes a
// picture as the file "file" and answers with JSON: url and cid, or error.
import { csrfHeaders } from "../toast.js";
import { Editor } from "./editor.js";

async function upload(url, file) {
  const body = new FormData();
  body.append("file", file);
  const answer = await fetch(url, { method: "POST", body, headers: csrfHeaders() });
  const facts = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(facts.error ?? "");
  return facts;
}

function enhance(root) {
  for (const box of root.querySelectorAll("[data-editor]:not([data-ready])")) {
    if (box.closest("compose-window")) continue;
    const to = box.dataset.uploadUrl;
    box.editor = new Editor(box, {
      changed: () => box.dispatchEvent(new CustomEvent("editor-changed", { bubbles: true })),
      upload: to ? (file) => upload(to, file) : null,
    });
  }
}

enhance(document);
document.addEventListener("htmx:after:swap", () => enhance(document));
