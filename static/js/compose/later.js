// Send later: a time from the list or one's own, said in the foot until it is taken back.
export class Later {
  constructor(host) {
    this.host = host;
    this.field = host.querySelector("[data-send-at]");
    this.chosen = host.querySelector("[data-later-chosen]");
    this.own = host.querySelector("[data-later-own]");
    this.send = host.querySelector("[data-send]");
    // Only what was set counts, not what somebody just tried out in the field.
    this.own.removeAttribute("name");
    host.addEventListener("click", (event) => this.clicked(event));
  }

  // A window may stay open past this evening; what is over is not offered.
  opened() {
    const now = Date.now();
    for (const one of this.host.querySelectorAll("[data-later]")) one.hidden = Number(one.dataset.moment) * 1000 <= now;
  }

  clicked(event) {
    const button = event.target.closest("[data-later], [data-later-set], [data-later-off]");
    if (!button) return;
    event.preventDefault();
    if ("later" in button.dataset) this.set(button.value, button.dataset.said);
    else if ("laterSet" in button.dataset) this.ownTime();
    else this.set("", "");
  }

  // Far ahead, a day and a month alone may be taken for another year's.
  wordsOf(value) {
    const at = new Date(value), year = at - Date.now() > 180 * 86400000 ? { year: "numeric" } : {};
    return at.toLocaleString(document.documentElement.lang, { ...year, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }

  ownTime() {
    if (this.own.value) this.set(this.own.value, this.wordsOf(this.own.value));
    else this.own.focus();
  }

  // A time that was found again.
  learn(value) {
    this.field.value = this.own.value = value;
    this.show(value ? this.wordsOf(value) : "");
  }

  set(value, words) {
    this.field.value = this.own.value = value;
    this.host.menu.close();
    this.show(words);
    this.host.mark({ send_at: "" });
    this.host.touched();
    this.send.focus();
  }

  show(words) {
    this.chosen.hidden = !words;
    this.chosen.querySelector("[data-later-words]").textContent = words;
    this.send.textContent = words ? this.host.words.sendLater : this.host.words.send;
    this.host.announce(words);
  }
}
