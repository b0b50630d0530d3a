// Files of a draft: picked, dropped or pasted, sent up one by one with their progress.
import { csrfHeaders, toast } from "../toast.js";

const size = (bytes) => {
  const units = ["B", "KB", "MB", "GB"];
  let at = 0;
  while (bytes >= 1000 && at < units.length - 1) { bytes /= 1000; at += 1; }
  return `${bytes.toLocaleString(document.documentElement.lang, { maximumFractionDigits: at > 1 ? 1 : 0 })} ${units[at]}`;
};

export class Files {
  constructor(host) {
    this.host = host;
    this.box = host.querySelector("[data-files]");
    this.cover = host.querySelector("[data-drop]");
    this.waiting = new Set();
    host.querySelector("[data-pick]").addEventListener("change", (event) => {
      const picked = [...event.target.files];
      event.target.value = "";
      this.add(picked);
    });
    host.addEventListener("dragover", (event) => this.over(event));
    host.addEventListener("dragleave", (event) => { if (!host.contains(event.relatedTarget)) this.cover.hidden = true; });
    host.addEventListener("drop", (event) => this.dropped(event));
    host.addEventListener("paste", (event) => this.pasted(event));
  }

  get isBusy() {
    return this.waiting.size > 0;
  }

  tellBusy() {
    this.box.querySelector("progress")?.scrollIntoView({ block: "nearest" });
  }

  over(event) {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    this.cover.hidden = false;
  }

  dropped(event) {
    this.cover.hidden = true;
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    this.add([...event.dataTransfer.files]);
  }

  pasted(event) {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    this.add(files);
  }

  // A file belongs to a draft, so the draft is stored first.
  async add(files) {
    if (!("stored" in this.host.dataset) && !(await this.host.saver.now())) return;
    for (const file of files) await this.upload(file);
  }

  upload(file) {
    const line = this.line(file);
    const bar = line.querySelector("progress");
    const told = line.querySelectorAll(".progress__text span");
    const request = new XMLHttpRequest();
    this.waiting.add(request);
    line.querySelector("button").addEventListener("click", () => request.abort());
    const started = Date.now();
    request.upload.addEventListener("progress", (event) => {
      bar.value = event.loaded / event.total;
      told[0].textContent = `${size(event.loaded)} / ${size(event.total)}`;
      const left = (Date.now() - started) / 1000 * (event.total / event.loaded - 1);
      told[1].textContent = left > 1 ? `${Math.round(left)} s` : "";
    });
    return new Promise((resolve) => {
      request.addEventListener("loadend", () => {
        this.waiting.delete(request);
        line.remove();
        this.ended(request, file.name);
        resolve();
      });
      const body = new FormData();
      body.append("files", file);
      request.open("POST", this.host.dataset.attachUrl);
      for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
      request.send(body);
    });
  }

  ended(request, name) {
    if (!request.status) return;
    let facts = {};
    try { facts = JSON.parse(request.responseText); } catch { /* an error page */ }
    if (request.status === 200) {
      this.host.saver.learn(facts);
      this.host.saver.mark({});
      this.tell("");
    } else {
      this.tell(`${name}: ${facts.error || document.getElementById("words").dataset.failed}`);
    }
  }

  tell(text) {
    const line = this.host.querySelector('[data-error="attachments"]');
    line.hidden = !text;
    line.lastElementChild.textContent = text;
  }

  line(file) {
    const made = document.createElement("div");
    made.className = "file file--going";
    made.innerHTML = '<b dir="auto"></b><button type="button" class="icon-btn">×</button><span class="progress"><progress max="1" value="0"></progress><span class="progress__text"><span></span><span></span></span></span>';
    made.querySelector("b").textContent = file.name;
    made.querySelector("button").setAttribute("aria-label", file.name);
    let grid = this.box.querySelector(".compose__files");
    if (!grid) {
      grid = document.createElement("div");
      grid.className = "compose__files";
      this.box.append(grid);
    }
    grid.append(made);
    return made;
  }

  // The server's list, with what is still on its way kept at the end.
  show(html) {
    if (html === undefined) return;
    const going = [...this.box.querySelectorAll(".file--going")];
    this.box.innerHTML = html;
    if (!going.length) return;
    let grid = this.box.querySelector(".compose__files");
    if (!grid) {
      grid = document.createElement("div");
      grid.className = "compose__files";
      this.box.append(grid);
    }
    grid.append(...going);
  }

  async detach(url) {
    const answer = await fetch(url, { method: "POST", headers: csrfHeaders() });
    if (answer.ok) this.host.saver.learn(await answer.json());
    else toast({ text: document.getElementById("words").dataset.failed });
  }
}
