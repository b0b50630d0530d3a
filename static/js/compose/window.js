// One compose window: its fields, its saving, its files, and how it ends.
import { csrfHeaders, toast } from "../toast.js";
import { Conflict } from "./conflict.js";
import { Files } from "./files.js";
import { drop } from "./keeper.js";
import { Later } from "./later.js";
import { Menu } from "./menu.js";
import { Recipients } from "./recipients.js";
import { Restorer } from "./restorer.js";
import { Saver } from "./saver.js";
import { Sender } from "./sender.js";
import { Sending } from "./sending.js";
import { join, part, tell } from "./tabs.js";
import { Usual } from "./usual.js";

const failed = () => document.getElementById("words").dataset.failed;

class ComposeWindow extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.form = this.querySelector("form");
    this.words = this.querySelector("[data-words]").dataset;
    this.own = new Set(JSON.parse(this.dataset.own || "[]").map((one) => one.toLowerCase()));
    this.saver = new Saver(this);
    this.conflict = new Conflict(this);
    this.sender = new Sender(this);
    this.recipients = [];
    this.recipients.push(...[...this.querySelectorAll("[data-recipients]")].map((row) => new Recipients(row, this)));
    this.usual = new Usual(this);
    this.usual.later();
    this.files = new Files(this);
    this.menu = new Menu(this);
    this.later = new Later(this);
    this.form.addEventListener("input", (event) => this.typed(event));
    this.form.addEventListener("change", (event) => { if (event.target.matches("[type=checkbox], [type=radio], select")) this.touched(); });
    this.sending = new Sending(this);
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => this.pressed(event));
    join(this);
    this.ready = this.edit();
    if ("saveNow" in this.dataset) this.saver.now();
    this.restorer = new Restorer(this);
    this.remember();
  }

  disconnectedCallback() {
    this.saver.stop();
    this.files.stop();
    this.menu.stop();
    this.usual.stop();
    this.editor?.destroy();
    part(this);
  }

  get isPage() {
    return this.classList.contains("compose--page");
  }

  get key() {
    return this.dataset.key;
  }

  get owner() {
    return this.dataset.owner;
  }

  get limit() {
    return this.sender.limit;
  }

  get body() {
    return this.form.elements.body;
  }

  get textLength() {
    return this.editor ? this.editor.text.length + (this.editor.isPlain ? 0 : this.editor.html.length) : this.body.value.length;
  }

  isOwn(address) {
    return this.own.has(address.toLowerCase());
  }

  // The editor comes after the window; without it the plain text field does all the work.
  async edit() {
    try {
      const { Editor } = await import("./editor.js");
      if (!this.isConnected) return;
      this.editor = new Editor(this, { changed: () => this.touched(), upload: (file) => this.files.inline(file) });
      this.files.offer();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  // What the editor holds goes into the fields of the form.
  sync() {
    this.editor?.fill();
  }

  insert({ html, text }) {
    if (this.editor && !this.editor.isPlain) this.editor.insertHtml(html);
    else if (this.editor) this.editor.insertText(text);
    else this.body.setRangeText(text, this.body.selectionStart, this.body.selectionEnd, "end");
  }

  // A template is what was written: neither the signature nor what is quoted.
  templateHtml() {
    return this.editor?.ownHtml ?? "";
  }

  // ---- where a person would go on: the first empty recipient field, else the text from its top
  async start() {
    const wrong = this.querySelector("[aria-invalid=true]:not([type=hidden])");
    if (wrong) {
      wrong.focus();
    } else if (!this.form.elements.to.value) {
      this.recipients[0].focus();
    } else {
      await this.ready;
      this.toBody();
    }
  }

  toBody() {
    if (this.editor) {
      this.editor.focus();
    } else {
      this.body.setSelectionRange(0, 0);
      this.body.focus();
      this.body.scrollTop = 0;
    }
  }

  raise() {
    this.minimise(false);
    this.start();
  }

  minimise(on) {
    this.classList.toggle("compose--min", on);
    const button = this.querySelector("[data-minimise]");
    button.setAttribute("aria-expanded", String(!on));
    if (on) this.expand(false);
    this.remember();
  }

  expand(on) {
    this.classList.toggle("compose--full", on);
    this.querySelector("[data-expand]").setAttribute("aria-pressed", String(on));
    this.remember();
  }

  remember() {
    document.dispatchEvent(new CustomEvent("compose-changed"));
  }

  // ---- what is typed
  typed(event) {
    if (event.target.type === "file") return;
    if (event.target.name === "subject") this.title();
    if (event.target.name) this.mark({ [event.target.name]: "" });
    event.target.removeAttribute("aria-invalid");
    if (!event.target.matches("[data-later-own]")) this.touched();
  }

  title() {
    const title = this.querySelector("[data-title]");
    title.textContent = this.form.elements.subject.value.trim() || title.dataset.blank;
  }

  touched() {
    if (this.isPage) this.nameAddress();
    this.saver.later();
  }

  // Whoever reloads this page, or comes back to it, goes on with this very message.
  nameAddress() {
    const here = new URL(location.href);
    if (here.pathname !== "/compose/" || here.searchParams.get("key") === this.key) return;
    here.searchParams.set("key", this.key);
    history.replaceState(history.state, "", here);
  }

  announce(text) {
    this.querySelector("[data-announce]").textContent = text;
  }

  filesChanged() {
    this.querySelector('[data-note="attachment"]')?.remove();
  }

  mark(errors) {
    for (const [name, text] of Object.entries(errors)) {
      const line = this.querySelector(`[data-error="${name}"]`);
      if (!line || line.closest("[data-recipients]")?.querySelector(".chip--error")) continue;
      line.hidden = !text;
      line.lastElementChild.textContent = text;
    }
  }

  // ---- notes above the fields: one at a time, from a template or from the server
  note(name, fill) {
    const made = this.querySelector(`template[data-note-of="${name}"]`).content.firstElementChild.cloneNode(true);
    fill?.(made);
    this.unnote();
    this.querySelector("[data-notes]").append(made);
  }

  unnote() {
    this.querySelector("[data-notes]").replaceChildren();
  }

  // Said once for each pair of sender and reason; it never keeps anything from being sent.
  warn(warning) {
    const there = this.querySelector('[data-note="identity"]');
    if (!warning) {
      there?.remove();
      return;
    }
    if (this.warned === warning.text) return;
    this.warned = warning.text;
    this.sending.sure.add("identity");
    this.note("identity", (made) => {
      made.querySelector("p").textContent = warning.text;
      const use = made.querySelector("[data-use]");
      use.hidden = !warning.instead;
      use.dataset.use = warning.instead;
      use.textContent = this.words.use.replace("%s", warning.address);
    });
  }

  use(key) {
    this.unnote();
    const option = this.sender.options.find((one) => one.dataset.value === key);
    if (option) this.sender.choose(option);
  }

  // ---- other tabs, and what this browser kept
  heard({ kind, version }) {
    if (kind === "sent") this.wasSent();
    else if (kind === "discarded" && !this.saver.isDirty) this.leave();
    else if (kind === "saved" && version > Number(this.form.elements.version.value)) {
      if (this.saver.isDirty || this.contains(document.activeElement)) this.note("elsewhere");
      else this.reload();
    }
  }

  wasSent() {
    this.saver.stop();
    drop(this.owner, this.key);
    this.note("sent");
  }

  async reload() {
    const answer = await fetch(this.dataset.draftUrl, { headers: { ...csrfHeaders(), "X-Part": "window" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    this.replaceWith(this.read(await answer.text()));
  }

  // The same window as the server has it now.
  read(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const made = document.importNode(holder.content, true).querySelector("compose-window");
    if (!made) return this;
    this.saver.stop();
    made.cameFrom = this.cameFrom;
    for (const one of ["compose--full", "compose--page", "compose--min"]) made.classList.toggle(one, this.classList.contains(one));
    if (this.contains(document.activeElement)) setTimeout(() => made.start());
    return made;
  }

  // ---- keys and buttons
  clicked(event) {
    const button = event.target.closest("button, a, summary");
    if (!button) {
      if (this.classList.contains("compose--min")) this.raise();
      return;
    }
    const does = {
      minimise: () => (this.classList.contains("compose--min") ? this.raise() : this.minimise(true)),
      expand: () => { this.expand(!this.classList.contains("compose--full")); this.start(); },
      show: () => this.showRow(button.dataset.show),
      keepMine: () => this.conflict.mine(),
      takeTheirs: () => this.conflict.other(),
      reload: () => this.reload(),
      takeBack: () => this.restorer.takeBack(),
      forget: () => this.restorer.forget(),
      dismiss: () => this.unnote(),
      use: () => this.use(button.dataset.use),
      close: () => this.close(),
      discard: () => this.discard(),
      detach: () => this.files.detach(button.dataset.detach),
    };
    const name = Object.keys(does).find((one) => one in button.dataset);
    if (!name) return;
    event.preventDefault();
    does[name]();
  }

  pressed(event) {
    const isCtrl = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && isCtrl) this.form.requestSubmit(this.querySelector("[data-send]"));
    else if (isCtrl && event.shiftKey && event.code === "KeyC") this.showRow("cc");
    else if (isCtrl && event.shiftKey && event.code === "KeyB") this.showRow("bcc");
    else if (event.key === "Escape" && !event.defaultPrevented && !this.isPage) this.escape();
    else if (event.key === "Enter" && event.target.name === "subject") this.toBody();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // First what is unfolded, then the full screen, then the window itself.
  escape() {
    if (this.menu.isOpen) this.menu.close();
    else this.close();
  }

  showRow(name) {
    const row = this.querySelector(`[data-row="${name}"]`);
    row.classList.remove("is-empty");
    this.querySelector(`[data-show="${name}"]`).hidden = true;
    this.recipients.find((one) => one.row === row).focus();
  }

  // ---- the end. Closing keeps what was written; an untouched window leaves nothing behind.
  async close() {
    this.recipients.forEach((one) => one.finish());
    if (this.saver.isDirty && !(await this.saver.now())) return;
    this.leave();
  }

  leave() {
    this.saver.stop();
    if (this.isPage) {
      location.href = "/";
      return;
    }
    const hadFocus = this.contains(document.activeElement);
    this.remove();
    this.remember();
    if (hadFocus) (this.cameFrom?.isConnected ? this.cameFrom : document.getElementById("main"))?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("drafts-changed"));
  }

  async discard() {
    this.saver.stop();
    this.files.stop();
    await this.saver.settle();
    const answer = await fetch(this.dataset.discardUrl, { method: "POST", headers: csrfHeaders() }).catch(() => null);
    if (!answer?.ok || answer.redirected) {
      this.saver.isStopped = false;
      toast({ text: failed() });
      return;
    }
    drop(this.owner, this.key);
    tell("discarded", this.key);
    this.done(await answer.json());
  }

  done(detail) {
    const isPage = this.isPage;
    this.leave();
    if (!isPage) document.dispatchEvent(new CustomEvent("compose-done", { detail }));
  }
}

customElements.define("compose-window", ComposeWindow);
