"""What each cause of a failure leads to: one table, and the rules that hold for all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from retrieval import retry
from retrieval.retry import Standing, Verdict, after_failure, after_success

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
FRESH = Standing(7, automatic=True, fail_count=0, refused_count=0, failing_since=None)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
CHANCES = (0.0, 0.5, 0.999)


def failed(standing: Standing, cause: str, chance: float = 0.5, **more: object) -> Verdict:
    return after_failure(
        standing,
        cause=cause,
        interval=600,
        now=NOW,
        chance=chance,
        **more,  # type: ignore[arg-type]  # named as in the function
    )


def waits(standing: Standing, cause: str, **more: object) -> list[timedelta]:
    found = []
    for chance in CHANCES:
        verdict = failed(standing, cause, chance, **more)
        assert verdict.next_at is not None
        found.append(verdict.next_at - NOW)
    return found


def after(fails: int, cause: str, *, lasting: timedelta = HOUR) -> Standing:
    return replace(FRESH, fail_count=fails, failing_since=NOW - lasting, cause=cause)


@pytest.mark.parametrize(
    ("standing", "cause", "least", "most"),
    [
        (FRESH, "no-answer", 15 * SECOND, 1 * MINUTE),
        (after(3, "no-answer"), "no-answer", 15 * SECOND, 8 * MINUTE),
        (after(60, "no-answer"), "no-answer", 15 * SECOND, HOUR),
        (FRESH, "oauth-unavailable", 15 * SECOND, 1 * MINUTE),
        (FRESH, "tls-expired", 15 * SECOND, 1 * MINUTE),
        (FRESH, "limited", 5 * MINUTE, 15 * MINUTE),
        (after(9, "limited"), "limited", 5 * MINUTE, 15 * MINUTE),
        (FRESH, "throttled", 5 * MINUTE, 15 * MINUTE),
        (FRESH, "in-use", 5 * MINUTE, 15 * MINUTE),
        (FRESH, "login-later", 5 * MINUTE, 15 * MINUTE),
        (FRESH, "over-quota", HOUR, 1.1 * HOUR),
        (after(1, "over-quota"), "over-quota", 4 * HOUR, 4.4 * HOUR),
        (after(2, "over-quota"), "over-quota", 24 * HOUR, 26 * HOUR),
        (after(9, "over-quota"), "over-quota", 24 * HOUR, 26 * HOUR),
        (after(9, "no-answer"), "over-quota", HOUR, 1.1 * HOUR),
        (FRESH, "not-connected", 5 * MINUTE, 10 * MINUTE),
        (after(8, "not-connected"), "not-connected", 5 * MINUTE, HOUR),
        (after(30, "not-connected", lasting=24 * HOUR), "not-connected", 24 * HOUR, 24 * HOUR),
        (FRESH, "storage", 1 * MINUTE, 2 * MINUTE),
        (after(50, "storage"), "storage", 30 * MINUTE, HOUR),
        (FRESH, "login-refused", 10 * MINUTE, 10 * MINUTE),
    ],
)
def test_how_long_a_cause_waits(
    standing: Standing, cause: str, least: timedelta, most: timedelta
) -> None:
    found = waits(standing, cause)
    assert least <= min(found)
    assert max(found) <= most
    for chance in CHANCES:
        verdict = failed(standing, cause, chance)
        assert (verdict.state, verdict.fail_count) == ("backoff", standing.fail_count + 1)


@pytest.mark.parametrize("cause", ["throttled", "limited", "in-use", "no-answer", "refused"])
def test_a_time_the_server_names_is_kept_and_capped(cause: str) -> None:
    found = waits(FRESH, cause, retry_after=299.961)
    assert timedelta(seconds=299.961) == min(found)
    assert max(found) <= timedelta(seconds=299.961 * 1.2)
    assert max(waits(FRESH, cause, retry_after=1e6)) == 2 * HOUR
    assert min(waits(FRESH, cause, retry_after=0.0)) >= SECOND


def test_an_expired_token_is_renewed_at_once_and_only_once() -> None:
    first = failed(FRESH, "token-expired")
    assert (first.state, first.next_at, first.refused_count) == ("backoff", NOW, 0)
    again = replace(FRESH, fail_count=1, failing_since=NOW, cause="token-expired")
    second = failed(again, "token-expired")
    assert (second.next_at, second.refused_count) == (NOW + 10 * MINUTE, 1)


@pytest.mark.parametrize("cause", ["oauth-revoked", "credential-unreadable"])
def test_without_anything_to_sign_in_with_the_person_is_asked_at_once(cause: str) -> None:
    verdict = failed(FRESH, cause)
    assert (verdict.state, verdict.next_at) == ("needs-password", NOW + 24 * HOUR)


def test_one_refusal_of_a_flaky_server_disables_nothing() -> None:
    """Three in a row, over an hour: then once a day (and a password lock is never risked)."""
    standing, now = FRESH, NOW
    steps = []
    for _ in range(4):
        verdict = after_failure(standing, cause="login-refused", interval=600, now=now, chance=0.5)
        assert verdict.next_at is not None
        steps.append((verdict.state, verdict.next_at - now))
        now = verdict.next_at
        standing = Standing(
            7,
            automatic=True,
            fail_count=verdict.fail_count,
            refused_count=verdict.refused_count,
            failing_since=verdict.failing_since,
            cause="login-refused",
        )
    assert steps == [
        ("backoff", 10 * MINUTE),
        ("backoff", HOUR),
        ("needs-password", 24 * HOUR),
        ("needs-password", 24 * HOUR),
    ]


@pytest.mark.parametrize("cause", sorted(retry.HELD_BACK))
def test_what_is_not_the_accounts_doing_counts_nothing(cause: str) -> None:
    standing = replace(FRESH, fail_count=2, refused_count=1, failing_since=NOW - HOUR)
    for chance in CHANCES:
        verdict = failed(standing, cause, chance, until=NOW + 3 * MINUTE)
        counts = (verdict.fail_count, verdict.refused_count, verdict.failing_since)
        assert counts == (2, 1, NOW - HOUR)
        assert verdict.next_at is not None
        assert verdict.next_at > NOW


def test_a_shut_provider_is_tried_again_after_that_and_spread_out() -> None:
    until = NOW + 4 * MINUTE
    found = waits(FRESH, "circuit-open", until=until)
    assert found[0] == 4 * MINUTE
    assert found[0] < found[1] < found[2] <= 6 * MINUTE


def test_a_spent_budget_goes_on_after_midnight_utc() -> None:
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    for chance in CHANCES:
        verdict = failed(FRESH, "daily-budget", chance)
        assert verdict.next_at is not None
        assert midnight <= verdict.next_at <= midnight + 15 * MINUTE


def test_a_manual_import_goes_on_by_itself_when_we_held_it_back() -> None:
    manual = replace(FRESH, automatic=False)
    assert failed(manual, "daily-budget").next_at is not None
    assert failed(manual, "circuit-open", until=NOW + MINUTE).next_at is not None
    assert failed(manual, "dropped").next_at is None
    assert failed(manual, "feature-off").next_at is None


def test_a_sign_in_alone_does_not_start_the_count_anew() -> None:
    """Some servers take every sign-in and hang up: without this they are asked every minute."""
    standing = replace(FRESH, fail_count=9, failing_since=NOW - HOUR)
    assert failed(standing, "dropped", progressed=False).fail_count == 10
    after_a_folder = failed(standing, "dropped", progressed=True)
    assert (after_a_folder.fail_count, after_a_folder.failing_since) == (1, NOW)


def test_regular_times_keep_their_place_and_move_a_little() -> None:
    grid = after_success(FRESH, unfinished=False, interval=600, now=NOW).next_at
    assert grid is not None
    for chance in CHANCES:
        due = after_success(FRESH, unfinished=False, interval=600, now=NOW, chance=chance).next_at
        assert due is not None
        assert abs(due - grid) <= MINUTE
        following = after_success(FRESH, unfinished=False, interval=600, now=due).next_at
        assert following is not None
        assert following == grid + 10 * MINUTE
