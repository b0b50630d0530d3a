// One compose window: its fields, its saving, its files, and how it ends.
import { csrfHeaders, toast } from "../toast.js";
import { Saver } from "./saver.js";
import { Files } from "./files.js";
import { Recipients } from "./recipients.js";
import { Sender } from "./sender.js";

class ComposeWindow extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.form = this.querySelector("form");
    this.sender = new Sender(this);
    this.recipients = [...this.querySelectorAll("[data-recipients]")].map((row) => new Recipients(row, () => this.touched()));
    this.saver = new Saver(this);
    this.files = new Files(this);
    this.form.addEventListener("input", (event) => this.typed(event));
    this.form.addEventListener("submit", (event) => this.submitted(event));
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => this.pressed(event));
    if ("saveNow" in this.dataset) this.saver.now();
  }

  disconnectedCallback() {
    this.saver.stop();
  }

  get isPage() {
    return this.classList.contains("compose--page");
  }

  // Where a person would go on: the first empty recipient field, else the body from its top.
  start() {
    const wrong = this.querySelector("[aria-invalid=true]:not([type=hidden])");
    const body = this.form.elements.body;
    if (wrong) {
      wrong.focus();
    } else if (!this.form.elements.to.value) {
      this.recipients[0].focus();
    } else {
      body.setSelectionRange(0, 0);
      body.focus();
      body.scrollTop = 0;
    }
  }

  raise() {
    this.minimise(false);
    this.start();
  }

  minimise(on) {
    this.classList.toggle("compose--min", on);
    if (on) this.classList.remove("compose--full");
  }

  typed(event) {
    if (event.target.name === "subject") {
      const title = this.querySelector("[data-title]");
      title.textContent = event.target.value.trim() || title.dataset.blank;
    }
    event.target.removeAttribute("aria-invalid");
    this.touched();
  }

  touched() {
    this.saver.later();
  }

  clicked(event) {
    const button = event.target.closest("button, a");
    if (!button) {
      if (this.classList.contains("compose--min")) this.raise();
      return;
    }
    const does = {
      minimise: () => this.minimise(!this.classList.contains("compose--min")),
      expand: () => this.classList.toggle("compose--full"),
      show: () => this.showRow(button.dataset.show),
      keep: (at) => { at.preventDefault(); this.saver.keepMine(); },
      close: (at) => { at.preventDefault(); this.close(); },
      discard: (at) => { at.preventDefault(); this.discard(); },
      detach: (at) => { at.preventDefault(); this.files.detach(button.dataset.detach); },
    };
    const name = Object.keys(does).find((one) => one in button.dataset);
    if (name) does[name](event);
  }

  pressed(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.form.requestSubmit(this.querySelector("[data-send]"));
    } else if (event.key === "Escape" && !event.defaultPrevented && !this.isPage) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Enter" && event.target.name === "subject") {
      event.preventDefault();
      this.form.elements.body.focus();
    }
  }

  showRow(name) {
    const row = this.querySelector(`[data-row="${name}"]`);
    row.classList.remove("is-empty");
    this.querySelector(`[data-show="${name}"]`).hidden = true;
    this.recipients.find((one) => one.row === row).focus();
  }

  // Closing keeps what was written; an untouched window leaves nothing behind.
  async close() {
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
    if (hadFocus) (this.cameFrom?.isConnected ? this.cameFrom : document.getElementById("main"))?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("drafts-changed"));
  }

  async discard() {
    this.saver.stop();
    await this.saver.settle();
    const answer = await fetch(this.dataset.discardUrl, { method: "POST", headers: csrfHeaders() });
    if (!answer.ok) return;
    this.done(await answer.json());
  }

  done(detail) {
    const isPage = this.isPage;
    this.leave();
    if (!isPage) document.dispatchEvent(new CustomEvent("compose-done", { detail }));
  }

  async submitted(event) {
    const button = event.submitter;
    if (button?.value === "save") {
      event.preventDefault();
      this.saver.now();
      return;
    }
    if (this.isPage && !("send" in (button?.dataset ?? {})) && button?.name !== "sure") return;
    event.preventDefault();
    if (this.files.isBusy) {
      this.files.tellBusy();
      return;
    }
    await this.send(button);
  }

  async send(button) {
    const send = this.querySelector("[data-send]");
    if (send.disabled) return;
    this.recipients.forEach((one) => one.finish());
    send.disabled = true;
    await this.saver.settle();
    const body = this.saver.data(button);
    try {
      const answer = await fetch(this.form.getAttribute("action"), { method: "POST", body, headers: { ...csrfHeaders(), "X-Part": "window" } });
      if (answer.headers.get("Content-Type")?.includes("json")) {
        this.sent(await answer.json());
      } else {
        this.replaceWith(this.read(await answer.text()));
      }
    } catch {
      send.disabled = false;
      toast({ text: document.getElementById("words").dataset.failed });
    }
  }

  sent(facts) {
    if (!this.isPage) {
      this.done(facts);
      return;
    }
    location.href = "/outbox/";
  }

  // The same window with what has to be mended marked in it.
  read(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const made = document.importNode(holder.content, true).querySelector("compose-window");
    if (!made) return this;
    made.classList.toggle("compose--full", this.classList.contains("compose--full"));
    made.classList.toggle("compose--page", this.isPage);
    setTimeout(() => made.start());
    return made;
  }
}

customElements.define("compose-window", ComposeWindow);
