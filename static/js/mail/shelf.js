// The rows of a list by position: those that were fetched, and holes where the others belong.
// Every page from the server says where it stands and is believed; what it contradicts becomes a
// hole, and holes that come into view are fetched. So the list heals itself after any change.
const HIGHEST = 12_000_000; // points; browsers draw nothing beyond 17 million
const KEPT = 1_000; // rows, however long the list
const FIRST = 50; // rows that are always kept: news tell how they are now

// A row that looks as it did keeps its element, with what was done to it since.
const unchanged = (old, one) => (old?.html === one.html ? Object.assign(old, { day: one.day, next: one.next, stale: false }) : one);

export class Shelf {
  slots = [];
  known = new Map();
  // One row that the place no longer has, kept where it was because it is being read.
  guest = null;
  row = 56;
  head = 28;
  #runs = null;

  get length() { return this.slots.length; }
  get hole() { return Math.min(this.row, HIGHEST / (this.length || 1)); }
  indexOf(id) {
    const one = this.known.get(String(id));
    return one ? this.slots.indexOf(one) : -1;
  }

  // The next row that is here and fits, below (1) or above (-1) this one.
  nearest(id, way, fits) {
    const from = this.indexOf(id);
    for (let at = from + way; from >= 0 && at >= 0 && at < this.length; at += way) {
      if (this.slots[at] && fits(this.slots[at])) return this.slots[at];
    }
    return null;
  }

  // Where the server counts this row, and the other way round.
  #guestAt() { return this.guest ? this.indexOf(this.guest) : -1; }
  outside(index) {
    const guest = this.#guestAt();
    return guest >= 0 && index > guest ? index - 1 : index;
  }
  #inside(position) {
    const guest = this.#guestAt();
    return guest >= 0 && position >= guest ? position + 1 : position;
  }

  // How many rows there are; "more" when only that there are more is known.
  reach(total, more = false) {
    const wanted = Math.max(total + (this.guest ? 1 : 0), more ? this.length : 0);
    for (const gone of this.slots.slice(wanted)) if (gone) this.known.delete(gone.id);
    const old = this.length;
    this.slots.length = wanted;
    if (wanted > old) this.slots.fill(null, old);
    this.#runs = null;
  }

  // A page of entries ({id, node, html, day, next}) that begins at a position of the server's.
  put(position, entries, reading = null) {
    const open = this.#reading(entries, reading);
    const was = open ? this.slots.indexOf(open) : -1;
    const lines = entries.map((one) => {
      const old = this.known.get(one.id);
      if (old) this.slots[this.slots.indexOf(old)] = null;
      return unchanged(old, one);
    });
    lines.forEach((one, offset) => {
      const at = this.#inside(position + offset);
      const there = this.slots[at];
      if (there) this.known.delete(there.id);
      while (this.slots.length < at) this.slots.push(null);
      this.slots[at] = one;
      this.known.set(one.id, one);
    });
    if (was >= position && was < position + lines.length) this.#keep(open, was);
    this.#runs = null;
  }

  // The first page as it is now. What follows its last row follows it still, but is asked for
  // again when it is seen. Returns how many of the rows were not here before.
  renew(entries, total, reading = null) {
    const open = this.#reading(entries, reading);
    const was = open ? this.slots.indexOf(open) : -1;
    const old = new Map(this.known);
    const last = entries.length ? this.indexOf(entries[entries.length - 1].id) : -1;
    const lines = entries.map((one) => unchanged(old.get(one.id), one));
    const now = new Set(entries.map((one) => one.id));
    // Where not one of them was here, the number of rows tells how far the others moved.
    const moved = total === null ? 0 : total - this.length;
    const below = last < 0 ? Math.max(0, entries.length - moved) : last + 1;
    const rest = this.slots.slice(below).filter((one) => !one || !now.has(one.id));
    this.slots = lines.concat(rest);
    this.known.clear();
    for (const one of rest) if (one) one.stale = true;
    for (const one of this.slots) if (one) this.known.set(one.id, one);
    if (was >= 0 && (last < 0 || was <= last)) this.#keep(open, Math.min(was, lines.length));
    this.#runs = null;
    return entries.filter((one) => !old.has(one.id)).length;
  }

  #reading(entries, reading) {
    if (this.guest && (this.guest !== reading || entries.some((one) => one.id === this.guest))) this.#release();
    return reading && this.known.get(reading);
  }
  #keep(open, at) {
    if (this.known.has(open.id)) return;
    this.slots.splice(at, 0, open);
    this.known.set(open.id, open);
    this.guest = open.id;
  }
  #release() {
    const at = this.#guestAt();
    if (at >= 0) this.slots.splice(at, 1);
    this.known.delete(this.guest);
    this.guest = null;
  }

  // Takes rows out; what is returned puts them back with restore().
  take(ids) {
    const gone = new Set(ids);
    // A few are found sooner by their ids than by going through all.
    const few = gone.size <= 20;
    const places = few ? [...gone].map((id) => this.indexOf(id)).filter((at) => at >= 0).sort((a, b) => a - b) : [];
    if (!few) this.slots.forEach((one, at) => { if (one && gone.has(one.id)) places.push(at); });
    const taken = places.map((at) => ({ one: this.slots[at], at, after: this.slots[at - 1]?.id }));
    if (!taken.length) return taken;
    if (few) for (const at of places.reverse()) this.slots.splice(at, 1);
    else this.slots = this.slots.filter((one) => !one || !gone.has(one.id));
    for (const { one } of taken) {
      this.known.delete(one.id);
      if (this.guest === one.id) this.guest = null;
    }
    this.#runs = null;
    return taken;
  }
  restore(taken) {
    for (const { one, at, after } of taken) {
      if (this.known.has(one.id)) continue;
      const above = after ? this.indexOf(after) : -1;
      this.slots.splice(above >= 0 ? above + 1 : Math.min(at, this.length), 0, one);
      this.known.set(one.id, one);
    }
    this.#runs = null;
  }

  // Far rows become holes again, so that the longest list takes no more memory than a short one.
  forget(middle, pinned) {
    if (this.known.size <= KEPT) return;
    this.slots.forEach((one, at) => {
      if (!one || at < FIRST || Math.abs(at - middle) < KEPT / 4 || pinned.includes(one.id)) return;
      this.slots[at] = null;
      this.known.delete(one.id);
    });
    this.#runs = null;
  }

  // ---- where things are, in points from the top of the list
  get runs() {
    if (this.#runs) return this.#runs;
    const runs = [];
    let run = null;
    this.slots.forEach((one, at) => {
      if (!one) { run = null; return; }
      if (!run) runs.push(run = { from: at, to: at, heads: [] });
      if (one.day && (at === run.from || this.slots[at - 1].day?.key !== one.day.key)) run.heads.push(at);
      run.to = at + 1;
    });
    this.#runs = runs;
    return runs;
  }
  isHead(index) { return this.runs.some((run) => run.heads.includes(index)); }

  // The top of a row, or of the heading above it.
  top(index) {
    let y = 0, last = 0;
    for (const run of this.runs) {
      if (index <= run.from) break;
      const end = Math.min(index, run.to);
      let heads = 0;
      while (run.heads[heads] < end) heads += 1;
      y += (run.from - last) * this.hole + (end - run.from) * this.row + heads * this.head;
      last = end;
    }
    return y + (index - last) * this.hole;
  }
  // The top of the row itself: its heading comes and goes with what was fetched above it.
  rowTop(index) { return this.top(index) + (this.isHead(index) ? this.head : 0); }
  indexAt(y) {
    let low = 0, high = this.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle;
    }
    return low;
  }

  // The first row in [from, to) that has to be fetched, or -1.
  missing(from, to) {
    for (let at = Math.max(0, from); at < Math.min(to, this.length); at += 1) {
      if (!this.slots[at] || this.slots[at].stale) return at;
    }
    return -1;
  }
}
