// Files of a draft: picked, dropped (folders, too) or pasted, each shown on its way.
import { csrfHeaders, toast } from "../toast.js";
import { Upload } from "./upload.js";

const MOST = 100;

// As the server writes sizes: 1 KB is 1024 bytes, and numbers under ten have a fraction.
const UNITS = ["B", "KB", "MB", "GB"];
const unitOf = (bytes) => Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(1024)));
function inUnit(bytes, unit) {
  const size = bytes / 1024 ** unit;
  const digits = unit && size < 10 ? 1 : 0;
  return size.toLocaleString(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
const sizeText = (bytes) => `${inUnit(bytes, unitOf(bytes))} ${UNITS[unitOf(bytes)]}`;
// Base64 makes lines of 76 letters of 57 bytes each, and a part has headers: this much travels.
const onTheWay = (bytes) => Math.ceil(bytes / 57) * 78 + 400;
const BARE = 4096;

// The files of everything that was dropped, those in folders too.
async function filesIn(entries) {
  const found = [];
  for (const entry of entries) {
    if (found.length > MOST) break;
    if (entry.isFile) {
      found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    } else if (entry.isDirectory) {
      const reader = entry.createReader();
      let more;
      do {
        more = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        found.push(...(await filesIn(more)));
      } while (more.length && found.length <= MOST);
    }
  }
  return found;
}

export class Files {
  constructor(host) {
    this.host = host;
    this.box = host.querySelector("[data-files]");
    this.cover = host.querySelector("[data-drop]");
    this.going = new Set();
    // Pictures that were added here can still be put into the text instead.
    this.pictures = new Map();
    host.querySelector("[data-pick]").addEventListener("change", (event) => {
      const picked = [...event.target.files];
      event.target.value = "";
      this.add(picked);
    });
    host.addEventListener("dragover", (event) => this.over(event));
    host.addEventListener("dragleave", (event) => { if (!host.contains(event.relatedTarget)) this.cover.hidden = true; });
    host.addEventListener("drop", (event) => this.dropped(event));
    host.addEventListener("paste", (event) => this.pasted(event));
    this.offer();
  }

  stop() {
    for (const one of this.going) one.cancel();
  }

  get isBusy() {
    return this.going.size > 0;
  }

  over(event) {
    if (event.defaultPrevented || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    this.cover.hidden = false;
  }

  async dropped(event) {
    this.cover.hidden = true;
    if (event.defaultPrevented || !event.dataTransfer.files.length) return;
    event.preventDefault();
    const files = [...event.dataTransfer.files];
    const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
    const isPlain = entries.every((one) => one.isFile);
    this.add(isPlain ? files : await filesIn(entries).catch(() => files));
  }

  pasted(event) {
    const files = [...event.clipboardData.files];
    if (event.defaultPrevented || !files.length) return;
    event.preventDefault();
    this.add(files);
  }

  get sizes() {
    return [...this.box.querySelectorAll("[data-size]")].map((one) => Number(one.dataset.size));
  }

  // Whether a file still fits: asked before a byte of it travels.
  refusal(file) {
    const { max, server } = this.host.limit;
    const sizes = [...this.sizes, ...[...this.going].map((one) => one.file.size)];
    if (sizes.length >= MOST) return this.host.words.tooMany.replace("%n", MOST);
    const whole = [...sizes, file.size].reduce((sum, one) => sum + onTheWay(one), BARE + 2 * this.host.textLength);
    if (whole <= max) return "";
    return this.host.words.tooLarge.replace("%f", file.name).replace("%s", sizeText(whole)).replace("%h", server).replace("%m", sizeText(max));
  }

  // A file belongs to a draft, so the draft is stored first.
  async add(files) {
    this.tell("");
    if (!(await this.stored())) return;
    for (const file of files) {
      const refusal = this.refusal(file);
      if (refusal) this.tell(refusal);
      else this.send(file);
    }
  }

  async stored() {
    return "stored" in this.host.dataset || this.host.saver.now();
  }

  // The address and the content id of a picture in the text. Throws with the reason.
  async inline(file) {
    const refusal = this.refusal(file);
    if (refusal) {
      this.tell(refusal);
      throw new Error(refusal);
    }
    if (!(await this.stored())) throw new Error(this.host.words.notSaved);
    const facts = await this.send(file, true);
    if (!facts) throw new Error(this.host.words.notAdded.replace("%f", file.name));
    return { url: facts.inline.url, cid: facts.inline.cid };
  }

  async send(file, isInline = false) {
    const line = this.line(file);
    const upload = new Upload(file, { url: this.host.dataset.uploadUrl, isInline, changed: () => this.draw(upload, line) });
    this.going.add(upload);
    line.querySelector("button").addEventListener("click", () => upload.cancel());
    this.draw(upload, line);
    let facts = null, reason = null;
    try {
      // One after the other: several at once would only share the same line.
      await (this.turn = (this.turn ?? Promise.resolve()).then(async () => { facts = await upload.run(); }));
    } catch (error) {
      this.turn = Promise.resolve();
      reason = error.message || document.getElementById("words").dataset.failed;
    }
    this.going.delete(upload);
    line.remove();
    if (reason !== null) this.tell(`${file.name}: ${reason}`);
    if (!facts) return null;
    if (facts.isLost) {
      await this.host.saver.now();
      return facts;
    }
    if (!isInline && file.type.startsWith("image/")) this.pictures.set(String(facts.attachment), file);
    this.host.saver.learn(facts);
    this.host.announce(this.host.words.added.replace("%f", file.name));
    this.host.filesChanged();
    return facts;
  }

  draw(upload, line) {
    const { words } = this.host;
    const [done, left] = line.querySelectorAll(".progress__text span");
    line.querySelector("progress").value = upload.file.size ? upload.sent / upload.file.size : 1;
    line.classList.toggle("file--paused", upload.state === "paused");
    const amount = words.amount.replace("%a", inUnit(upload.sent, unitOf(upload.file.size))).replace("%b", sizeText(upload.file.size));
    if (upload.state === "paused") {
      done.textContent = amount;
      left.textContent = words.paused;
      return;
    }
    done.textContent = upload.rate ? `${amount}, ${words.rate.replace("%s", sizeText(upload.rate))}` : amount;
    const seconds = upload.secondsLeft;
    left.textContent = seconds > 1 && seconds < 86400 ? (seconds < 90 ? words.secondsLeft.replace("%n", Math.round(seconds)) : words.minutesLeft.replace("%n", Math.round(seconds / 60))) : "";
  }

  tell(text) {
    this.host.mark({ attachments: text });
  }

  grid() {
    let grid = this.box.querySelector(".compose__files");
    if (!grid) {
      grid = document.createElement("div");
      grid.className = "compose__files";
      this.box.append(grid);
    }
    return grid;
  }

  line(file) {
    const made = this.host.querySelector("template[data-going]").content.firstElementChild.cloneNode(true);
    made.querySelector("b").textContent = made.querySelector("b").title = file.name;
    made.querySelector("button").setAttribute("aria-label", this.host.words.cancelUpload.replace("%f", file.name));
    made.querySelector("progress").setAttribute("aria-label", file.name);
    this.grid().append(made);
    return made;
  }

  // The server's list, with what is still on its way kept at the end.
  show(html) {
    if (html === undefined) return;
    const going = [...this.box.querySelectorAll(".file--going")];
    const focused = this.box.contains(document.activeElement);
    this.box.innerHTML = html;
    if (going.length) this.grid().append(...going);
    if (focused) (this.box.querySelector("button") ?? this.host.querySelector("[data-pick]")).focus();
    this.offer();
  }

  // Pictures are offered a place in the text, where the text can hold them.
  offer() {
    for (const button of this.box.querySelectorAll("[data-into-text]")) {
      button.hidden = !this.pictures.has(button.dataset.intoText) || !this.host.editor || this.host.editor.isPlain;
    }
  }

  async intoText(pk, detachUrl) {
    const file = this.pictures.get(pk);
    if (!file || !this.host.editor) return;
    const url = detachUrl;
    try {
      await this.detach(url);
      const { url: src, cid } = await this.inline(file);
      this.host.editor.insertImage({ url: src, cid, name: file.name });
      this.pictures.delete(pk);
    } catch { /* said at the files already */ }
  }

  async detach(url) {
    const answer = await fetch(url, { method: "POST", headers: csrfHeaders() }).catch(() => null);
    if (answer?.ok && !answer.redirected) this.host.saver.learn(await answer.json());
    else toast({ text: document.getElementById("words").dataset.failed });
    this.host.filesChanged();
  }
}
