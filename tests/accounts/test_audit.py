"""The audit log: only ever added to, also for whoever goes past our own code; tidied in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory

from accounts import acting
from accounts.models import AuditEntry, Domain, User
from accounts.services import audit

NOW = datetime.now(UTC)


def add(at: datetime = NOW, action: str = "settings-changed") -> AuditEntry:
    audit.record(action, now=at, actor=None)
    return AuditEntry.objects.latest("pk")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditentry SET actor_name = 'somebody else'",
        "DELETE FROM accounts_auditentry",
    ],
)
def test_the_database_refuses(db: None, statement: str) -> None:
    add()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert [one.actor_name for one in AuditEntry.objects.all()] == [""]


def test_so_do_the_models(db: None) -> None:
    line = add()
    for change in (
        lambda: AuditEntry.objects.update(action="x"),
        lambda: AuditEntry.objects.all().delete(),
        line.save,
        line.delete,
    ):
        with pytest.raises(TypeError):
            change()


def test_old_lines_go_and_young_ones_stay(db: None) -> None:
    for age in (0, 29, 31, 99, 101, 500):
        add(NOW - timedelta(days=age))
    assert audit.tidy(now=NOW, days=100) == 2
    # However short the setting: what is young stays, and the database would refuse anyway.
    assert audit.tidy(now=NOW, days=1) == 2
    assert AuditEntry.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_flush_between_tests_leaves_the_guard(domain: Domain) -> None:
    line = add()
    assert line.pk


@pytest.mark.django_db(transaction=True)
def test_the_guard_is_there_after_a_flush(domain: Domain) -> None:
    assert not AuditEntry.objects.exists()
    test_the_database_refuses(None, "DELETE FROM accounts_auditentry")


def test_a_service_below_a_view_knows_who_asked(user: User, domain: Domain) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9")
    request.user = user
    with acting.serving(request):
        audit.note("settings-changed", now=NOW, subject=user)
    audit.note("settings-changed", now=NOW, subject=user)
    asked, commanded = AuditEntry.objects.order_by("pk")
    assert (asked.actor, asked.actor_name, asked.address) == (user.pk, user.email, "203.0.113.9")
    assert (commanded.actor, commanded.actor_name, commanded.address) == (None, "", None)
    assert asked.domain == domain.pk
