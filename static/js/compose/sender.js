// Send From as a list that shows where each address sends through, and why one cannot.
import { csrfHeaders, toast } from "../toast.js";

export class Sender {
  constructor(host) {
    this.select = host.querySelector("select[name=sender]");
    // The list has the last word; the hidden field keeps it where the select is passed over.
    this.field = host.querySelector("input[name=sender]");
    this.button = host.querySelector("[data-from]");
    this.menu = host.querySelector("[data-from-menu]");
    this.reason = host.querySelector("[data-reason]");
    this.replyTo = host.querySelector("[data-reply-to]");
    this.fields = host.form.elements;
    this.host = host;
    this.asked = 0;
    // Without a script this box is ticked; with one the list names the exact address as well.
    this.exact = host.querySelector("input[type=checkbox][name=from_address]");
    this.options = [...this.menu.querySelectorAll("[role=option]")];
    // Some browsers put back on a reload what was chosen before; what is shown is what counts.
    this.select.value = this.field.value;
    if (this.exact && this.chosen) this.exact.checked = Boolean(this.chosen.dataset.exact);
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

  get chosen() {
    return this.options.find((one) => one.getAttribute("aria-selected") === "true");
  }

  // How large a message may be, and who says so.
  get limit() {
    const { max, server } = this.chosen?.dataset ?? {};
    return { max: Number(max || this.host.dataset.max), server: server || this.host.words.here };
  }

  toggle(on = this.menu.hidden) {
    if (on === !this.menu.hidden) return;
    this.menu.hidden = !on;
    this.button.setAttribute("aria-expanded", String(on));
    document[on ? "addEventListener" : "removeEventListener"]("click", this.outside);
    if (on) this.activate(this.chosen ?? this.options[0]);
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
    else if (["Enter", " "].includes(event.key) && at >= 0) this.choose(this.options[at]);
    else if (event.key === "Escape") this.toggle(false);
    else if (event.key === "Tab" && at >= 0 && event.shiftKey) this.toggle(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // One that cannot send stays in the list with its reason, and cannot be chosen.
  choose(option) {
    if (option.getAttribute("aria-disabled") === "true") return;
    const before = this.chosen, reason = this.reason.textContent;
    this.toggle(false);
    this.button.focus();
    if (option === before) return;
    const undo = before && (() => { this.take(before, { isByHand: false, reason }); this.button.focus(); });
    this.take(option, { isByHand: true }).then((facts) => this.say(option, facts, undo));
  }

  // What came with it, and nothing that did not.
  say(option, facts, onUndo) {
    if (this.chosen !== option || !this.host.isConnected) return;
    const { nowFrom, nowFromSigned, nowFromReplies, nowFromBare } = this.host.words;
    const [signed, unsigned] = facts?.reply_to ? [nowFrom, nowFromReplies] : [nowFromSigned, nowFromBare];
    toast({ text: (facts?.signature.id ? signed : unsigned).replace("%s", option.dataset.address), onUndo });
  }

  take(option, { isByHand, reason = "" }) {
    for (const one of this.options) one.setAttribute("aria-selected", String(one === option));
    this.select.value = this.field.value = option.dataset.value;
    this.fields.by_hand.value = isByHand ? "1" : "";
    this.fields.reason.value = isByHand ? "" : this.fields.reason.defaultValue;
    if (this.exact) this.exact.checked = Boolean(option.dataset.exact);
    this.button.querySelector(".dot").className = `dot ${option.dataset.color}`;
    this.button.querySelector("[data-chosen]").textContent = option.querySelector("b").textContent;
    this.reason.textContent = this.reason.title = reason;
    this.host.usual.forget();
    this.host.mark({ sender: "" });
    this.host.touched();
    return this.follow();
  }

  // What changes with it: the signature, where answers go, and a warning where one is due.
  async follow() {
    const mine = (this.asked += 1);
    const facts = await this.facts();
    if (!facts || mine !== this.asked || !this.host.isConnected) return null;
    this.host.editor?.setSignature(facts.signature, facts.was);
    this.answers(facts.reply_to);
    this.host.warn(facts.warning);
    return facts;
  }

  // What the server knows of the present sender and these recipients; nothing where it is away.
  async facts(more = {}) {
    const { kind, original } = this.fields;
    const signed = this.host.editor?.signature.shown ?? "";
    const query = new URLSearchParams({ identity: this.field.value, kind: kind.value, original: original.value, signed, ...more });
    for (const one of this.host.recipients) for (const entry of one.entries) query.append("to", entry);
    try {
      const answer = await fetch(`${this.host.dataset.senderUrl}?${query}`, { headers: csrfHeaders() });
      return answer.ok && !answer.redirected ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  answers(address) {
    if (!this.replyTo) return;
    this.replyTo.hidden = !address;
    this.replyTo.querySelector("b").textContent = address;
  }
}
