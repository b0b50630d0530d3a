// A signature or a template in the rich editor. Without a script its plain text is edited instead.
const form = document.querySelector("[data-text-form]");

async function open(form) {
  const { Editor } = await import("./compose/editor.js");
  return Editor;
}

if (form) open(form).catch(() => {});
