"""The signature of one address taken out of a draft, that of another put into its place.

Only what stands there exactly as the first one signs is changed: what its writer made of it, or
took out, stays as it is. Nothing around it is touched.
"""

from __future__ import annotations

import re

from smtp_accounts.outgoing_html import to_text
from smtp_accounts.quoting import SIGNATURE_MARK

# The cleaner writes no ">" into an attribute.
_BLOCK = re.compile(r"<(/?)(?:div|blockquote)\b([^>]*)>")
_QUOTE, _SIGNATURE, _OTHER = "quote", "signature", "other"


def html(text: str, was: str, signature_id: str, now: str) -> str:
    """HTML that `outgoing_html.clean` made, signed with ``now`` instead of the words ``was``.

    ``now`` is the HTML of the signature ``signature_id``; either may be empty.
    """
    region, quote = _places(text)
    stands = to_text(text[slice(*region)]) if region else ""
    if stands.lstrip().removeprefix(SIGNATURE_MARK).split() != was.split():
        return text
    at, end = region or (quote, quote)
    made = f'<div data-signature="{signature_id}">{now}</div>' if now else ""
    return f"{text[:at]}{made}{text[end:]}"


def plain(text: str, was: str, now: str, *, is_quoting: bool) -> str:
    """Plain text, signed with the words ``now`` instead of ``was``; either may be empty.

    Where nothing was signed and something is quoted, it stays without.
    """
    if not was.strip():
        begins = is_quoting or not now.strip() or SIGNATURE_MARK in text.splitlines()
        return text if begins else f"{text.rstrip()}\n\n{SIGNATURE_MARK}\n{now.strip()}\n"
    old = rf"(?:^|\n){re.escape(SIGNATURE_MARK)}\n{re.escape(was.strip())}(?=\n|$)"
    found = re.search(old, text)
    if found is None:
        return text
    made = f"\n{SIGNATURE_MARK}\n{now.strip()}" if now.strip() else ""
    return f"{text[: found.start()]}{made}{text[found.end() :]}"


def _places(text: str) -> tuple[tuple[int, int] | None, int]:
    """Where the draft's own signature stands, its tags included, and where one would be put.

    A signature in what is quoted is somebody else's.
    """
    within: list[str] = []
    begins, quote = 0, len(text)
    for tag in _BLOCK.finditer(text):
        closes, given = tag.groups()
        if closes:
            if within and within.pop() == _SIGNATURE:
                return (begins, tag.end()), quote
        elif "blockquote" in tag[0][:12] or "data-quote" in given:
            quote = min(quote, tag.start()) if not within else quote
            within.append(_QUOTE)
        elif "data-signature" in given and not {_QUOTE, _SIGNATURE} & set(within):
            begins = tag.start()
            within.append(_SIGNATURE)
        else:
            within.append(_OTHER)
    return None, quote
