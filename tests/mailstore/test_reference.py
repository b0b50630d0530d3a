"""What a message says is what a reference parser reads in it: Python's own, over the whole corpus.
Blanks and controls do not count. HTML is compared with Chromium's reading in `test_hostile`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import MIMEPart
from email.policy import default

import pytest

from mailstore import headers, mime, structure
from tests import mail

_NO_WORDS = re.compile("[\\s\x00-\x1f\x7f-\x9f\ufeff]+")
_TEXTS = ("text/plain", "text/html")
#: By the beginnings of their names: messages we read otherwise, and why.
OTHERWISE = {
    "boundary without its last letters ends no part": ("very-", "weird-boundary"),
    "what stands in a header line, or looks like one, is none of the text": (
        "msg_38", "obsolete", "raw_email_incorrect", "example13", "raw_email4",
    ),
    "base64 with a letter too many is read as far as it goes": ("extra-base64", "00313."),
    "a picture that is said to be text is a file": ("broken-ctype",),
    "languages of two bytes a letter are known without being named": (
        "00243.", "00263.", "00320.", "00323.", "00324.", "00500.", "content_transfer_encoding_em",
    ),
    "signs that quoted-printable does not know stay": ("00005.34",),
    "the end of a boundary is none of the text": ("00038.",),
}  # fmt: skip


def words(text: str) -> str:
    return _NO_WORDS.sub("", text)


def ours(raw: bytes) -> list[str]:
    """All texts of a message, in their order."""
    tree = structure.parse(raw)
    shown = [one for one in tree.leaves if one.content_type in _TEXTS]
    return [words(structure.text(tree, one, raw, mime.MAX_TEXT)) for one in shown]


def theirs(raw: bytes) -> list[str]:
    """The same, as Python's parser reads it."""
    message = message_from_bytes(raw[headers.offset(raw) :], policy=default)
    assert isinstance(message, MIMEPart)
    texts = [one for one in _leaves(message) if one.get_content_type() in _TEXTS]
    return [words(one.get_content()) for one in texts]


def _leaves(part: MIMEPart) -> Iterator[MIMEPart]:
    if part.get_content_maintype() != "multipart":
        yield part
        return
    for one in part.iter_parts():
        yield from _leaves(one)


def alike(mine: str, other: str) -> bool:
    """Whether two texts agree. Of letters beyond ASCII in another charset than is said, or in none,
    the other parser makes question marks and controls: these are left out of both."""
    if mine == other:
        return True
    return bool(mine) and mine.encode("ascii", "ignore") == other.encode("ascii", "ignore")


def differing() -> dict[str, str]:
    """The messages of which we show something else than Python reads in them, where it reads
    anything: a multipart without a boundary is empty to it, and text to us."""
    found: dict[str, str] = {}
    for name, raw in mail.messages():
        try:
            other = theirs(raw)
        except LookupError:
            # A charset nobody knows: the other parser gives up.
            continue
        mine = ours(raw)
        same = len(mine) == len(other) and all(map(alike, mine, other))
        if other and not same and "".join(mine) != "".join(other):
            found[name.rpartition("/")[2]] = f"{mine} instead of {other}"[:300]
    return found


def test_texts_are_those_python_reads() -> None:
    known = tuple(name for names in OTHERWISE.values() for name in names)
    assert not {name: said for name, said in differing().items() if not name.startswith(known)}


def test_what_the_quick_parser_loses_is_found() -> None:
    inner = b"--aB\n\n<p>shown</p>\n--aB--\n"
    head = b"Content-Type: multipart/related; boundary=a\n\n--a\n"
    alike_names = head + b"Content-Type: multipart/alternative; boundary=aB\n\n" + inner + b"--a--"
    assert "shown" in mime.parse(alike_names).text
    assert mime.parse(b"Content-Type: text\n\nno kind of text").text == "no kind of text"
    assert not mime.parse(b"Content-Type: x; name=a.bin\n\n\0\1").text
    quoted = b"Content-Transfer-Encoding: quoted-printable\n\nStuff\xe2\x80\x99s =C3=A9"
    assert mime.parse(quoted).text == "Stuff\u2019s \u00e9"
    plain = b"Content-Transfer-Encoding: base64\n\n" + b"These are words, and no base64.\n" * 9
    assert mime.parse(plain).text.startswith("These are words")
    missing = head + b"Content-Type: text/plain\nno blank line above\n--a--"
    assert "no blank line above" in mime.parse(missing).text
    quote = b"The company\x92s securities. " + b"Network Media Services has received shares. " * 60
    assert mime.parse(b"Subject: x\n\n" + quote).text.startswith("The company\u2019s")


def test_what_is_made_to_be_slow_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow parser takes minutes for it: each line times each container."""
    again: list[int] = []
    monkeypatch.setattr(structure, "message_from_bytes", lambda data: again.append(len(data)))
    names = [b"b" * length for length in range(1, structure.MAX_CONTAINERS + 2)]
    nest = [b"Content-Type: multipart/mixed; boundary=%b\n\n--%b\n" % (b, b) for b in names]
    mime.parse(b"".join(nest))
    assert not again
    mime.parse(b"".join(nest[1:]))
    assert again
