"""When a task is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from retrieval.retry import Standing, after_failure, after_success

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
INTERVAL = 600


def standing(
    *, automatic: bool = True, fails: int = 0, refused: int = 0, since: datetime | None = None
) -> Standing:
    return Standing(7, automatic, fails, refused, since)


@pytest.mark.accept("A45")
def test_an_automatic_task_is_due_every_ten_minutes() -> None:
    first = after_success(standing(), unfinished=False, interval=INTERVAL, now=NOW).next_at
    assert first is not None
    second = after_success(standing(), unfinished=False, interval=INTERVAL, now=first).next_at
    assert second == first + timedelta(minutes=10)


@pytest.mark.accept("A46")
def test_a_manual_task_waits_to_be_asked() -> None:
    manual = standing(automatic=False)
    verdict = after_success(manual, unfinished=False, interval=INTERVAL, now=NOW)
    assert (verdict.state, verdict.next_at) == ("ok", None)


def test_an_unfinished_slice_goes_on_at_once() -> None:
    verdict = after_success(standing(), unfinished=True, interval=INTERVAL, now=NOW)
    assert verdict.next_at == NOW


@pytest.mark.parametrize("cause", ["no-answer", "dropped", "tls-expired", "protocol", "internal"])
def test_a_fault_delays_and_never_disables(cause: str) -> None:
    for fails in (0, 3, 50):
        verdict = after_failure(
            standing(fails=fails), cause=cause, interval=INTERVAL, now=NOW, chance=0.99
        )
        assert verdict.state == "backoff"
        assert verdict.next_at is not None
        assert timedelta(0) < verdict.next_at - NOW <= timedelta(hours=1)
        assert verdict.fail_count == fails + 1


def test_waits_grow() -> None:
    waits = []
    for fails in range(6):
        verdict = after_failure(
            standing(fails=fails), cause="no-answer", interval=INTERVAL, now=NOW, chance=0.5
        )
        assert verdict.next_at is not None
        waits.append(verdict.next_at - NOW)
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_three_refused_sign_ins_over_an_hour_ask_the_person() -> None:
    start = NOW - timedelta(minutes=70)
    verdict = after_failure(
        standing(fails=2, refused=2, since=start),
        cause="login-refused",
        interval=INTERVAL,
        now=NOW,
        chance=0.5,
    )
    assert verdict.state == "needs-password"
    assert verdict.next_at == NOW + timedelta(days=1)


def test_three_refusals_within_minutes_do_not() -> None:
    verdict = after_failure(
        standing(fails=2, refused=2, since=NOW - timedelta(minutes=5)),
        cause="login-refused",
        interval=INTERVAL,
        now=NOW,
        chance=0.5,
    )
    assert verdict.state == "backoff"
    assert verdict.next_at == NOW + timedelta(hours=1)


def test_a_success_clears_the_count() -> None:
    verdict = after_success(
        standing(fails=5, refused=2, since=NOW), unfinished=False, interval=INTERVAL, now=NOW
    )
    assert (verdict.fail_count, verdict.refused_count, verdict.failing_since) == (0, 0, None)
