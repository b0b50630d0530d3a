// Texts to take along: [data-copy-of] names the field. Where the clipboard is not ours to write,
// the text is selected instead.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy-of]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copyOf);
  const told = button.parentElement.querySelector("[role=status]");
  try {
    await navigator.clipboard.writeText(field.value ?? field.textContent.trim());
    told.textContent = button.dataset.copied;
  } catch {
    field.select?.();
    told.textContent = button.dataset.selected;
  }
});
