// One file on its way up, in pieces: after a lost line it goes on where the server has got to.
import { csrfHeaders } from "../toast.js";

const PIECE = 1024 * 1024, AGAIN = 3000;

class Refused extends Error {}
class Gone extends Error {}

export class Upload {
  // `changed` is called whenever something of this has: `sent`, `rate` (bytes/s), `state`.
  constructor(file, { url, isInline = false, changed }) {
    Object.assign(this, { file, url, isInline, changed });
    this.sent = 0;
    this.rate = 0;
    this.state = "going";
    this.isCancelled = false;
  }

  get secondsLeft() {
    return this.rate > 0 ? (this.file.size - this.sent) / this.rate : Infinity;
  }

  cancel() {
    this.isCancelled = true;
    this.request?.abort();
    this.wake?.();
    this.giveUp();
  }

  giveUp() {
    if (this.address) fetch(this.address, { method: "DELETE", headers: csrfHeaders(), keepalive: true }).catch(() => {});
  }

  // What the server says once it has the whole file; null when cancelled. Throws with the reason.
  async run() {
    while (!this.isCancelled) {
      try {
        const facts = this.address ? await this.ask() : await this.begin();
        if (facts.done) return facts;
        const done = await this.pieces();
        if (done) return done;
      } catch (error) {
        if (error instanceof Refused) throw error;
        if (error instanceof Gone) {
          // The answer to the last piece was lost: the file is there, only its facts are not.
          if (this.sent < this.file.size) throw new Refused("");
          if (!this.isInline) return { isLost: true };
          this.address = null;
        }
        if (this.isCancelled) return null;
        if (!(error instanceof Gone)) await this.pause();
      }
    }
    return null;
  }

  async begin() {
    const body = new FormData();
    body.append("filename", this.file.name);
    body.append("content_type", this.file.type);
    body.append("size", this.file.size);
    if (this.isInline) body.append("inline", "1");
    const facts = await this.read(await fetch(this.url, { method: "POST", body, headers: csrfHeaders() }));
    this.address = facts.url;
    // Cancelled while the server was still making room for it.
    if (this.isCancelled) this.giveUp();
    this.learn(facts.received);
    return facts;
  }

  async ask() {
    const facts = await this.read(await fetch(this.address, { headers: csrfHeaders() }));
    this.learn(facts.received);
    return facts;
  }

  async read(answer) {
    if (answer.redirected) throw new Refused("");
    if (answer.status === 404) throw new Gone();
    if ([410, 413, 422].includes(answer.status)) {
      const facts = await answer.json().catch(() => ({}));
      throw new Refused(facts.error ?? "");
    }
    if (!answer.ok && answer.status !== 409) throw new Error(String(answer.status));
    return answer.json();
  }

  async pieces() {
    while (!this.isCancelled) {
      const from = this.sent;
      const facts = await this.piece(this.file.slice(from, from + PIECE), from);
      if (facts.done) return facts;
      this.learn(facts.received);
    }
    return null;
  }

  piece(blob, from) {
    const started = Date.now();
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open("POST", this.address);
      for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
      request.setRequestHeader("Upload-Offset", String(from));
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.addEventListener("progress", (event) => this.moved(from + event.loaded, event.loaded, started));
      request.addEventListener("load", () => {
        const answer = new Response(request.responseText || "{}", { status: request.status });
        this.read(answer).then(resolve, reject);
      });
      request.addEventListener("error", () => reject(new Error("lost")));
      request.addEventListener("abort", () => reject(new Error("aborted")));
      request.send(blob);
    });
  }

  moved(sent, loaded, started) {
    const seconds = (Date.now() - started) / 1000;
    this.sent = sent;
    if (seconds > 0.2) this.rate = this.rate ? this.rate * 0.7 + (loaded / seconds) * 0.3 : loaded / seconds;
    this.changed(this);
  }

  learn(received) {
    this.sent = received ?? 0;
    this.state = "going";
    this.changed(this);
  }

  // Until the line is back, or for a moment where the browser does not know that it is gone.
  pause() {
    this.state = "paused";
    this.rate = 0;
    this.changed(this);
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        window.removeEventListener("online", go);
        resolve();
      };
      const timer = setTimeout(go, AGAIN);
      this.wake = go;
      window.addEventListener("online", go);
    });
  }
}
