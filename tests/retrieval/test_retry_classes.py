"""What people are told about trying again is what `retrieval.retry` does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectivity.catalogue import root
from connectivity.cause import Retry
from connectivity.causes import CAUSES
from protocols.errors import SENTENCES
from retrieval import retry
from retrieval.retry import Standing, after_failure

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
#: Causes a run never ends with: they are told where something is typed or a sign-in is begun.
FORMS = {"own-account", "not-your-address", "password-needed"}
FORMS |= {"task-limit", "task-limit-system"}
FORMS |= {"oauth-state", "oauth-issuer", "oauth-refused", "not-delivered"}


def is_typed(cause: str) -> bool:
    return cause in FORMS or cause.startswith("too-many-tests")


def ends_with(cause: str) -> list[str]:
    """The states of four failures in a row, each two hours after the last."""
    standing = Standing(7, automatic=True, fail_count=0, refused_count=0, failing_since=None)
    states, now = [], NOW
    for _ in range(4):
        verdict = after_failure(standing, cause=cause, interval=600, now=now, chance=0.5)
        states.append(verdict.state)
        now += timedelta(hours=2)
        standing = Standing(
            7,
            automatic=True,
            fail_count=verdict.fail_count,
            refused_count=verdict.refused_count,
            failing_since=verdict.failing_since,
            cause=cause,
        )
    return states


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_the_class_of_a_cause_is_what_is_done(cause: str) -> None:
    told = CAUSES[cause].retry
    if is_typed(cause) or (told == Retry.NEVER and root(cause) == "refused"):
        assert told == Retry.NEVER
        return
    needs_person = ends_with(cause)[-1] == "needs-password"
    if needs_person and cause != "token-expired":
        assert told == Retry.AFTER_FIX
    elif retry.waits(cause):
        assert told == Retry.AT_RESET
    else:
        assert told == Retry.BACKOFF


def test_a_finer_cause_is_treated_as_the_one_it_belongs_to() -> None:
    for cause in CAUSES:
        assert ends_with(cause) == ends_with(root(cause)), cause
    assert set(SENTENCES) <= set(CAUSES)


def test_a_transient_fault_disables_nothing() -> None:
    for cause in ("server-fault", "sign-in-service-down", "server-trouble", "tls-self-signed"):
        assert "needs-password" not in ends_with(cause), cause
