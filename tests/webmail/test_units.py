"""The pure parts of the mail screens."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from django.http import QueryDict

from lib.days import day_of, long_time, short_time
from lib.filenames import safe_filename
from lib.pictures import picture_type
from lib.templatetags.ui import bytes as size
from lib.templatetags.ui import initials
from lib.zipping import zipped
from webmail.files import look_of
from webmail.place import Place, place_of
from webmail.plain_quotes import split_quote

TODAY = dt.date(2026, 11, 21)
OUTLOOK = """Yes.

-----Original Message-----
From: Ada Berg <ada@example.test>
Sent: Saturday, 21 November 2026 10:02
To: Mara Lind
Subject: Ferry

Does it leave?"""


def at(year: int, month: int, day: int, hour: int, minute: int) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("moment", "key", "short", "long"),
    [
        (at(2026, 11, 21, 9, 38), "today", "09:38", "Today 09:38"),
        (at(2026, 11, 22, 0, 5), "today", "00:05", "Sun 22 Nov 2026 00:05"),
        (at(2026, 11, 20, 23, 59), "yesterday", "Fri", "Yesterday 23:59"),
        (at(2026, 11, 15, 8, 0), "week", "Sun", "Sun 15 Nov 2026 08:00"),
        (at(2026, 11, 14, 8, 0), "2026-11", "14 Nov", "Sat 14 Nov 2026 08:00"),
        (at(2025, 12, 31, 8, 0), "2025-12", "31 Dec 2025", "Wed 31 Dec 2025 08:00"),
    ],
)
def test_days(moment: dt.datetime, key: str, short: str, long: str) -> None:
    assert day_of(moment, TODAY).key == key
    assert short_time(moment, TODAY) == short
    assert long_time(moment, TODAY) == long


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a/b\\c:d.txt", "d.txt"),
        ("", "attachment"),
        ("...", "attachment"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\x00b\nc.txt", "ab c.txt"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ('a"<b>|?*.txt', "a__b____.txt"),
        ("  spaced   out .txt", "spaced out .txt"),
    ],
)
def test_filenames(name: str, kept: str) -> None:
    assert safe_filename(name) == kept


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (421_888, "412 KB"),
        (1_900_000, "1.8 MB"),
    ],
)
def test_sizes(count: int, said: str) -> None:
    assert size(count) == said


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Jonas Ekdahl", "JE"),
        ("Mum", "MU"),
        ("a.b@c.test", "A."),
        ("", "?"),
        ("«»", "?"),
        ("x y z", "XZ"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_places_survive_their_own_addresses() -> None:
    places = [
        Place(),
        Place(where="starred", unread=True),
        Place(where="7", attachments=True, source=3),
        Place(query="from:ä & b", starred=True),
        Place(query="x", where="7"),
    ]
    for place in places:
        address, _mark, query = place.url.partition("?")
        named = {"/": "all", "/starred/": "starred", "/folder/7/": "7"}.get(address)
        assert place_of(QueryDict(query), where=named) == place
        _path, _mark, query = place.message_url(5).partition("?")
        assert place_of(QueryDict(query)) == place


def test_nonsense_places_are_all_inboxes() -> None:
    for query in ("in=x", "in=-1", "in=99999999999999999999", "source=²", "unread=yes"):
        assert place_of(QueryDict(query)) == Place()


def test_kinds_of_files() -> None:
    assert look_of("image/svg+xml", "a.svg")[0] == "image"
    assert look_of("application/octet-stream", "a.PDF") == ("file", "PDF")
    assert look_of("application/x-unknown", "a.dwg") == ("file", "DWG")
    assert look_of("text/csv", "a")[0] == "sheet"


def test_pictures_are_known_by_their_bytes() -> None:
    assert picture_type(b"\x89PNG\r\n\x1a\n...") == "image/png"
    assert picture_type(b"RIFF\x00\x00\x00\x00WEBPVP8 ") == "image/webp"
    assert picture_type(b"<svg onload=alert(1)>") == ""
    assert picture_type(b"") == ""


def test_zip_names_never_meet() -> None:
    files = [("a.txt", b"1"), ("A.TXT", b"2"), ("a.txt", b"3"), ("b", b"4")]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(zipped(files))))
    assert archive.namelist() == ["a.txt", "A (2).TXT", "a (3).txt", "b"]
    assert archive.testzip() is None


@pytest.mark.parametrize(
    ("text", "kept", "folded"),
    [
        ("Yes.\n\nAnn wrote:\n> one\n> two\n", "Yes.\n", "Ann wrote:\n> one\n> two"),
        ("Yes.\n> one\n> two\n\nAnd no.", "Yes.\n> one\n> two\n\nAnd no.", ""),
        ("> one\n> two", "> one\n> two", ""),
        ("Yes.\n> one", "Yes.\n> one", ""),
        (OUTLOOK, "Yes.\n", OUTLOOK.partition("\n\n")[2]),
        (OUTLOOK.partition("\n\n")[2], OUTLOOK.partition("\n\n")[2], ""),
        ("Yes.\n\nFrom: here\nto there", "Yes.\n\nFrom: here\nto there", ""),
        ("", "", ""),
    ],
)
def test_quotations_at_the_end_fold(text: str, kept: str, folded: str) -> None:
    assert split_quote(text) == (kept, folded)
    assert split_quote(text, is_forward=True) == (text, "")
