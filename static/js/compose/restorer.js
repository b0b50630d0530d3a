// Words of a draft that never reached the server, from before a crash: found, offered, put back.
import { split } from "./address.js";
import { drop, kept } from "./keeper.js";

const flat = (text) => (text ?? "").replace(/\s+/g, " ").trim();

export class Restorer {
  constructor(host) {
    this.host = host;
    const found = kept(host.owner, host.key);
    if (!found) return;
    const isStored = "stored" in host.dataset;
    if (isStored && this.holds(found.words)) {
      // Leaving a page still sends what was not saved, but nobody hears whether it arrived. It did.
      drop(host.owner, host.key);
      return;
    }
    const at = new Date(found.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    if (isStored) this.offer(found, at);
    else host.ready.then(() => { this.refill(found.words); host.saver.say(host.words.restored.replace("%s", at)); });
  }

  holds(words) {
    return ["to", "cc", "bcc", "subject", "body"].every((name) => flat(words[name]) === flat(this.host.form.elements[name].value));
  }

  // There are newer words on the server perhaps: which are wanted is their writer's to say.
  offer(found, at) {
    this.found = found;
    this.host.note("kept", (made) => {
      const line = made.querySelector("p");
      line.textContent = line.textContent.replace("%s", at);
    });
  }

  takeBack() {
    this.host.unnote();
    this.refill(this.found.words);
    this.found = null;
  }

  forget() {
    drop(this.host.owner, this.host.key);
    this.host.unnote();
  }

  refill(words) {
    const { host } = this, { elements } = host.form;
    for (const name of ["subject", "importance", "remind_after", "reason", "by_hand", "kind", "original", "send_at"]) if (name in words) elements[name].value = words[name];
    for (const name of ["wants_receipt", "wants_dsn"]) elements[name].checked = name in words;
    for (const one of host.recipients) {
      one.entries = [];
      one.add(split(words[one.name] ?? ""));
      if (one.entries.length) one.row.classList.remove("is-empty");
    }
    const option = host.sender.options.find((one) => one.dataset.value === words.sender && one.getAttribute("aria-disabled") !== "true");
    if (option && option !== host.sender.chosen) host.sender.take(option, { isByHand: Boolean(words.by_hand) });
    host.title();
    host.later.learn(words.send_at ?? "");
    // An editor that is still on its way would know the plain text alone.
    host.ready.then(() => {
      if (host.editor) host.editor.restore({ html: words.html ?? "", text: words.body ?? "", mode: words.mode ?? "" });
      else host.body.value = words.body ?? "";
      host.touched();
    });
  }
}
