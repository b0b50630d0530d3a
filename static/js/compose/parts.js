// Small things several parts of the window need.
export { csrfHeaders, toast } from "../toast.js";

// A dialog from a template of the window; the focus goes back to where it came from.
export function showDialogOf(template) {
  const dialog = template.content.firstElementChild.cloneNode(true);
  const came = document.activeElement;
  document.getElementById("dialog").replaceChildren(dialog);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close-dialog]")) dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (came?.isConnected) came.focus({ preventScroll: true });
  }, { once: true });
  dialog.showModal();
  return dialog;
}
