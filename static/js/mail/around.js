// Which rows of a list are drawn: those that are seen and a few around them. Many new ones at once
// would hold up whoever scrolls: first come those that are seen, and, after a breath each, a few of
// those below and above them.
export const SPARE = 12; // rows drawn above and below what is seen

export function around({ from, to }, length) {
  return {
    from: Math.max(0, Math.floor((from - SPARE) / 4) * 4),
    to: Math.min(length, Math.ceil((to + SPARE) / 4) * 4),
  };
}

// Of `all` that are to be drawn, what is drawn now, where these are `shown` already.
export function soonest(now, all, shown) {
  const kept = { from: Math.max(all.from, shown.from), to: Math.min(all.to, shown.to) };
  const isNear = kept.from < kept.to;
  if (isNear && all.to - all.from - (kept.to - kept.from) <= SPARE) return all;
  return {
    from: isNear ? Math.min(now.from, kept.from) : now.from,
    to: isNear ? Math.max(now.to, kept.to) : now.to,
  };
}

// A few more of them.
export function wider({ from, to }, all) {
  return to < all.to
    ? { from, to: Math.min(all.to, to + SPARE) }
    : { from: Math.max(all.from, from - SPARE), to };
}

export const isAll = (rows, of) => rows.from <= of.from && rows.to >= of.to;
