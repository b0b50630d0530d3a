"""What changes secrets, switches and settings is told in the audit log, and no value with it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Domain, Role, User
from connectivity.models import Feature
from connectivity.services import clients, credentials, features, pins
from connectivity.services.clients import Registration
from protocols.tls import SeenCertificate

pytestmark = pytest.mark.django_db
SECRET = "nightingale-secret"


def told() -> list[tuple[str, str, object]]:
    """Action, whose doing, and details, oldest first."""
    rows = AuditEntry.objects.order_by("pk")
    return [(one.action, one.actor_name, one.detail) for one in rows]


def test_a_switch_by_an_administrator_and_by_a_command(
    domain: Domain, make_user: Callable[..., User], client_for: Callable[[User], Client]
) -> None:
    admin = make_user("admin@example.test", Role.DOMAIN_ADMIN)
    browser = client_for(admin)
    for wanted in ("off", "default", "default", "nonsense"):
        browser.post(reverse("domain-settings"), {"feature": "retrieval", "enabled": wanted})
    call_command("domain", "set", domain.name, "--oauth", "off")
    assert told() == [
        ("feature-switched", admin.email, {"feature": "retrieval", "to": "off"}),
        ("feature-switched", admin.email, {"feature": "retrieval", "to": "default"}),
        ("feature-switched", "", {"feature": "oauth", "to": "off"}),
    ]
    assert set(AuditEntry.objects.values_list("domain", flat=True)) == {domain.pk}
    assert AuditEntry.objects.order_by("pk")[0].address == "127.0.0.1"


def test_secrets_saved_and_removed(user: User) -> None:
    credential = credentials.store(user=user, secret=SECRET)
    credentials.store(user=user, secret=SECRET, credential=credential)
    credentials.release(credential)
    assert [action for action, _, _ in told()] == [
        "credential-saved",
        "credential-saved",
        "credential-removed",
    ]
    assert {one.subject for one in AuditEntry.objects.all()} == {user.pk}
    assert SECRET not in json.dumps(told())


def test_sign_in_providers(db: None) -> None:
    now = timezone.now()
    values = Registration(client_id="an-id", secret=SECRET, tenant="common")
    client = clients.register(provider="microsoft", values=values, now=now)
    clients.register(provider="microsoft", values=Registration("an-id", tenant="other"), now=now)
    clients.remove(client)
    details = [detail for _, _, detail in told()]
    assert details == [
        {"name": "microsoft", "fields": ["tenant", "secret"]},
        {"name": "microsoft", "fields": ["tenant"]},
        {"name": "microsoft", "to": "removed"},
    ]
    assert SECRET not in json.dumps(details)


def test_certificates(user: User, domain: Domain) -> None:
    now = timezone.now()
    features.set_switch(domain, Feature.CERTIFICATE_PINS, True)
    seen = SeenCertificate("ab" * 32, "", "", (), now, now)
    pins.add(user=user, host="IMAP.test", port=993, seen=seen, now=now)
    pins.remove(user=user, host="imap.test", port=993)
    pins.remove(user=user, host="imap.test", port=993)
    assert [(action, detail) for action, _, detail in told()][1:] == [
        ("certificate-trusted", {"name": "imap.test:993"}),
        ("certificate-distrusted", {"name": "imap.test:993"}),
    ]


def test_settings_by_the_names_of_what_changed(
    user: User, client_for: Callable[[User], Client]
) -> None:
    browser = client_for(user)
    form = {"theme": "dark", "density": "compact", "layout": user.layout}
    for _time in range(2):  # the second time nothing changes, so nothing is told
        assert browser.post(reverse("settings-appearance"), form).status_code == 302
    assert told() == [
        ("settings-changed", user.email, {"fields": ["theme"]}),
        ("settings-changed", user.email, {"fields": ["density"]}),
    ]
