// Send From as a list that shows where each address sends through, and why one cannot.
export class Sender {
  constructor(host) {
    this.select = host.querySelector("select[name=sender]");
    // The list has the last word; the hidden field keeps it where the select is passed over.
    this.field = host.querySelector("input[name=sender]");
    this.button = host.querySelector("[data-from]");
    this.menu = host.querySelector("[data-from-menu]");
    this.reason = host.querySelector("[data-reason]");
    this.host = host;
    this.options = [...this.menu.querySelectorAll("[role=option]")];
    this.button.addEventListener("click", () => this.toggle());
    this.button.addEventListener("keydown", (event) => {
      if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
      event.preventDefault();
      this.toggle(true);
    });
    this.menu.addEventListener("keydown", (event) => this.pressed(event));
    this.menu.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(option);
    });
    this.outside = (event) => { if (!this.menu.contains(event.target) && !this.button.contains(event.target)) this.toggle(false); };
  }

  toggle(on = this.menu.hidden) {
    if (on === !this.menu.hidden) return;
    this.menu.hidden = !on;
    this.button.setAttribute("aria-expanded", String(on));
    document[on ? "addEventListener" : "removeEventListener"]("click", this.outside);
    if (on) this.activate(this.options.find((one) => one.getAttribute("aria-selected") === "true") ?? this.options[0]);
    else if (this.menu.contains(document.activeElement)) this.button.focus();
  }

  activate(option) {
    for (const one of this.options) one.classList.toggle("is-active", one === option);
    option.focus();
  }

  pressed(event) {
    const at = this.options.indexOf(document.activeElement);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) this.activate(this.options[(at + by + this.options.length) % this.options.length]);
    else if (event.key === "Home") this.activate(this.options[0]);
    else if (event.key === "End") this.activate(this.options.at(-1));
    else if (["Enter", " "].includes(event.key)) this.choose(this.options[at]);
    else if (event.key === "Escape") this.toggle(false);
    else if (event.key === "Tab" && at >= 0 && event.shiftKey) { this.toggle(false); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // One that cannot send stays in the list with its reason, and cannot be chosen.
  choose(option) {
    if (option.getAttribute("aria-disabled") === "true") return;
    for (const one of this.options) one.setAttribute("aria-selected", String(one === option));
    this.select.value = this.field.value = option.dataset.value;
    this.button.querySelector(".dot").className = `dot ${option.dataset.color}`;
    this.button.querySelector("[data-chosen]").textContent = option.querySelector("b").textContent;
    this.reason.textContent = "";
    const error = this.host.querySelector('[data-error="sender"]');
    error.hidden = true;
    this.toggle(false);
    this.host.touched();
  }
}
