// What is sent to be done to messages, what the server says to it, and the ways back.
import { csrfHeaders, toast } from "../toast.js";
import { isSignIn, Refused, words } from "./dom.js";

// The ways back that were not taken yet, the newest last.
const ways = [];
const MOST_WAYS = 20;

// The server says in words why not.
class Refusal extends Error {}

export async function send(url, body) {
  const answer = await fetch(url, { method: "POST", body, headers: { ...csrfHeaders(), "X-Part": "json" } });
  if (isSignIn(answer)) throw new Refused(401);
  if (answer.status === 422) throw new Refusal((await answer.json()).text);
  if (!answer.ok) throw new Refused(answer.status);
  return answer.json();
}

// Why something was not done, once what was shown of it is taken back.
export function explain(error) {
  const { refused, gone } = document.getElementById("words").dataset;
  if (error instanceof Refusal) toast({ text: error.message });
  else if (error.status === 401) offerReload(words().signedOut);
  else if (error.status === 403) offerReload(refused);
  else toast({ text: error.status === 404 ? gone : words().failed });
}

let offer = null;
export function offerReload(text) {
  if (offer?.isConnected) return;
  offer = toast({ text, link: location.href, life: 600_000 });
  offer.querySelector("[data-link]").textContent = document.getElementById("words").dataset.reload;
}

// While something is being changed nobody looks for news: the answer would be older than the list.
export const changing = (on, ids = []) => document.dispatchEvent(new CustomEvent("list-changing", { detail: { on, ids } }));

// What was done. "takeBack" shows the list without it, "again" with it once more; each toast takes
// back what it tells, and "z" the newest that is left.
export function tell(done, takeBack, again) {
  document.dispatchEvent(new CustomEvent("counts", { detail: done }));
  if (done.undo) offerBack(done, takeBack, again);
  else toast({ text: done.text });
}

function offerBack(done, takeBack, again) {
  const way = async () => {
    if (!ways.includes(shown.undo)) return;
    ways.splice(ways.indexOf(shown.undo), 1);
    takeBack();
    const status = await back(done.undo);
    if (!status) return;
    const undone = again();
    if (status !== 404) offerBack(done, undone, again); // it can still be taken back
  };
  const shown = toast({ text: done.text, onUndo: way });
  ways.push(shown.undo);
  if (ways.length > MOST_WAYS) ways.shift();
}

// Null once it is taken back, else a status; 1 where nobody answered.
async function back(token) {
  const body = new FormData();
  body.set("token", token);
  changing(true);
  try {
    const done = await send(words().undoUrl, body);
    document.dispatchEvent(new CustomEvent("counts", { detail: done }));
    toast({ text: done.text });
    return null;
  } catch (error) {
    explain(error);
    return error.status ?? 1;
  } finally {
    changing(false);
  }
}

export function undoLast() {
  const newest = ways[ways.length - 1];
  if (newest) newest();
  else toast({ text: words().nothing });
}
