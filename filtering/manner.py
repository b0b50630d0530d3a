"""How the head of a message is made, in a few words: programs that send spam are made in haste.

Pure. Only what the sender's side writes is looked at, so that it does not matter which mailbox
the message came through. The words are tokens for Bayes; `filtering.tokens` has the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mailstore import addresses, headers, mime
from mailstore.headers import Headers

# Fields of which it is told whether they are there.
_NAMED: Final = (
    "date", "message-id", "mime-version", "reply-to", "to", "cc", "from", "subject", "x-mailer",
    "user-agent", "x-priority", "x-msmail-priority", "x-mimeole", "organization", "sender",
    "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "dkim-signature",
)  # fmt: skip
_ANSWERS: Final = frozenset(("in-reply-to", "references"))
_LISTED: Final = frozenset(("list-id", "list-post", "x-mailman-version", "x-beenthere"))
_RUNS: Final = tuple(
    (re.compile(pattern), letter) for pattern, letter in ((r"[a-z]+", "a"), (r"[A-Z]+", "A"))
)
_DIGITS: Final = re.compile(r"\d+")
_BOUNDARY: Final = re.compile(rb"boundary\s{0,5}=\s{0,5}\"?([^\s\";]{1,100})", re.I)
_CHARSETS: Final = re.compile(rb"=\?([!-~]{1,30}?)\?([bBqQ])\?")
_ZONE: Final = re.compile(rb"([+-]\d{4}|GMT|UT|[A-Z]{3})\b[^0-9]{0,20}$")
_GAP: Final = re.compile(r"\S {3,}\S")


def of(fields: Headers) -> Iterator[str]:
    """The words for a head."""
    names = fields.names
    for name in _NAMED:
        yield name if name in names else f"no {name}"
    yield "list" if names & _LISTED else "no list"
    yield from _identity(fields)
    yield from _people(fields)
    yield from _subject(fields, is_answer=bool(names & _ANSWERS))
    yield from _shapes(fields)


def shape(text: str) -> str:
    """What a made-up name looks like: runs of letters and digits as one letter each."""
    text = _DIGITS.sub("0", text[:80])
    for pattern, letter in _RUNS:
        text = pattern.sub(letter, text)
    return text[:24]


def _identity(fields: Headers) -> Iterator[str]:
    left, _at, right = fields.raw("message-id").decode("latin-1").strip(" <>\t").partition("@")
    yield f"id {shape(left)}"
    sender = [one.address.rpartition("@")[2] for one in mime.people(fields, "from")[:1]]
    domain = sender[0].casefold() if sender else ""
    host = right.casefold()[:253]
    is_near = bool(domain) and (host.endswith(domain) or domain.endswith(host or "-"))
    yield "id near" if is_near else "id far"
    date = fields.raw("date")
    yield "date odd" if date and headers.date(date) is None else "date"
    zone = _ZONE.search(date[:100])
    yield f"zone {zone[1].decode() if zone else '?'}"


def _people(fields: Headers) -> Iterator[str]:
    sender, answer = (mime.people(fields, name)[:1] for name in ("from", "reply-to"))
    if sender:
        yield f"from {shape(sender[0].address.partition('@')[0])}"
        yield "from named" if sender[0].name else "from bare"
        if answer and answer[0].address.casefold() != sender[0].address.casefold():
            yield "answers elsewhere"
    to = mime.people(fields, "to")[: addresses.MAX_ADDRESSES]
    yield f"to {len(to).bit_length()}"
    if any(one.name for one in to[:5]):
        yield "to named"
    if sender and any(one.address.casefold() == sender[0].address.casefold() for one in to[:5]):
        yield "to oneself"


def _subject(fields: Headers, *, is_answer: bool) -> Iterator[str]:
    raw, text = fields.raw("subject")[:1000], fields.text("subject")[:1000]
    said = text.strip().casefold().startswith(("re:", "aw:", "fw:", "fwd:", "wg:", "sv:"))
    yield f"answer {int(is_answer)}{int(said)}"
    for charset, encoding in _CHARSETS.findall(raw)[:3]:
        yield f"subject {charset.decode().lower()} {encoding.decode().lower()}"
    if not raw.isascii():
        yield "subject bare"
    if _GAP.search(text):
        yield "subject gap"
    letters = [one for one in text if one.isalpha()]
    if len(letters) > 6 and sum(one.isupper() for one in letters) * 10 > 8 * len(letters):
        yield "subject shouts"


def _shapes(fields: Headers) -> Iterator[str]:
    kind = fields.raw("content-type")[:1000]
    yield f"type {kind.partition(b';')[0].strip().lower().decode('latin-1')[:60]}"
    boundary = _BOUNDARY.search(kind)
    if boundary:
        yield f"boundary {shape(boundary[1].decode('latin-1'))}"
    mailer = fields.raw("x-mailer") or fields.raw("user-agent")
    yield f"mailer {shape(mailer.decode('latin-1'))}"
