"""The times that are offered: sensible, to come, and on the clock of the person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from webmail import coming

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def offered(zone: str, now: datetime) -> dict[str, str]:
    with timezone.override(zone):
        return {str(one.label): one.value for one in coming.snoozes(now)}


def test_a_weekday_morning() -> None:
    # A Wednesday, 09:20 in Berlin.
    found = offered(BERLIN, datetime(2026, 11, 18, 8, 20, tzinfo=UTC))
    assert found == {
        "Later today": "2026-11-18T13:00",
        "Tomorrow": "2026-11-19T08:00",
        "This weekend": "2026-11-21T09:00",
        "Next week": "2026-11-23T08:00",
    }


def test_the_same_moment_on_another_clock() -> None:
    found = offered(NEW_YORK, datetime(2026, 11, 18, 2, 20, tzinfo=UTC))
    # There it is Tuesday, 21:20: nothing more today.
    assert found["Tomorrow"] == "2026-11-18T08:00"
    assert "Later today" not in found


@pytest.mark.parametrize(
    ("day", "missing"),
    [(20, "This weekend"), (21, "This weekend"), (22, "Next week"), (22, "This weekend")],
)
def test_nothing_is_offered_twice(day: int, missing: str) -> None:
    """On Friday the weekend is tomorrow, on Sunday next week is."""
    found = offered(BERLIN, datetime(2026, 11, day, 8, 0, tzinfo=UTC))
    assert missing not in found
    assert len(set(found.values())) == len(found)


def test_clocks_that_change_meanwhile() -> None:
    """Summer time ends on 25 October 2026 in Berlin: eight in the morning is eight."""
    with timezone.override(BERLIN):
        tomorrow = coming.snoozes(datetime(2026, 10, 24, 10, 0, tzinfo=UTC))[1]
    assert (tomorrow.value, tomorrow.moment) == (
        "2026-10-25T08:00",
        int(datetime(2026, 10, 25, 7, 0, tzinfo=UTC).timestamp()),
    )


def test_later_today_over_a_change_of_clocks() -> None:
    """At 00:30 on 29 March 2026 three hours later is half past four: two o'clock is left out."""
    found = offered(BERLIN, datetime(2026, 3, 28, 23, 30, tzinfo=UTC))
    assert found["Later today"] == "2026-03-29T05:00"


def test_reminders_are_in_the_morning() -> None:
    with timezone.override(BERLIN):
        found = [one.value for one in coming.reminders(datetime(2026, 11, 18, 8, 20, tzinfo=UTC))]
    assert found == [f"2026-{day}T08:00" for day in ("11-19", "11-21", "11-25", "12-02")]
