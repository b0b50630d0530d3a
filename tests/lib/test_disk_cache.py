"""What is kept on disk is what was put there, or nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from lib import disk_cache
from lib.disk_cache import DiskCache

CACHE = DiskCache("things")


@pytest.fixture(autouse=True)
def place(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "cache" / "things"


def files(place: Path) -> list[Path]:
    return [one for one in place.rglob("*") if one.is_file()]


def test_what_was_put_is_there(place: Path) -> None:
    assert CACHE.get(b"one") is None
    CACHE.put(b"one", b"first")
    CACHE.put(b"one", b"second")
    CACHE.put(b"two", b"")
    assert CACHE.get(b"one") == b"second"
    assert CACHE.get(b"two") == b""
    assert DiskCache("others").get(b"one") is None
    assert {one.stat().st_mode & 0o777 for one in files(place)} == {0o600}
    assert len(files(place)) == 2


def test_nobody_else_can_put_something_there(place: Path, settings: Settings) -> None:
    CACHE.put(b"one", b"first")
    CACHE.put(b"two", b"second")
    (one,) = [path for path in files(place) if path.read_bytes().endswith(b"first")]
    (two,) = [path for path in files(place) if path.read_bytes().endswith(b"second")]
    sealed = one.read_bytes()
    one.write_bytes(two.read_bytes())
    assert CACHE.get(b"one") is None
    one.write_bytes(sealed[:-1] + b"T")
    assert CACHE.get(b"one") is None
    one.write_bytes(b"")
    assert CACHE.get(b"one") is None
    one.write_bytes(sealed)
    assert CACHE.get(b"one") == b"first"
    settings.SECRET_KEY = "another"
    assert CACHE.get(b"one") is None


def test_a_disk_that_takes_nothing_harms_nothing(place: Path) -> None:
    place.parent.mkdir()
    place.write_bytes(b"a file where the folder should be")
    CACHE.put(b"one", b"first")
    assert CACHE.get(b"one") is None


def test_the_oldest_go_first(place: Path) -> None:
    now = time.time()
    for number in range(10):
        CACHE.put(b"%d" % number, b"x" * 968)
        (path,) = [one for one in files(place) if one.stat().st_mtime > now - 1]
        os.utime(path, (now, now - 10_000 + number))
    # Asked for again, so it is not old.
    assert CACHE.get(b"0")
    assert disk_cache.sweep(now=now, cap=4000) == 6
    assert [n for n in range(10) if CACHE.get(b"%d" % n)] == [0, 7, 8, 9]
    assert disk_cache.sweep(now=time.time() + disk_cache.KEEP + 1) == 4
    assert not files(place)
