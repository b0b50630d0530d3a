"""Files from outside: what they are, whether they are dangerous, and parts of them."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from lib import tables
from lib.ranges import ranged
from lib.risky import risk, risk_inside
from lib.sniffing import kind_of_bytes


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("setup.exe", "run"),
        ("run.JS", "run"),
        ("photo.scr ", "run"),
        ("open me.lnk", "run"),
        ("bill.pdf.exe", "double"),
        ("bill.pdf .exe.", "double"),
        ("table.xlsm", "macro"),
        ("sign-in.html", "page"),
        ("drawing.svg", "page"),
        ("letter.pdf", ""),
        ("archive.tar.gz", ""),
        ("exe", ""),
        ("", ""),
    ],
)
def test_dangerous_files_are_known_by_their_names(name: str, why: str) -> None:
    assert risk(name) == why


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"MZ\x90\0\x03", "run"),
        (b"\x7fELF\x02\x01\x01\0", "run"),
        (b"MZ is what it begins with", ""),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT".encode("utf-16-le"), "macro"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old letter", ""),
        (b"PK\x03\x04 no archive at all", ""),
        (b"%PDF-1.7", ""),
        (b"", ""),
    ],
)
def test_dangerous_files_are_known_by_their_bytes(data: bytes, why: str) -> None:
    assert risk_inside(data) == why


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"%PDF-1.7", "application/pdf"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (b"\0\0\0\x20ftypavif", ""),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", ""),
        (b"GIF89a", "image/gif"),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_only_what_holds_no_script_is_known_by_its_bytes(head: bytes, kind: str) -> None:
    assert kind_of_bytes(head) == kind


def test_tables_are_read_with_their_own_separator_and_cut() -> None:
    assert tables.rows('a;b\n"1;2";3\n') == [["a", "b"], ["1;2", "3"]]
    wide = ",".join("x" * 500 for _ in range(80))
    found = tables.rows("\n".join([wide] * 300))
    assert (len(found), len(found[0]), len(found[0][0])) == (200, 50, 300)
    assert tables.rows("no table at all\n") == ()


@pytest.mark.parametrize(
    ("asked", "status", "data", "said"),
    [
        ("", 200, b"0123456789", None),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-999", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=1-2,4-5", 200, b"0123456789", None),
    ],
)
def test_a_player_gets_the_part_it_asks_for(
    asked: str, status: int, data: bytes, said: str | None
) -> None:
    request = RequestFactory().get("/", headers={"Range": asked} if asked else {})
    answer = ranged(request, b"0123456789", "video/mp4")
    assert (answer.status_code, answer.content) == (status, data)
    assert answer.headers.get("Content-Range") == said
