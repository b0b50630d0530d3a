// Lists to choose from in a dialog: what is typed narrows them, and names what is not there yet.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase().trim();

function narrow(field) {
  const form = field.closest("form"), typed = field.value.trim(), wanted = plain(typed);
  let same = false;
  for (const one of form.querySelectorAll("[data-name]")) {
    const name = plain(one.dataset.name);
    // What was used lately stands on top as long as nothing is looked for.
    one.hidden = !name.includes(wanted) || (Boolean(wanted) && "recent" in one.dataset);
    same ||= name === wanted;
  }
  const create = form.querySelector("[data-create]");
  if (create) {
    create.hidden = !typed || same;
    create.querySelector("[data-create-name]").textContent = typed ? `“${typed}”` : "";
  }
  const none = form.querySelector("[data-none]");
  if (none) none.hidden = Boolean(typed);
}

document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-choose]");
  if (field) narrow(field);
  // Who writes a time of their own means that one.
  const own = event.target.closest("[data-own-time]")?.form.querySelector("input[type=radio][value='']");
  if (own) own.checked = true;
});
// A dialog that has just come.
document.addEventListener("focusin", (event) => {
  const field = event.target.closest("[data-choose]");
  if (field && !("ready" in field.dataset)) {
    field.dataset.ready = "";
    narrow(field);
  }
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form");
  const field = form?.querySelector("[data-choose]");
  if (!field) return;
  const shown = [...form.querySelectorAll(".choices button:not([hidden])")];
  const at = shown.indexOf(event.target);
  if (event.key === "Enter" && event.target === field) {
    event.preventDefault();
    // What is there comes before what would be made.
    if (field.value.trim()) (shown.find((one) => "name" in one.dataset) ?? shown[0])?.click();
  } else if (event.key === "ArrowDown" && (at >= 0 || event.target === field)) {
    event.preventDefault();
    shown[Math.min(at + 1, shown.length - 1)]?.focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    event.preventDefault();
    (at ? shown[at - 1] : field).focus();
  }
});
