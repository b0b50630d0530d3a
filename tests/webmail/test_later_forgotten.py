"""Times offered for sending later, and what may have been forgotten: values in, values out."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from webmail import later
from webmail.forgotten import speaks_of_a_file, written

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "offered"),
    [
        # Saturday noon: all three.
        ("2026-11-21T12:00", ["2026-11-21T18:00", "2026-11-22T08:00", "2026-11-23T08:00"]),
        # Late: this evening is over.
        ("2026-11-21T19:00", ["2026-11-22T08:00", "2026-11-23T08:00"]),
        # Close to it: not "later" any more.
        ("2026-11-21T17:31", ["2026-11-22T08:00", "2026-11-23T08:00"]),
        # Sunday: tomorrow is Monday.
        ("2026-11-22T12:00", ["2026-11-22T18:00", "2026-11-23T08:00"]),
        # Monday means the next one.
        ("2026-11-23T12:00", ["2026-11-23T18:00", "2026-11-24T08:00", "2026-11-30T08:00"]),
        # Over a change of clocks the hour on the wall stays.
        ("2026-10-24T19:00", ["2026-10-25T08:00", "2026-10-26T08:00"]),
    ],
)
def test_presets_are_those_still_to_come(now: str, offered: list[str]) -> None:
    with timezone.override(BERLIN):
        at = datetime.fromisoformat(now).replace(tzinfo=BERLIN)
        found = later.presets(at.astimezone(UTC))
        assert [one.value for one in found] == offered
        for one in found:
            back = later.parse(one.value)
            assert back is not None
            assert int(back.timestamp()) == one.moment
            assert one.moment > at.timestamp()


def test_times_of_a_form_are_of_the_persons_zone() -> None:
    with timezone.override(BERLIN):
        at = later.parse("2026-11-21T18:00")
        assert at == datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
        assert later.form_value(at) == "2026-11-21T18:00"
        assert later.words(datetime(2026, 11, 21, 17, 0, tzinfo=UTC)) == "Sat 21 Nov, 18:00"
        assert later.parse("2026-03-29T02:30") is not None
        for wrong in ("", "tomorrow", "2026-13-01T10:00", "2026-11-21", "\x00", "9" * 40):
            assert later.parse(wrong) is None
        # Elsewhere there is no such hour: no place to store it.
        for wrong in ("0001-01-01T00:00", "9999-12-31T23:59"):
            assert later.parse(wrong) is None


@pytest.mark.parametrize(
    "text",
    [
        "The plan is attached.",
        "See the attachment, please.",
        "I am attaching the readings.",
        "Enclosed you find the lease.",
        "Anbei die Pläne.",
        "Die Pläne findest du im Anhang.",
        "Ich hänge dir die Pläne an.",
        "Die Datei ist beigefügt.",
        "Als Anlage der Vertrag.",
        "Siehe angehängte Datei.",
    ],
)
def test_words_about_a_file_are_noticed(text: str) -> None:
    assert speaks_of_a_file(f"Hello,\n\n{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\n\nTuesday is fine.\n",
        "Fine.\n\nOn Monday, Jonas wrote:\n> The plan is attached.\n",
        "Fine.\n\n---------- Forwarded message ----------\nThe plan is attached.\n",
        "Fine.\n\n-- \nMara, head of attachments\n",
        "Wir hängen nicht daran.\n",
    ],
)
def test_others_words_and_signatures_are_not_meant(text: str) -> None:
    assert not speaks_of_a_file(text)


def test_an_answer_under_the_quotation_is_its_writers_own() -> None:
    assert written("Hi\n-- \nMara\n> old\nnew words") == "Hi\nnew words"
