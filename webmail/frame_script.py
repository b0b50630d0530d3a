"""The one script that runs inside a message's frame, and the policy's word for it.

A frame of an opaque origin can be asked nothing from outside, so what is in it has to say how tall
it is. This text never changes with a message, and its hash is all the frame's policy lets run:
a script in a message has another hash, and a handler in an attribute has none.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

SCRIPT: Final = """
(() => {
  const root = document.documentElement, body = document.body;
  const tell = (said) => parent.postMessage(said, "*");
  const mark = document.currentScript.previousElementSibling;
  let height = 0, link = "", turn = 0;
  const measure = () => {
    body.style.zoom = "";
    const over = root.scrollWidth / root.clientWidth;
    if (innerWidth < 640 && over > 1.01) body.style.zoom = Math.max(0.4, 1 / over);
    const bar = innerHeight - root.clientHeight;
    const zoom = Number(body.style.zoom) || 1;
    const full = Math.max(root.getBoundingClientRect().height, body.scrollHeight * zoom);
    const now = Math.ceil(full) + bar;
    if (now !== height) tell({ height: height = now, turn });
  };
  // The next message, without a new page. What is put in so runs no script, and the policy of this
  // page holds on.
  const put = (next) => {
    body.replaceChildren();
    body.insertAdjacentHTML("afterbegin", next.html);
    body.append(mark);
    root.style.setProperty("color-scheme", next.scheme, "important");
    [turn, link] = [next.turn, ""];
    scrollTo(0, 0);
    look();
  };
  const seen = new ResizeObserver(measure);
  seen.observe(root);
  seen.observe(body);
  addEventListener("load", measure);
  // The page may begin to listen later than this frame began to speak.
  addEventListener("message", ({ source, data }) => {
    if (source !== parent) return;
    if (typeof data?.html === "string") put(data);
    height = 0;
    measure();
  });
  measure();
  addEventListener("keydown", (event) => {
    const { key, altKey, ctrlKey, metaKey } = event;
    const mod = ctrlKey || metaKey;
    const known = mod ? key === "k" : /^[!-~]$|^(?:Delete|Escape)$/.test(key);
    if (!event.isTrusted || altKey || !known) return;
    event.preventDefault();
    tell({ key, mod });
  });
  const leaving = new URL("/leaving/?to=", location.href).href;
  const point = (event) => {
    const at = event.target.closest ? event.target.closest("a") : null;
    // A marked link leads to a page of ours first; its title says where it leads in the end.
    const now = (at?.href.startsWith(leaving) && at.title || at?.href) ?? "";
    if (now !== link) tell({ link: link = now });
  };
  for (const kind of ["pointerover", "pointerleave", "focusin"]) root.addEventListener(kind, point);
  // Pictures that come through our site take their turns.
  const turns = new WeakMap();
  const again = (image) => {
    const turn = (turns.get(image) ?? 0) + 1;
    if (turn > 6 || !image.src.includes("/image/")) return;
    turns.set(image, turn);
    setTimeout(() => { image.src = image.src; }, 500 * 2 ** turn);
  };
  const failed = ({ target }) => { if (target instanceof HTMLImageElement) again(target); };
  addEventListener("error", failed, true);
  const look = () => {
    for (const image of document.images) if (image.complete && !image.naturalWidth) again(image);
  };
  look();
})();
"""
_DIGEST: Final = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
#: As a source of script-src (CSP level 3, section 2.3.1).
SCRIPT_HASH: Final = f"'sha256-{_DIGEST}'"
