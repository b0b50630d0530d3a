// What the server does not have yet stays in this browser: for a crash, a dead battery, a lost line.
// Only its owner is offered it, and signing out clears it.
const PREFIX = "tributary-unsaved:";
const name = (owner, key) => `${PREFIX}${owner}:${key}`;

export function keep(owner, key, words) {
  // Whoever signs out leaves nothing here; the page is on its way out already.
  if ("signingOut" in document.documentElement.dataset) return;
  try {
    localStorage.setItem(name(owner, key), JSON.stringify({ at: Date.now(), words }));
  } catch { /* full, or not allowed here: the server is asked again soon */ }
}

export function drop(owner, key) {
  try {
    localStorage.removeItem(name(owner, key));
  } catch { /* not allowed here */ }
}

export function kept(owner, key) {
  try {
    const found = JSON.parse(localStorage.getItem(name(owner, key)));
    return found?.words ? found : null;
  } catch {
    return null;
  }
}

export function keysKept(owner) {
  try {
    const start = name(owner, "");
    return Object.keys(localStorage).filter((one) => one.startsWith(start)).map((one) => one.slice(start.length));
  } catch {
    return [];
  }
}
