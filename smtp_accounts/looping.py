"""Mail that no filter may forward: what is automatic itself, and what has been here before. Pure.

Whatever we forward says so (RFC 3834 section 5) and names who forwarded it in ``X-Loop``, so that
it is known when it comes back, by whatever way; it is sent without a return path where that is
taken, so that nobody answers it by machine.
"""

from __future__ import annotations

from typing import Final

from mailstore.headers import Headers

FIELD: Final = "X-Loop"
#: The value of Auto-Submitted for it (RFC 3834 and RFC 5436 section 2.7.1).
AUTO: Final = "auto-forwarded"
#: Hand-overs, and forwards by others of our kind, after which it goes in circles.
MAX_HOPS: Final = 50
MAX_LOOPS: Final = 4

_ANSWERS = frozenset(("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply"))


def refusal(fields: Headers, own: str) -> str:
    """Why a message is not forwarded for whoever has the address ``own``; empty: it may be.

    "loop": it went round already. "automatic": a bounce, a report or somebody's automatic answer.
    """
    names = fields.names
    loops = [value.decode("latin-1").strip().casefold() for value in fields.all(FIELD.lower())]
    if own.casefold() in loops or len(loops) >= MAX_LOOPS:
        return "loop"
    if len(fields.all("received")) > MAX_HOPS:
        return "loop"
    return "automatic" if _is_automatic(fields) or not _ANSWERS.isdisjoint(names) else ""


def _is_automatic(fields: Headers) -> bool:
    if fields.raw("return-path").strip() == b"<>":
        return True
    said = fields.raw("auto-submitted").strip().lower() or b"no"
    if not said.startswith((b"no", b"auto-generated")):
        return True
    if fields.raw("content-type").lower().startswith(b"multipart/report"):
        return True
    return fields.raw("precedence").strip().lower() == b"auto_reply"
