// The settings menu: what is typed above it leaves the pages that fit. Enter searches inside them.
const form = document.querySelector("[data-settings-search]");

form?.addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of document.querySelectorAll(".tree__group")) {
    for (const item of group.querySelectorAll("[data-words]")) {
      const words = item.dataset.words.toLowerCase().split(/\s+/);
      item.hidden = !wanted.every((one) => words.some((word) => word.startsWith(one)));
    }
    group.hidden = !group.querySelector("[data-words]:not([hidden])");
  }
});
