"""Challenges: single use, ten minutes, for eyes and for those who have none."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest
from captcha.models import CaptchaStore
from django.test import Client
from django.utils import timezone, translation
from pytest_django import Settings

from accounts.models import RecoveryRequest
from accounts.services import captchas
from accounts.services.captchas import Kind
from tests.accounts.recovering import ASK, asked

pytestmark = pytest.mark.django_db
MARA = "mara@example.test"


def challenge(kind: Kind = Kind.PICTURE) -> CaptchaStore:
    return CaptchaStore.objects.get(hashkey=captchas.make(kind))


@pytest.mark.accept("A161")
@pytest.mark.parametrize("kind", list(Kind))
def test_the_right_answer_is_taken_once(kind: Kind) -> None:
    one, now = challenge(kind), timezone.now()
    assert captchas.solve(one.hashkey, f" {one.response.upper()} ", now=now)
    assert not captchas.solve(one.hashkey, one.response, now=now)


def test_a_wrong_answer_uses_it_up() -> None:
    one, now = challenge(), timezone.now()
    assert not captchas.solve(one.hashkey, "wrong", now=now)
    assert not captchas.solve(one.hashkey, one.response, now=now)


def test_ten_minutes_are_what_there_is() -> None:
    one, now = challenge(), timezone.now()
    late = now + timedelta(minutes=10, seconds=1)
    assert not captchas.solve(one.hashkey, one.response, now=late)
    soon = challenge()
    assert captchas.solve(soon.hashkey, soon.response, now=now + timedelta(minutes=9, seconds=55))


def test_nothing_else_is_an_answer() -> None:
    one, other, now = challenge(), challenge(), timezone.now()
    for key, answer in [(one.hashkey, ""), ("", one.response), ("x" * 40, one.response)]:
        assert not captchas.solve(key, answer, now=now)
    assert not captchas.solve(challenge().hashkey, other.response + "x", now=now)


@pytest.mark.parametrize(
    "changed", [{"answer": "wrong"}, {"answer": ""}, {"challenge": ""}, {"challenge": "f" * 40}]
)
def test_a_tampered_form_asks_nothing_and_shows_another_one(
    client: Client, changed: dict[str, str]
) -> None:
    answer = asked(client, MARA, **changed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "That was not right" in page
    assert f'value="{MARA}"' in page
    found = re.search(r'name="challenge" value="(\w+)"', page)
    assert found
    assert CaptchaStore.objects.filter(hashkey=found[1]).exists()
    assert not RecoveryRequest.objects.exists()


def test_a_form_sent_twice_asks_once(client: Client) -> None:
    one = challenge()
    typed = {"address": MARA, "challenge": one.hashkey, "answer": one.response}
    assert [client.post(ASK, typed).status_code for _ in range(2)] == [302, 422]
    assert RecoveryRequest.objects.count() == 1


def test_the_question_can_be_read_and_answered(client: Client) -> None:
    page = client.get(f"{ASK}?kind=question").content.decode()
    found = re.search(r"What is (\w+) plus (\w+) plus (\w+)\?", page)
    assert found
    with translation.override("en"):
        words = [str(one) for one in captchas.NUMBERS]
    total = sum(words.index(one) + 1 for one in found.groups())
    key = re.search(r'name="challenge" value="(\w+)"', page)
    assert key
    typed = {"address": MARA, "challenge": key[1], "answer": str(total), "kind": "question"}
    assert client.post(ASK, typed).status_code == 302


def test_another_one_without_scripts_keeps_what_was_typed(client: Client) -> None:
    answer = client.post(ASK, {"address": MARA, "again": "question"})
    assert answer.status_code == 200
    assert f'value="{MARA}"' in answer.content.decode()
    assert "What is" in answer.content.decode()


def test_the_picture_is_one_and_goes_with_its_challenge(client: Client) -> None:
    one = challenge()
    path = f"/recover/challenge/{one.hashkey}"
    for name in (".png", "@2.png"):
        picture = client.get(path + name)
        assert picture.content.startswith(b"\x89PNG")
        assert picture["Content-Type"] == "image/png"
        assert "no-store" in picture["Cache-Control"]
    captchas.solve(one.hashkey, "", now=timezone.now())
    assert client.get(f"{path}.png").status_code == 410


def test_letters_cannot_be_foretold() -> None:
    """Drawing a picture seeds Python's own generator by a key that everybody sees."""
    found = set()
    for _ in range(3):
        random.seed("known")
        found.add(captchas.letters())
        random.seed("known")
        found.add(captchas.numbers())
    assert len(found) > 2


def test_sound_is_offered_where_it_can_be_made(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = challenge()
    # This machine may be able to; the package reads the setting once.
    settings.CAPTCHA_FLITE_PATH = None
    monkeypatch.setattr("captcha.conf.settings.CAPTCHA_FLITE_PATH", None)
    assert "<audio" not in client.get(ASK).content.decode()
    assert client.get(f"/recover/challenge/{one.hashkey}.wav").status_code == 404
    settings.CAPTCHA_FLITE_PATH = "/usr/bin/flite"
    assert "<audio" in client.get(ASK).content.decode()


def test_a_network_makes_only_so_many(client: Client, settings: Settings) -> None:
    statuses = [client.get("/recover/challenge/").status_code for _ in range(121)]
    assert set(statuses[:-1]) == {200}
    assert statuses[-1] == 429
    assert client.get(ASK).status_code == 429


def test_what_nobody_answered_is_removed() -> None:
    challenge()
    assert captchas.tidy(now=timezone.now()) == 0
    assert captchas.tidy(now=timezone.now() + timedelta(minutes=10, seconds=1)) == 1
