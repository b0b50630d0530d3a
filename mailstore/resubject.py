"""Subjects of replies and forwarded messages in the languages mail programs write them."""

from __future__ import annotations

import re
import unicodedata

#: What replies begin with, by program and language; a number may follow, as in "Re[2]:".
_REPLY = (
    "re|aw|antw|antwort|sv|vs|vá|odp|odpoved|odpověď|rif|ris|res|r|bls|ynt|yan|απ|σχετ|"
    "回复|回覆|答复|返信|답장|השב|رد"
)
_FORWARD = (
    "fwd?|wg|wtr|weitergeleitet|tr|i|enc|rv|pd|vl|vb|doorst|ilt|továbbítás|předat|"
    "πρθ|转发|轉寄|転送|전달"
)
_MARK = r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3}|\*\d{1,3})?\s*[:\uff1a]\s*"
_LEADS = re.compile(rf"\s*(?:(?P<reply>{_REPLY})|(?P<forward>{_FORWARD})){_MARK}", re.IGNORECASE)
_LIST_TAG = re.compile(r"\s*\[[^\[\]]{1,40}\]\s*")
#: More marks than these nobody writes; the pattern is tried once for each.
MAX_LEADS = 20
#: Shorter subjects ("hi", "Question") say nothing about what is answered.
MIN_LENGTH = 8


def rest(subject: str) -> str:
    """The subject without what replying and forwarding added before it."""
    text = subject[:1000]
    for _ in range(MAX_LEADS):
        found = _LEADS.match(text) or _LIST_TAG.match(text)
        if found is None or found.end() == len(text):
            break
        text = text[found.end() :]
    return text.strip()


def base(subject: str) -> str:
    """The rest of a subject in one case and form, to be compared."""
    return " ".join(unicodedata.normalize("NFKC", rest(subject)).casefold().split())


def is_reply(subject: str) -> bool:
    """Whether a subject says first of all that it answers."""
    found = _LEADS.match(_LIST_TAG.sub("", subject[:1000], count=1))
    return found is not None and found["reply"] is not None


def is_forward(subject: str) -> bool:
    """Whether a subject says first of all that it passes on."""
    found = _LEADS.match(_LIST_TAG.sub("", subject[:1000], count=1))
    return found is not None and found["forward"] is not None


def tells(subject: str) -> bool:
    """Whether a `base` is particular enough to know a conversation by."""
    # A character of Chinese or Japanese says about as much as a word.
    return sum(1 if one < "⺀" else 4 for one in subject) >= MIN_LENGTH
