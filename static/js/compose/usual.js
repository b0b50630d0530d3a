// The address these people were last written to from: suggested for a new message, never chosen.
const PAUSE = 400;

export class Usual {
  constructor(host) {
    this.host = host;
    this.said = new Set();
    this.asked = "";
  }

  get note() {
    return this.host.querySelector('[data-note="usual"]');
  }

  // Whoever chose an address, or has but one, is told nothing.
  get isWanted() {
    const { kind, by_hand } = this.host.form.elements;
    return kind.value === "new" && !by_hand.value && this.host.sender.options.length > 1;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  stop() {
    clearTimeout(this.timer);
  }

  forget() {
    this.stop();
    this.note?.remove();
  }

  async ask() {
    const { host } = this;
    const to = host.recipients.flatMap((one) => one.entries).join(", ");
    if (to === this.asked || !this.isWanted) return;
    this.asked = to;
    const facts = to ? await host.sender.facts() : {};
    if (to !== this.asked || !facts || !host.isConnected || !this.isWanted) return;
    this.tell(facts.usual);
  }

  // Said once, and only where nothing more important stands.
  tell(usual) {
    this.note?.remove();
    if (!usual || this.said.has(usual.text) || this.host.querySelector("[data-note]")) return;
    this.said.add(usual.text);
    this.host.note("usual", (made) => {
      made.querySelector("p").textContent = usual.text;
      const use = made.querySelector("[data-use]");
      use.dataset.use = usual.instead;
      use.textContent = this.host.words.use.replace("%s", usual.address);
    });
  }
}
