"""Fields no form asks for: what they say is not taken (mass assignment)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import Domain, Role, User
from tests.security.test_routes import (
    SIGNED,
    Arguments,
    belongings,  # noqa: F401 # a fixture is found by its name here
    routes,
)

#: Every field of a person, and what somebody would write into it.
WANTED = {
    "role": "system-admin", "is_superuser": "on", "is_staff": "on", "email": "root@there.test",
    "quota": "999999999999", "password": "x", "password_is_given": "", "delete_after": "",
    "backup_address": "thief@evil.test", "backup_confirmed_at": "2026-01-01", "id": "1", "pk": "1",
    "welcomed_at": "2026-01-01", "created_at": "2000-01-01", "password_changed_at": "2000-01-01",
    "last_login": "2000-01-01", "user": "1", "owner": "1", "user_id": "1", "is_admin": "1",
}  # fmt: skip
#: What nobody may change for themselves by any form, whatever page it is on.
KEPT = (
    "pk", "email", "domain_id", "role", "is_active", "password", "quota", "created_at",
    "backup_address", "backup_confirmed_at", "delete_after", "password_is_given",
    "password_changed_at",
)  # fmt: skip
#: Pages that ask for one of these on purpose, and check it.
ASKS: dict[str, str] = {}


@pytest.mark.parametrize("role", [Role.USER, Role.DOMAIN_ADMIN])
def test_what_a_form_does_not_ask_is_not_taken(
    user: User,
    other_user: User,
    belongings: Callable[[str], Arguments],  # noqa: F811 # the fixture
    client_for: Callable[[User], Client],
    role: Role,
) -> None:
    """Every address, with every field of a person, by the person and by their administrator."""
    there = Domain.objects.create(name="there.test")
    user.role = role
    user.save()
    browser = client_for(user)
    kept = Session.objects.get().session_key
    form = {**WANTED, "domain": str(there.pk), "domain_id": str(there.pk), "is_active": ""}
    before = {name: getattr(user, name) for name in KEPT}
    others = list(User.objects.exclude(pk=user.pk).values())
    for name, taken in routes():
        if name in SIGNED | {"readyz", "sign-out"} or name.startswith("security-session"):
            continue
        address = reverse(name, kwargs=belongings(name) if taken else {})
        browser.post(address, form)
        now = User.objects.get(pk=user.pk)
        changed = {key for key, value in before.items() if getattr(now, key) != value}
        assert not changed - {ASKS.get(name, "")}, f"{name} took {changed}"
        found = list(User.objects.exclude(pk=user.pk).filter(email__startswith="otto").values())
        assert found == others, f"{name} changed somebody else"
        assert not User.objects.filter(domain=there).exists(), f"{name} made somebody there"
        assert not User.objects.filter(email="root@there.test").exists(), name
    assert Session.objects.filter(session_key=kept).exists(), "signed out on the way"


def test_a_name_given_twice_is_no_way_around(
    user: User, client_for: Callable[[User], Client]
) -> None:
    """What stands in the address is no part of a form, and of two values one counts."""
    browser = client_for(user)
    browser.post(f"{reverse('set-theme')}?theme=dark", {"theme": "light"})
    user.refresh_from_db()
    assert user.theme == "light"
    answer = browser.post(
        reverse("set-theme"), {"theme": ["dark", "light"], "next": ["/starred/", "//evil.test"]}
    )
    assert answer.headers.get("Location", "/").startswith("/")
    assert not answer.headers.get("Location", "/").startswith("//")
