"""The quick ways through header fields lead where the long ones do."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailstore import addresses, headers
from mailstore.text import one_line, tidy

WORDS = (b"Ann", b"Lee", b'"Lee, Ann"', b"<ann@a.test>", b"ann@a.test", b"caf\xe9")
MARKS = (b"@", b"<", b">", b"<>", b",", b", ", b" ", b"\t", b'"', b"\\", b"(x)", b":", b";")
PIECES = st.lists(st.sampled_from(WORDS + MARKS), max_size=12).map(b"".join)


@given(PIECES)
@example(b"")
@example(b",")
@example(b'"Lee, Ann" <ann@a.test>, bob@b.test')
def test_addresses(value: bytes) -> None:
    reader = addresses._Reader("")
    for token in addresses._TOKEN.findall(value):
        reader.state(token)
    reader.finish()
    assert addresses.parse(value) == reader.found


@pytest.mark.parametrize(
    "value",
    [
        b"Sat, 21 Nov 2026 05:09:03 +0100",
        b"21 nov 2026 05:09 -0730 (somewhere)",
        b"Mon,  1 Jan 1900 00:00:00 +0000",
        b"Tue, 29 Feb 2023 10:00:00 +0000",
        b"Tue, 28 Feb 2023 23:59:60 +0000",
        b"Wed, 31 Dec 2199 23:59:59 -1159",
        b"Sat, 21 Foo 2026 05:09:03 +0100",
    ],
)
def test_dates(value: bytes) -> None:
    try:
        expected = parsedate_to_datetime(value.decode())
    except ValueError:
        assert headers.date(value) is None
    else:
        assert headers.date(value) == expected


@given(st.lists(st.sampled_from([b"a: b", b"\r\n", b"\n", b" ", b"\t", b"\r", b"c"])).map(b"".join))
@example(b"\r\n\r\r\n\r\n ")
def test_folded_lines(block: bytes) -> None:
    block = re.sub(rb"(\r*\n){2,}", b"\n", block)  # an empty line ends a header
    expected = re.sub(rb"\r?\n(?=[ \t])", b"", block)
    assert headers._unfolded(block) == expected


@given(st.text(alphabet="ab \t\n\x00\x1f\x85\xa0\u200b\u2028\u202e\ud800é中", max_size=30))
def test_one_line(text: str) -> None:
    shown = one_line(text, 10)
    assert len(shown) <= 10
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\ud800-\udfff]", shown)
    assert one_line(" ".join(text.split()), 10) == shown or len(text) > 40


@given(st.text(alphabet="ab \t\r\n\x00\x08\x0b\x0c\x0e\x1f\x7f~", max_size=30))
@example("".join(map(chr, range(128))))
def test_text_that_is_ascii(text: str) -> None:
    # One letter that is not makes it go the long way.
    assert tidy(text) + "é" == tidy(text + "é")
