"""What a migration says of rows that were there before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps

from accounts.models import Domain, Limits, Role, User
from accounts.services import audit

NOW = datetime.now(UTC)


@pytest.mark.django_db
def test_whose_a_deletion_and_a_ceiling_are_is_read_from_the_audit_log(
    user: User, make_user: Callable[..., User]
) -> None:
    """Migration 0013. It changes no table, so it runs over the rows of today's."""
    admin = make_user("admin@example.test", Role.DOMAIN_ADMIN)
    root = make_user("root@example.test", Role.SYSTEM_ADMIN)
    # Who marked whom; of two lines the later one counts. Of the last there is no line any more.
    marked: dict[str, list[User | None]] = {
        "by-admin": [admin],
        "by-operator": [None],
        "by-root-at-last": [admin, root],
    }
    people = {name: make_user(f"{name}@example.test") for name in [*marked, "by-self", "unknown"]}
    everyone: dict[str, list[User | None]] = {**marked, "by-self": [people["by-self"]]}
    for name, actors in everyone.items():
        for actor in actors:
            audit.record("user-deletion", now=NOW, actor=actor, subject=people[name])
    going = User.objects.filter(pk__in=[one.pk for one in people.values()])
    going.update(delete_after=NOW + timedelta(days=3))
    audit.record("user-deletion", now=NOW, actor=admin, subject=user)  # and kept since
    limits: dict[str, list[User | None]] = {
        "theirs": [root, admin],
        "ceiling": [admin, root],
        "by-command": [None],
        "unsaid": [],
    }
    for name, actors in limits.items():
        domain = Domain.objects.create(name=f"{name}.test")
        Limits.objects.create(domain=domain, tasks=3)
        for actor in actors:
            audit.record("limits-changed", now=NOW, actor=actor, domain=domain)
    Limits.objects.create(domain=None, tasks=9)

    import_module("accounts.migrations.0013_who_set_it").tell(apps, None)

    said = {one.email.partition("@")[0]: one.delete_marked_by for one in going}
    assert said == {
        "by-admin": admin.email,
        "by-operator": "operator",
        "by-root-at-last": root.email,
        "by-self": "",
        "unknown": "",
    }
    user.refresh_from_db()
    assert user.delete_marked_by == ""
    ceilings = Limits.objects.filter(is_ceiling=True).values_list("domain__name", flat=True)
    assert set(ceilings) == {"ceiling.test", "by-command.test"}
