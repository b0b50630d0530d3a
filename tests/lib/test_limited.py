"""Hostile work in a child: it gives an answer or none, and takes nothing along."""

from __future__ import annotations

import json
import os

import pytest

from lib.limited import Limits, NotDone, run

SAMPLES = "tests.lib.limited_samples"
TIGHT = Limits(cpu=1, seconds=20, memory=256 * 1024 * 1024, answer=1000)


def test_bytes_go_in_and_come_out() -> None:
    data = os.urandom(300_000)
    assert run(f"{SAMPLES}.reverse", data) == data[::-1]
    assert run(f"{SAMPLES}.reverse", b"ab", times=2) == b"baba"
    assert run(f"{SAMPLES}.reverse", b"") == b""


def test_it_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a canary")
    seen = json.loads(run(f"{SAMPLES}.environment", b""))
    assert "canary" not in str(seen)
    assert not [name for name in seen if name.startswith(("DATABASE", "DJANGO"))]


@pytest.mark.parametrize("what", ["fail", "crash", "swell", "spin", "missing"])
def test_what_goes_wrong_is_no_answer(what: str) -> None:
    with pytest.raises(NotDone, match="ended"):
        run(f"{SAMPLES}.{what}", b"", limits=TIGHT)


def test_waiting_has_an_end() -> None:
    with pytest.raises(NotDone, match="long"):
        run(f"{SAMPLES}.sleep", b"", limits=Limits(seconds=1))


def test_a_long_answer_is_none() -> None:
    with pytest.raises(NotDone):
        run(f"{SAMPLES}.reverse", b"a" * 1001, limits=TIGHT)


def test_the_disk_is_safe_from_it() -> None:
    assert int(run(f"{SAMPLES}.spill", b"", limits=TIGHT)) == TIGHT.answer
