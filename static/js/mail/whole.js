// What is done to everything in a place is done piece by piece; each answer tells how far it is.
import { toast } from "../toast.js";
import { placeUrl, words } from "./dom.js";
import { load } from "./list.js";

// Asks for the next piece until there is none. Returns the last answer, whose undo is for all that
// was done, which is told where it is not everything.
export async function goOn(first, body, send) {
  let done = first;
  let note = null;
  const progress = () => words().progress.replace("{n}", shown(done.done)).replace("{total}", shown(done.total));
  const place = placeUrl();
  try {
    while (done.rest) {
      if (note?.isConnected) note.querySelector("span").textContent = progress();
      else note = toast({ text: progress(), life: 600_000 });
      body.set("rest", done.rest);
      done = await send(body);
    }
  } catch {
    done = { ...done, text: progress() };
  }
  note?.remove();
  if (placeUrl() === place) await load(place, { push: false });
  return done;
}
const shown = (count) => Number(count).toLocaleString(document.documentElement.lang);
