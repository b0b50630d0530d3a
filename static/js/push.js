// Settings: whether this browser tells of new mail.
import { post } from "./toast.js";

const card = document.querySelector("[data-push]");
const part = (name) => card.querySelector(`[data-push-${name}]`);
const packed = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function registration() {
  const found = await navigator.serviceWorker?.getRegistration();
  return found && "pushManager" in found ? found : null;
}

async function show() {
  const found = await (await registration())?.pushManager.getSubscription();
  part("state").textContent = found ? card.dataset.on : card.dataset.off;
  part("on").hidden = Boolean(found);
  part("off").hidden = !found;
  part("text").disabled = Boolean(found);
}

async function send(subscription, more = {}) {
  const body = new FormData();
  body.set("endpoint", subscription.endpoint);
  body.set("key", packed(subscription.getKey("p256dh")));
  body.set("auth", packed(subscription.getKey("auth")));
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  return (await post(card.dataset.push, body)).ok;
}

async function begin() {
  if ((await Notification.requestPermission()) !== "granted") throw new Error(card.dataset.refused);
  const own = await registration();
  if (!own) throw new Error(card.dataset.failed);
  let subscription;
  try {
    subscription = await own.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: card.dataset.pushKey });
  } catch {
    throw new Error(card.dataset.failed);
  }
  if (!(await send(subscription, part("text").checked ? { shows_text: "on" } : {}))) {
    await subscription.unsubscribe();
    throw new Error(card.dataset.failed);
  }
  // Of no folder at all nobody wants to hear: the first is the Inbox.
  const folders = [...card.querySelectorAll("[name=folder]")];
  if (folders.some((one) => one.checked)) return;
  folders[0].checked = true;
  folders[0].form.requestSubmit();
}

async function end() {
  const found = await (await registration())?.pushManager.getSubscription();
  if (!found) return;
  await send(found, { off: "on" });
  await found.unsubscribe();
}

async function act(what) {
  try {
    await what();
    await show();
  } catch (error) {
    part("state").textContent = error.message;
  }
}

if (card) {
  part("on").addEventListener("click", () => act(begin));
  part("off").addEventListener("click", () => act(end));
  show();
}
