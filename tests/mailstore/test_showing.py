"""HTML that was made harmless is kept, and stays harmless when its pictures get their addresses."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from mailstore import showing, tasks
from mailstore.highlight import mark_words, terms_for
from mailstore.query_text import parse
from mailstore.showing import Choices, Picture, Shown, Source
from tests.mail import vectors
from tests.mailstore.test_sanitise import judged

SHA = bytes(range(32))
HTML = (
    '<p style="background:url(https://t.test/a?b=1&c=2)">Hi</p><img src="cid:one" alt=One>'
    '<img src="https://t.test/b.png"><img src="cid:none"><img src="https://t.test/p" width=1>'
)
REMOTE = Choices(remote=True)


@pytest.fixture(autouse=True)
def place(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def source() -> Source:
    return Source(HTML, {"one": 3})


def never() -> Source:
    raise AssertionError("what is kept is not made again")


def own(picture: Picture) -> str:
    return f"/piece/{picture.index}/" if picture.index >= 0 else f"/image/{len(picture.address)}/"


def test_pictures_have_places_that_are_filled_when_it_is_shown() -> None:
    made = showing.make(source(), REMOTE)
    assert made.blocked == 0
    assert made.trackers == 1
    addresses = {"https://t.test/a?b=1&c=2", "https://t.test/b.png", ""}
    assert {address for _index, address in made.pictures} == addresses
    html = made.filled(own)
    assert 'src="/piece/3/"' in html
    assert 'src="/image/20/"' in html
    assert "url(&quot;/image/24/&quot;)" in html
    assert made.word not in html
    assert "t.test" not in html


def test_without_consent_there_are_no_places_for_remote_ones() -> None:
    made = showing.make(source(), Choices())
    assert made.blocked == 2
    assert [index for index, _address in made.pictures] == [3]
    straight = showing.make(source(), Choices(remote=True, proxy=False))
    assert 'src="https://t.test/b.png"' in straight.filled(own)


def test_it_is_made_once_for_each_choice() -> None:
    first = showing.shown(SHA, source, REMOTE)
    again = showing.shown(SHA, never, REMOTE)
    assert again.filled(own) == first.filled(own)
    assert again.trackers == 1
    for other in (Choices(), replace(REMOTE, proxy=False), replace(REMOTE, for_dark=True)):
        with pytest.raises(AssertionError, match="made again"):
            showing.shown(SHA, never, other)
    with pytest.raises(AssertionError, match="made again"):
        showing.shown(SHA[::-1], never, REMOTE)


def test_a_change_of_the_cleaning_makes_all_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    showing.shown(SHA, source, REMOTE)
    monkeypatch.setattr(showing, "VERSION", showing.VERSION + 1)
    with pytest.raises(AssertionError, match="made again"):
        showing.shown(SHA, never, REMOTE)


def test_what_somebody_else_put_there_is_not_shown(place: Path) -> None:
    showing.shown(SHA, source, REMOTE)
    (kept,) = [one for one in place.rglob("*") if one.is_file()]
    forged = {**json.loads(kept.read_bytes()[32:]), "html": "<script>alert(1)</script>"}
    kept.write_bytes(kept.read_bytes()[:32] + json.dumps(forged).encode())
    assert "<script" not in showing.shown(SHA, source, REMOTE).html


@pytest.mark.parametrize(
    "address",
    ['"onerror="alert(1)', "'x", "</style><script>", "a)b", "a b", "a\nb", "&quot;", "\\22", "a<b",
     "javascript:alert(1)//\u2028", "é"],
)  # fmt: skip
def test_an_address_can_only_be_letters_that_end_nothing(address: str) -> None:
    made = showing.make(source(), REMOTE)
    html = made.filled(lambda picture: address)
    assert html == re.sub(rf"/{made.word}/\d+/", "", made.html)


def test_nobody_can_write_a_place_himself() -> None:
    """The word is new each time, so a sender cannot name a place, nor fill one."""
    first, second = (showing.make(source(), REMOTE) for _ in range(2))
    assert first.word != second.word
    assert re.fullmatch(r"[0-9a-f]{32}", first.word)
    forger = Source(f'<img src="/{first.word}/0/">{first.word}<a href="/{first.word}/0/">', {})
    assert "/piece/" not in showing.make(forger, REMOTE).filled(own)
    # Numbers of places there are not would be ours alone to write.
    odd = Shown(html="/w/0/", word="w", pictures=[(1, "")])
    assert odd.filled(own) == "/piece/1/"


def test_vectors_stay_inert_when_filled() -> None:
    for name, payload in vectors()[::4]:
        made = showing.make(Source(payload, {"a": 0, "x": 1}), REMOTE)
        html = made.filled(lambda picture: "/own/W1:2-_x/")
        assert not judged(html).wrong, (name, html)


def test_words_of_a_search_are_marked_before_the_cleaning_and_not_kept() -> None:
    marks = (mark_words(terms_for(parse("hi OR alert OR script"), "body")),)
    found = showing.shown(SHA, source, REMOTE, marks)
    assert "<mark>Hi</mark>" in found.filled(own)
    assert "<mark>" not in showing.shown(SHA, source, REMOTE).html
    for name, payload in vectors()[::6]:
        assert not judged(showing.make(Source(payload, {}), Choices(), marks).html).wrong, name


@pytest.mark.django_db
def test_housekeeping_forgets_what_nobody_opens(place: Path) -> None:
    showing.shown(SHA, source, REMOTE)
    (kept,) = [one for one in place.rglob("*") if one.is_file()]
    tasks.sweep_blobs()
    assert kept.exists()
    os.utime(kept, (0, 0))
    tasks.sweep_blobs()
    assert not kept.exists()
