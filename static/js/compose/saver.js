// Saves a window a moment after the last key, and every few seconds while somebody types on.
import { csrfHeaders } from "../toast.js";
import { drop, keep } from "./keeper.js";
import { tell } from "./tabs.js";

const WAIT = 2000, LONGEST = 5000, AGAIN = 5000, KEEP = 300;

export class Saver {
  constructor(host) {
    this.host = host;
    this.form = host.form;
    this.status = host.querySelector("[data-status]");
    this.isDirty = false;
    this.isStopped = false;
    this.running = null;
    this.leave = () => this.leaving();
    this.hide = () => { if (document.visibilityState === "hidden") this.hidden(); };
    this.back = () => { if (this.isDirty) this.now(); };
    document.addEventListener("visibilitychange", this.hide);
    window.addEventListener("pagehide", this.leave);
    window.addEventListener("online", this.back);
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.keeping);
    document.removeEventListener("visibilitychange", this.hide);
    window.removeEventListener("pagehide", this.leave);
    window.removeEventListener("online", this.back);
  }

  later(wait = WAIT) {
    if (this.isStopped) return;
    if (!this.isDirty) this.since = Date.now();
    this.isDirty = true;
    this.changes = (this.changes ?? 0) + 1;
    this.keeping ??= setTimeout(() => this.keep(), KEEP);
    if (this.isHeld) return;
    this.say(this.host.words.changed);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), Math.max(0, Math.min(wait, this.since + LONGEST - Date.now())));
  }

  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  // Until the server has it, this browser does.
  keep() {
    clearTimeout(this.keeping);
    this.keeping = null;
    if (this.isDirty && !this.isStopped) keep(this.host.owner, this.host.key, this.plain());
  }

  plain() {
    const { csrfmiddlewaretoken, ...words } = Object.fromEntries(this.data());
    return words;
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
    while (this.running) await this.running;
    if (this.isHeld) return false;
    this.running = this.post();
    const ok = await this.running;
    this.running = null;
    return ok;
  }

  async settle() {
    clearTimeout(this.timer);
    while (this.running) await this.running;
  }

  async post() {
    if (this.isStopped) return true;
    const changes = this.changes;
    this.isDirty = false;
    this.say(this.host.words.saving);
    try {
      const answer = await fetch(this.host.dataset.saveUrl, { method: "POST", body: this.data(), headers: csrfHeaders() });
      if (answer.redirected || answer.status === 403) return this.missed(this.host.words.signedOut);
      if (!answer.ok) return await this.refused(answer);
      this.learn(await answer.json());
      if (this.changes === changes) this.clear();
      tell("saved", this.host.key, Number(this.form.elements.version.value));
      return true;
    } catch {
      return this.missed(navigator.onLine ? this.host.words.notSaved : this.host.words.offline);
    }
  }

  clear() {
    clearTimeout(this.keeping);
    this.keeping = null;
    drop(this.host.owner, this.host.key);
  }

  // Not stored: it stays here, and is tried again.
  missed(text) {
    this.isDirty = true;
    this.keep();
    this.say(text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), AGAIN);
    return false;
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
      this.hold();
      this.host.conflict.show(await answer.json());
    } else if (answer.status === 410) {
      this.host.wasSent();
    } else if (answer.status === 422) {
      const said = await answer.json();
      this.host.mark(said.errors);
      if (said.version) this.learn(said);
    } else {
      return this.missed(this.host.words.notSaved);
    }
    this.keep();
    this.say(this.host.words.changed);
    return false;
  }

  // Nothing is saved until somebody has chosen between two versions.
  hold(on = true) {
    this.isHeld = on;
    if (on) clearTimeout(this.timer);
  }

  // Whoever only looks away may be back at once: the window has to learn what version it is now.
  hidden() {
    this.keep();
    if (this.isDirty && !this.isStopped && !this.isHeld) this.now();
  }

  leaving() {
    this.keep();
    if (!this.isDirty || this.isStopped || this.isHeld) return;
    navigator.sendBeacon(this.host.dataset.saveUrl, this.data());
  }
}
