// A browser may give what has no origin a process of its own, which ends with the last frame in it.
// An empty frame that stays spares every message the wait for a new one.
let still = null;
export function warm() {
  if (still) return;
  still = document.createElement("iframe");
  still.hidden = true;
  still.setAttribute("sandbox", "allow-scripts");
  still.srcdoc = "<!doctype html>";
  document.body.append(still);
}
