"""A server's words without what could name a person or a server: to be counted and read. Pure."""

from __future__ import annotations

import re

LONGEST = 300
_ADDRESS = re.compile(r"[^\s<>()\"'\[\],;:=]+@[^\s<>()\"'\[\],;:]+")
_MASKS = (
    (re.compile(r"https?://\S+", re.I), "<link>"),
    (
        re.compile("\"[^\"]*\"|'[^']{2,}'|\u201c[^\u201d]*\u201d|\u2018[^\u2019]{2,}\u2019"),
        "<name>",
    ),
    # A token, an id or a piece of base64: long, and with a digit or a sign in it.
    (re.compile(r"(?<![\w<])(?=[\w+/=.-]*[\d+/=])[\w+/=-]{12,}(?:\.[\w+/=-]{6,})*"), "<id>"),
    (re.compile(r"(?<![\w<])(?:[a-z0-9_-]+\.)+[a-z]{2,}(?![\w>])", re.I), "<host>"),
    (re.compile(r"(?<![\w.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w.])", re.I), "<ip>"),
    (re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)"), "<ip>"),
)
# Reply and status codes are kept: they are what an entry is made from. Three numbers of an IP
# address look like one, but for the fourth.
_CODE = re.compile(r"^[2-5]\d\d(?=[ -])|(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?!\w|\.\d)|\bAADSTS\d+\b")
_DIGITS = re.compile(r"\d+")


def mask(line: str, *names: str) -> str:
    """The line with addresses, names of servers and people, ids and numbers taken out."""
    text = _ADDRESS.sub("<address>", line)
    for name in sorted({part for each in names for part in _parts(each)}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "<name>", text, flags=re.I)
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return chr(0xE000 + len(kept) - 1)

    text = _CODE.sub(keep, text)
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    text = _DIGITS.sub("#", text)
    for index, code in enumerate(kept):
        text = text.replace(chr(0xE000 + index), code)
    return " ".join(text.split())[:LONGEST]


def _parts(name: str) -> set[str]:
    """An address, what stands before its @, and its domain; short ones would hit anything."""
    return {part for part in (name, *name.split("@")) if len(part) > 2}
