// Sending: asked once about what may have been forgotten, told where something has to be mended.
import { csrfHeaders, toast } from "../toast.js";
import { drop } from "./keeper.js";
import { tell } from "./tabs.js";

export class Sending {
  constructor(host) {
    this.host = host;
    this.button = host.querySelector("[data-send]");
    // What was asked about once is not asked again, wherever the next click goes.
    this.sure = new Set();
    host.form.addEventListener("submit", (event) => this.submitted(event));
  }

  async submitted(event) {
    const { host } = this, button = event.submitter;
    event.preventDefault();
    if (button?.value === "save") {
      host.saver.now();
      return;
    }
    host.recipients.forEach((one) => one.finish());
    if (host.files.isBusy || host.editor?.isBusy) host.note("busy");
    else await this.send(button);
  }

  data(button) {
    const body = this.host.saver.data(button);
    for (const one of body.getAll("sure")) this.sure.add(one);
    body.delete("sure");
    for (const one of this.sure) body.append("sure", one);
    return body;
  }

  async send(button) {
    const { host } = this;
    if (this.button.disabled) return;
    this.button.disabled = true;
    await host.saver.settle();
    const body = this.data(button);
    host.unnote();
    try {
      const answer = await fetch(host.form.getAttribute("action"), { method: "POST", body, headers: { ...csrfHeaders(), "X-Part": "window" } });
      if (answer.redirected || !answer.headers.get("Content-Type")?.includes("json")) throw new Error(String(answer.status));
      const facts = await answer.json();
      if (answer.ok) this.sent(facts);
      else this.unsent(facts, answer.status);
    } catch {
      const isOnline = navigator.onLine;
      host.saver.missed(isOnline ? host.words.notSaved : host.words.offline);
      toast({ text: isOnline ? document.getElementById("words").dataset.failed : host.words.notSentOffline });
    }
    this.button.disabled = false;
  }

  sent(facts) {
    const { host } = this;
    drop(host.owner, host.key);
    tell("sent", host.key);
    document.dispatchEvent(new CustomEvent("mail-changed"));
    if (!host.isPage) {
      host.done(facts);
      return;
    }
    host.saver.stop();
    location.href = "/outbox/";
  }

  // What has to be mended, or was perhaps forgotten, said where it is; the text is not touched.
  unsent(facts, status) {
    const { host } = this;
    if (status === 410) {
      host.wasSent();
      return;
    }
    if (status === 409) {
      host.saver.hold();
      host.conflict.show(facts);
      return;
    }
    if (facts.version) {
      host.saver.learn(facts);
      host.saver.clear();
      host.saver.isDirty = false;
    }
    host.querySelector("[data-notes]").innerHTML = facts.note ?? "";
    host.mark(facts.errors ?? {});
    const names = Object.keys(facts.errors ?? {});
    const wrong = host.recipients.filter((one) => names.includes(one.name));
    for (const one of wrong) one.isWrong();
    if (wrong.length) wrong[0].input.focus();
    else if (names.includes("sender")) host.sender.button.focus();
    else (host.querySelector("[data-notes] [name=sure], [data-notes] button") ?? this.button).focus();
  }
}
