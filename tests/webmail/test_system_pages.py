"""What administrators of the installation see of it, and the domains they add and remove."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry, Domain, Role, User
from standin import ports
from standin.scanners import Clamd
from webmail import network_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(make_user: Callable[..., User], client_for: Callable[[User], Client]) -> Client:
    return client_for(make_user("root@example.test", Role.SYSTEM_ADMIN))


def test_the_status_page_says_which_scanners_answer(
    root: Client, settings: Settings, clamd: Clamd
) -> None:
    assert b"SPAM_SCORERS" not in root.get(reverse("system-status")).content
    (dead,) = ports.pick((0,))
    settings.CLAMAV, settings.SPAM_SCORERS = str(clamd.socket), [f"spamd:127.0.0.1:{dead}"]
    told = root.get(reverse("system-status")).content.decode()
    spamd = told.index(f"spamd 127.0.0.1:{dead}")
    assert told.index("Does not answer") > spamd
    assert told.index("At work", told.index(f"clamd {clamd.socket}")) > spamd


def test_the_status_page_says_what_runs(root: Client) -> None:
    told = root.get(reverse("system-status")).content.decode()
    for word in ("Tributary 0.", "SQLite 3" if "SQLite" in told else "PostgreSQL", "Kept for 400"):
        assert word in told


@pytest.mark.accept("A175")
def test_a_domain_is_added_and_removed_while_it_is_empty(root: Client) -> None:
    new = reverse("system-domain-new")
    for wrong in ("", "not a domain", "example.test", "EXAMPLE.test."):
        answer = root.post(new, {"name": wrong})
        assert answer.status_code == 422, wrong
        assert "help--error" in answer.content.decode()
    assert root.post(new, {"name": "Bücher.test", "role": "x", "pk": "1"}).status_code == 302
    domain = Domain.objects.get(name="xn--bcher-kva.test")
    remove = reverse("system-domain-remove", args=[domain.pk])
    assert "Nobody is in" in root.get(remove).content.decode()
    assert root.post(remove).status_code == 302
    assert not Domain.objects.filter(pk=domain.pk).exists()
    told = AuditEntry.objects.filter(action__startswith="domain-").order_by("pk")
    assert [(one.action, one.detail["name"]) for one in told] == [
        ("domain-added", "xn--bcher-kva.test"),
        ("domain-removed", "xn--bcher-kva.test"),
    ]


def test_a_domain_with_people_stays(root: Client, domain: Domain) -> None:
    remove = reverse("system-domain-remove", args=[domain.pk])
    assert "Delete them first" in root.get(remove).content.decode()
    answer = root.post(remove, follow=True)
    assert "so it was not removed" in answer.content.decode()
    Domain.objects.filter(pk=domain.pk).update(removal_asked_at=timezone.now())
    assert "goes by itself with the last of them" in root.get(remove).content.decode()
    assert Domain.objects.filter(pk=domain.pk).exists()


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("10.0.0.5:993", False),
        ("10.0.0.5:25", True),
        ("192.168.7.1:993", True),
        ("192.168.7.1:8080", True),
        ("203.0.113.9:993", False),
        ("9.9.9.9:993", True),
        ("9.9.9.9:22", False),
        ("[::1]:993", False),
        ("::ffff:127.0.0.1", False),
        ("169.254.169.254:80", False),
        ("imap.example.org:993", None),
        ("9.9.9.9:0", None),
        ("9.9.9.9:x", None),
        ("<script>", None),
    ],
)
def test_the_guard_tells_what_it_would_do(
    settings: Settings, root: Client, asked: str, allowed: bool | None
) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = ["10.0.0.0/8:25", "192.168.0.0/16"]
    verdict = network_words.verdict(asked)
    assert (None if verdict is None else verdict.is_allowed) is allowed
    told = root.get(reverse("system-network"), {"address": asked}).content.decode()
    assert "<script>" not in told.replace("<script ", "")
    word = {True: ">Allowed<", False: ">Refused<", None: "Enter an IP address"}[allowed]
    assert word.strip("><") in told


def test_the_network_policy_is_told_with_where_it_comes_from(
    settings: Settings, root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = ["10.1.0.0/16:993"]
    monkeypatch.setenv("CONNECTIVITY_ALLOWED_NETWORKS", "10.1.0.0/16:993")
    monkeypatch.delenv("CONNECTIVITY_PORTS", raising=False)
    found = {rule.name: (rule.values, rule.is_set) for rule in network_words.rules()}
    assert found["CONNECTIVITY_ALLOWED_NETWORKS"] == (("10.1.0.0/16:993",), True)
    assert found["CONNECTIVITY_PORTS"] == ((), False)
    told = root.get(reverse("system-network")).content.decode()
    assert "10.1.0.0/16:993" in told
    assert "25, 110, 143" in told
