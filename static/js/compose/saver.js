// Saves a window a moment after the last key, and at the latest when the page goes away.
import { csrfHeaders } from "../toast.js";

const WAIT = 2000;
const AGAIN = 5000;

export class Saver {
  constructor(host) {
    this.host = host;
    this.form = host.form;
    this.status = host.querySelector("[data-status]");
    this.isDirty = false;
    this.isStopped = false;
    this.running = null;
    this.leave = () => { if (document.visibilityState === "hidden") this.beacon(); };
    document.addEventListener("visibilitychange", this.leave);
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.leave);
  }

  later(wait = WAIT) {
    if (this.isStopped) return;
    this.isDirty = true;
    this.say(this.status.dataset.changed);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), wait);
  }

  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  // What would be posted. Files go up on their own, one by one, so that each shows its progress.
  data(button) {
    const body = new FormData(this.form);
    body.delete("files");
    if (button?.name) body.append(button.name, button.value);
    return body;
  }

  // One save at a time; a change meanwhile is saved by the next. True when all is stored.
  async now() {
    clearTimeout(this.timer);
    await this.running;
    this.running = this.post();
    const ok = await this.running;
    this.running = null;
    return ok;
  }

  async settle() {
    clearTimeout(this.timer);
    await this.running;
  }

  async post() {
    if (this.isStopped) return true;
    this.isDirty = false;
    this.say(this.status.dataset.saving);
    try {
      const answer = await fetch(this.host.dataset.saveUrl, { method: "POST", body: this.data(), headers: csrfHeaders() });
      if (answer.ok) {
        this.learn(await answer.json());
        return true;
      }
      return await this.refused(answer);
    } catch {
      this.say(this.status.dataset.failed);
      this.isDirty = true;
      this.timer = setTimeout(() => this.now(), AGAIN);
      return false;
    }
  }

  learn(facts) {
    this.form.elements.version.value = facts.version;
    this.host.dataset.stored = "";
    this.host.files.show(facts.files);
    this.say(facts.text);
  }

  async refused(answer) {
    this.isDirty = true;
    if (answer.status === 409) {
      this.theirs = (await answer.json()).version;
      this.note("[data-conflict-note]");
    } else if (answer.status === 410) {
      this.note("[data-sent-note]");
    } else if (answer.status === 422) {
      const said = await answer.json();
      this.mark(said.errors);
      if (said.version) this.learn(said);
    } else {
      this.timer = setTimeout(() => this.now(), AGAIN);
    }
    this.say(this.status.dataset.changed);
    return false;
  }

  keepMine() {
    if (this.theirs !== undefined) this.form.elements.version.value = this.theirs;
    this.host.querySelector("[data-note]")?.remove();
    this.now();
  }

  note(which) {
    if (this.host.querySelector("[data-note]")) return;
    const made = this.host.querySelector(which).content.cloneNode(true);
    this.host.querySelector(".compose__bar").after(made);
  }

  mark(errors) {
    for (const [name, text] of Object.entries(errors)) {
      const line = this.host.querySelector(`[data-error="${name}"]`);
      if (!line) continue;
      line.hidden = false;
      line.lastElementChild.textContent = text;
    }
  }

  beacon() {
    if (!this.isDirty || this.isStopped) return;
    navigator.sendBeacon(this.host.dataset.saveUrl, this.data());
  }
}
