// Windows of one draft in several tabs know of each other.
const channel = "BroadcastChannel" in window ? new BroadcastChannel("tributary-drafts") : null;
const open = new Set();
const answers = new Map();
const ANSWER = 250;

channel?.addEventListener("message", ({ data }) => {
  if (data.kind === "here") answers.get(data.key)?.();
  for (const host of open) {
    if (host.key !== data.key) continue;
    if (data.kind === "who") channel.postMessage({ kind: "here", key: data.key });
    else if (data.kind !== "here") host.heard(data);
  }
});

export const join = (host) => open.add(host);
export const part = (host) => open.delete(host);
// kind: "saved" with the version, "sent" or "discarded".
export const tell = (kind, key, version = 0) => channel?.postMessage({ kind, key, version });

// Whether another tab has this draft open.
export function isElsewhere(key) {
  if (!channel) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = setTimeout(() => { answers.delete(key); resolve(false); }, ANSWER);
    answers.set(key, () => { clearTimeout(timer); answers.delete(key); resolve(true); });
    channel.postMessage({ kind: "who", key });
  });
}
