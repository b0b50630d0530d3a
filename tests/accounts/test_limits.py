"""Limits: the strictest level counts, each figure names its origin, changes are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import AuditEntry, Domain, Limits, Role, User
from accounts.services import limits
from accounts.services.limits import Effective, Held, LooserError, Origin

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
MIB = 1 << 20


def save(domain: Domain | None, by: User | None = None, **values: int) -> tuple[str, ...]:
    return limits.save(domain, Held(**values), by=by, now=NOW)


@pytest.mark.accept("A211")
@pytest.mark.parametrize(
    ("name", "above", "here", "holds", "origin"),
    [
        ("tasks", None, None, None, Origin.NOBODY),
        ("tasks", 5, None, 5, Origin.SYSTEM),
        ("tasks", None, 5, 5, Origin.DOMAIN),
        ("tasks", 5, 3, 3, Origin.DOMAIN),
        # The system was made stricter afterwards.
        ("tasks", 2, 3, 2, Origin.SYSTEM),
        ("tasks", 3, 3, 3, Origin.SYSTEM),
        # An interval is a floor: the longer one is the stricter.
        ("interval", None, None, 600, Origin.OPERATOR),
        ("interval", 900, None, 900, Origin.SYSTEM),
        ("interval", 900, 1200, 1200, Origin.DOMAIN),
        ("interval", 1800, 1200, 1800, Origin.SYSTEM),
        ("interval", 300, None, 600, Origin.OPERATOR),
        ("message_size", None, None, 36 * MIB, Origin.OPERATOR),
        ("message_size", 10 * MIB, 20 * MIB, 10 * MIB, Origin.SYSTEM),
        ("message_size", 99 * MIB, None, 36 * MIB, Origin.OPERATOR),
    ],
)
def test_the_strictest_level_counts_and_says_so(
    user: User,
    settings: Settings,
    name: str,
    above: int | None,
    here: int | None,
    holds: int | None,
    origin: Origin,
) -> None:
    settings.RETRIEVAL_INTERVAL, settings.MAX_SEND_SIZE = 600, 36 * MIB
    Limits.objects.create(domain=None, **{name: above})
    Limits.objects.create(domain=user.domain, **{name: here})
    assert limits.explained(user.domain_id)[name] == Effective(holds, origin)
    held = limits.of(user.domain_id)
    if name == "interval":
        assert limits.interval_of(held) == holds
    elif name == "message_size":
        assert min(settings.MAX_SEND_SIZE, held.message_size or settings.MAX_SEND_SIZE) == holds
    else:
        assert getattr(held, name) == holds


def test_a_domain_cannot_loosen_what_the_system_set_for_it(
    user: User, make_user: Callable[..., User]
) -> None:
    root = make_user("root@example.test", Role.SYSTEM_ADMIN)
    save(None, root, tasks=9)
    assert save(user.domain, root, tasks=5) == ("tasks",)
    # Not there already, and for nobody else.
    assert limits.own(user.domain_id) == Held()
    assert limits.explained(user.domain_id)["tasks"] == Effective(5, Origin.CEILING)
    assert limits.explained(None)["tasks"] == Effective(9, Origin.SYSTEM)
    with pytest.raises(LooserError):
        save(user.domain, user, tasks=6)
    assert save(user.domain, user, tasks=3) == ("tasks",)
    assert limits.explained(user.domain_id)["tasks"] == Effective(3, Origin.DOMAIN)
    assert limits.lift(user.domain, "tasks", by=user, now=NOW) == ("tasks",)
    assert limits.of(user.domain_id).tasks == 5
    # The system takes away its own and, where nobody is left to do it, the domain's.
    save(user.domain, user, tasks=3)
    assert limits.lift(user.domain, "tasks", by=root, now=NOW) == ("tasks",)
    assert limits.of(user.domain_id).tasks == 9
    save(user.domain, None, quota=100 * MIB)
    user.quota = 300 * MIB
    assert limits.quota_of(user) == 100 * MIB
    assert limits.space_of(user, limits.spaces_of(user.domain_id)) == 100 * MIB


@pytest.mark.parametrize(
    ("above", "here", "own", "holds", "origin"),
    [
        (None, 100, None, 100, Origin.DOMAIN),
        # An own figure stands in the place of the domain's, for more and for less,
        (None, 100, 300, 300, Origin.PERSON),
        (None, 100, 50, 50, Origin.PERSON),
        # and never above what the system gives.
        (200, 100, 300, 200, Origin.SYSTEM),
    ],
)
def test_a_persons_own_space(
    user: User,
    above: int | None,
    here: int | None,
    own: int | None,
    holds: int,
    origin: Origin,
) -> None:
    Limits.objects.create(domain=None, quota=above)
    Limits.objects.create(domain=user.domain, quota=here)
    user.quota = own
    with CaptureQueriesContext(connection) as asked:
        assert limits.quota_of(user) == holds
    assert len(asked) == 1
    found = limits.explained(user.domain_id, user=user)["quota"]
    assert found == Effective(holds, origin)


def test_a_domain_is_never_looser_than_the_system(user: User, settings: Settings) -> None:
    settings.RETRIEVAL_INTERVAL, settings.MAX_SEND_SIZE = 600, 36 * MIB
    save(None, tasks=5, interval=1200, daily_sends=100, quota=10 * MIB)
    for values in ({"tasks": 6}, {"interval": 900}, {"daily_sends": 101}, {"quota": 11 * MIB}):
        with pytest.raises(LooserError) as refused:
            save(user.domain, None, **values)
        assert refused.value.names == tuple(values)
    with pytest.raises(LooserError):
        save(user.domain, message_size=37 * MIB)
    # Nobody can be looser than the operator, whose figure would hold anyway.
    with pytest.raises(LooserError):
        save(None, interval=300)
    assert not Limits.objects.filter(domain=user.domain).exists()
    assert save(user.domain, tasks=5, interval=1200) == ("tasks", "interval")
    with pytest.raises(ValueError, match="below"):
        save(user.domain, tasks=0)


def test_what_changed_is_told_in_the_audit_log(user: User) -> None:
    save(user.domain, user, tasks=5, quota=10 * MIB)
    save(user.domain, user, tasks=5, quota=10 * MIB)
    save(user.domain, user, tasks=4)
    lines = AuditEntry.objects.filter(action="limits-changed").order_by("pk")
    assert [one.detail for one in lines] == [
        {"tasks": [None, 5], "quota": [None, 10 * MIB]},
        {"tasks": [5, 4], "quota": [10 * MIB, None]},
    ]
    assert {(one.actor_name, one.domain) for one in lines} == {(user.email, user.domain_id)}
