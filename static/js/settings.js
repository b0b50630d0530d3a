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

// A long menu shows where one is.
document.querySelector(".settings-tree [aria-current]")?.scrollIntoView({ block: "nearest" });

// The time zone of this device, where it is another one than the person's.
const zone = document.querySelector("[data-zone]");
const offer = document.querySelector("[data-zone-here]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && offer && here && zone.value !== here) {
  const button = offer.querySelector("button");
  button.textContent = button.dataset.words.replace("%s", here);
  offer.hidden = false;
  button.addEventListener("click", () => { zone.value = here; offer.hidden = true; zone.focus(); });
}
