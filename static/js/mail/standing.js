// "3 of 1,284" and the arrows beside it.
import { openId, reading, words } from "./dom.js";
import { indexOf, isCounted, numberOf, total } from "./stage.js";

const numbers = new Intl.NumberFormat(document.documentElement.lang);

export function tellNumber() {
  const label = reading()?.querySelector("[data-position]");
  if (!label) return;
  const at = indexOf(openId());
  const shown = (count) => numbers.format(count);
  label.textContent = at < 0 || !isCounted() ? "" : words().position.replace("{n}", shown(numberOf(openId()))).replace("{total}", shown(total()));
  const steps = reading().querySelectorAll("[data-go]");
  if (!steps.length) return;
  steps[0].disabled = at <= 0;
  steps[1].disabled = at < 0 || at >= total() - 1;
}
document.addEventListener("list-ready", tellNumber);
