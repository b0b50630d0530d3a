// One draft, two versions: both are shown, one is chosen, and the other stays a draft of its own.
import { csrfHeaders, toast } from "../toast.js";
import { drop } from "./keeper.js";

// The browser makes the keys of drafts; `randomUUID` is missing where there is no HTTPS.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const firstWords = (words) => [words.subject, (words.body ?? "").replace(/\s+/g, " ").trim()].filter(Boolean).join(" · ").slice(0, 160);

export class Conflict {
  constructor(host) {
    this.host = host;
  }

  // `theirs`: version, when it was saved, and the words of it.
  show(theirs) {
    this.theirs = theirs;
    this.host.note("conflict", (made) => {
      made.querySelector("[data-mine]").textContent = firstWords(this.host.saver.plain()) || this.host.words.nothing;
      made.querySelector("[data-theirs]").textContent = firstWords(theirs.values) || this.host.words.nothing;
      made.querySelector("[data-theirs-when]").textContent = theirs.when;
    });
  }

  async copy(words) {
    const body = new FormData();
    for (const [name, value] of Object.entries(words)) body.append(name, value);
    body.set("version", "0");
    // Its files are those of this draft: they go along.
    body.set("beside", this.host.key);
    const url = this.host.dataset.saveUrl.replace(this.host.key, newKey());
    const answer = await fetch(url, { method: "POST", body, headers: csrfHeaders() });
    return answer.ok && !answer.redirected;
  }

  async mine() {
    if (this.theirs && !(await this.tried(this.theirs.values))) return;
    if (this.theirs) this.host.form.elements.version.value = this.theirs.version;
    this.done();
    await this.host.saver.now();
  }

  async other() {
    if (!(await this.tried(this.host.saver.plain()))) return;
    this.done();
    drop(this.host.owner, this.host.key);
    await this.host.reload();
  }

  async tried(words) {
    const isKept = await this.copy(words).catch(() => false);
    toast({ text: isKept ? this.host.words.otherKept : document.getElementById("words").dataset.failed });
    if (isKept) document.dispatchEvent(new CustomEvent("drafts-changed"));
    return isKept;
  }

  done() {
    this.theirs = undefined;
    this.host.saver.hold(false);
    this.host.unnote();
  }
}
