// Ctrl+K: every command and every folder by a few letters of its name.
import { showDialog } from "../shell.js";
import { list, openId } from "./dom.js";
import { press } from "./keys.js";
import { load } from "./list.js";
import { targets } from "./selection.js";

const LIMIT = 12;

function entries(typed) {
  const found = [];
  const commands = document.getElementById("palette-commands").content.cloneNode(true);
  for (const button of commands.querySelectorAll("button")) {
    if (button.matches("[data-open-only]") && !openId()) continue;
    if (button.matches("[data-target-only]") && !targets().length) continue;
    if (button.matches("[data-search-for]")) {
      if (!typed) continue;
      button.dataset.searchFor = typed;
      const words = document.createElement("b");
      words.textContent = typed;
      button.querySelector("span").append(" ", words);
    }
    found.push(button);
  }
  for (const link of document.querySelectorAll("#tree :not(.tree--pinned) > .tree__row > a[data-place], #tree li:not(.tree__row) > a[data-place]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.place = link.href;
    const label = link.querySelector("span").cloneNode(true);
    const above = label.title.split(" / ").slice(0, -1).join(" / ");
    const help = document.createElement("span");
    help.className = "help";
    help.textContent = above;
    button.append(link.querySelector("svg").cloneNode(true), label, help);
    found.push(button);
  }
  return found;
}

function fits(button, typed) {
  if (button.dataset.searchFor) return true;
  const label = button.querySelector("span");
  const name = (label.title || label.textContent).toLocaleLowerCase();
  return typed.toLocaleLowerCase().split(/\s+/).every((word) => name.includes(word));
}

function draw(dialog) {
  const typed = dialog.querySelector("input").value.trim();
  const found = entries(typed).filter((button) => fits(button, typed));
  const ordered = [...found.filter((one) => !one.dataset.searchFor), ...found.filter((one) => one.dataset.searchFor)];
  const shown = ordered.length > LIMIT ? [...ordered.slice(0, LIMIT - 1), ordered[ordered.length - 1]] : ordered;
  shown.forEach((button, number) => {
    button.className = "menu__item";
    button.setAttribute("role", "option");
    button.id = `palette-${number}`;
    button.tabIndex = -1;
  });
  dialog.querySelector(".palette__list").replaceChildren(...shown);
  choose(dialog, 0);
}

function choose(dialog, number) {
  const all = [...dialog.querySelectorAll("[role=option]")];
  const at = Math.max(0, Math.min(number, all.length - 1));
  all.forEach((one, index) => {
    one.setAttribute("aria-selected", String(index === at));
    one.classList.toggle("menu__item--on", index === at);
  });
  const input = dialog.querySelector("input");
  if (all[at]) input.setAttribute("aria-activedescendant", all[at].id);
  else input.removeAttribute("aria-activedescendant");
  all[at]?.scrollIntoView({ block: "nearest" });
  return at;
}

function run(button) {
  const { key, href, place, searchFor } = button.dataset;
  button.closest("dialog").close();
  if (key) press(key);
  else if (place) load(place);
  else if (searchFor) load(`/search/?${new URLSearchParams({ q: searchFor })}`);
  else if (button.matches("[data-dialog]")) showDialog(href);
  else location.href = href;
}

export function openPalette() {
  const dialog = document.getElementById("palette-template").content.firstElementChild.cloneNode(true);
  document.getElementById("dialog").replaceChildren(dialog);
  const came = document.activeElement;
  let at = 0;
  dialog.addEventListener("input", () => { draw(dialog); at = 0; });
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) at = choose(dialog, at + step);
    else if (event.key === "Enter") dialog.querySelector("[aria-selected=true]")?.click();
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[role=option]");
    if (button) run(button);
    else if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => { dialog.remove(); came?.focus?.({ preventScroll: true }); }, { once: true });
  draw(dialog);
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "k" || !(event.ctrlKey || event.metaKey) || !list() || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  openPalette();
});
