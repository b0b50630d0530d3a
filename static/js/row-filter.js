// Finds one of many rows by what it says; without script all of them are there.
function apply(box) {
  const wanted = box.querySelector("input").value.trim().toLowerCase();
  const rows = [...box.parentElement.querySelectorAll(".item.task:not(.task__head)")];
  let shown = 0;
  for (const row of rows) {
    row.hidden = Boolean(wanted) && !row.children[1].textContent.toLowerCase().includes(wanted);
    shown += row.hidden ? 0 : 1;
  }
  const status = box.querySelector("[role=status]");
  status.textContent = shown ? "" : status.dataset.none;
}

const boxes = () => document.querySelectorAll("[data-row-filter]");

document.addEventListener("input", (event) => {
  const box = event.target.closest?.("[data-row-filter]");
  if (box) apply(box);
});
// A row that was fetched anew is as hidden as the one before it.
document.addEventListener("htmx:after:swap", () => boxes().forEach(apply));
boxes().forEach((box) => {
  box.hidden = false;
});
