"""The pages on which administrators switch features: who sees them, and what a switch does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Domain, Role, User
from connectivity.models import CertificatePin, Feature, FeatureSwitch
from connectivity.services import credentials, features
from mailstore.models import Source
from retrieval.models import RetrievalTask

DOMAIN, SYSTEM = reverse("domain-settings"), reverse("system-features")
People = Callable[..., User]


@pytest.fixture
def ada(make_user: People) -> User:
    return make_user("ada@example.test", role=Role.DOMAIN_ADMIN, display_name="Ada Admin")


@pytest.fixture
def sam(make_user: People) -> User:
    return make_user("sam@example.test", role=Role.SYSTEM_ADMIN, display_name="Sam System")


def flip(web: Client, address: str, feature: str, enabled: str) -> str:
    response = web.post(address, {"feature": feature, "enabled": enabled}, follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def line(page: str, feature: str) -> str:
    """The part of a page about one feature."""
    for part in page.split('<form class="policy"')[1:]:
        if f'name="feature" value="{feature}"' in part:
            return part.split("</form>")[0]
    pytest.fail(f"{feature} is not on the page")


@pytest.mark.parametrize(
    ("role", "below", "above"), [("user", 404, 404), ("domain-admin", 200, 404)]
)
def test_only_administrators_find_the_pages(
    make_user: People, client_for: Callable[[User], Client], role: str, below: int, above: int
) -> None:
    person = make_user("who@example.test", role=role)
    web = client_for(person)
    elsewhere = Domain.objects.create(name="elsewhere.test")
    for address, expected in (
        (DOMAIN, below),
        (SYSTEM, above),
        (reverse("system-domain", args=[elsewhere.pk]), above),
        (reverse("system-domain", args=[person.domain_id]), above),
    ):
        assert web.get(address).status_code == expected, address
        if expected == 404:
            answer = web.post(address, {"feature": "retrieval", "enabled": "off"})
            assert answer.status_code == 404
    assert not FeatureSwitch.objects.exists()
    menu = web.get(reverse("settings-account")).content.decode()
    assert (f'href="{DOMAIN}"' in menu) == (below == 200)
    assert f'href="{SYSTEM}"' not in menu


@pytest.mark.accept("A173", "A211")
def test_a_domain_administrator_switches_and_it_says_who(
    ada: User, user: User, client_for: Callable[[User], Client]
) -> None:
    web = client_for(ada)
    page = " ".join(web.get(DOMAIN).content.decode().split())
    assert "What the 2 users of example.test may do." in page
    assert 'aria-checked="true"' in line(page, "retrieval")
    assert "From the system default" in line(page, "retrieval")
    page = flip(web, DOMAIN, "retrieval", "off")
    assert "Email Retrieval is switched off for example.test." in page
    assert 'aria-checked="false"' in line(page, "retrieval")
    assert "Set here by Ada Admin" in line(page, "retrieval")
    assert not features.enabled_for(user, Feature.RETRIEVAL)
    assert features.enabled_for(user, Feature.SMTP_ACCOUNTS)
    for feature in ("smtp-accounts", "oauth"):
        flip(web, DOMAIN, feature, "off")
        assert not features.enabled_for(user, feature)
    flip(web, DOMAIN, "certificate-pins", "on")
    assert features.enabled_for(user, Feature.CERTIFICATE_PINS)
    page = flip(web, DOMAIN, "retrieval", "default")
    assert "From the system default" in line(page, "retrieval")
    assert features.enabled_for(user, Feature.RETRIEVAL)


@pytest.mark.accept("A7", "A211")
def test_what_is_off_for_the_system_cannot_be_switched_on_below(
    ada: User, sam: User, user: User, client_for: Callable[[User], Client]
) -> None:
    above, below = client_for(sam), client_for(ada)
    flip(below, DOMAIN, "smtp-accounts", "on")
    page = flip(above, SYSTEM, "smtp-accounts", "off")
    assert "Off everywhere. Set here by Sam System" in line(page, "smtp-accounts")
    part = line(below.get(DOMAIN).content.decode(), "smtp-accounts")
    assert "Off for the whole system. Only a system administrator can change this." in part
    assert 'aria-checked="false"' in part
    assert "disabled" in part
    page = flip(below, DOMAIN, "smtp-accounts", "on")
    assert "is off for the whole system." in page
    assert not features.enabled_for(user, Feature.SMTP_ACCOUNTS)
    flip(above, SYSTEM, "smtp-accounts", "on")
    assert "Set here by Ada Admin" in line(below.get(DOMAIN).content.decode(), "smtp-accounts")
    assert features.enabled_for(user, Feature.SMTP_ACCOUNTS)


def test_a_feature_that_is_off_at_first_is_switched_on_by_the_domain(
    ada: User, sam: User, user: User, client_for: Callable[[User], Client]
) -> None:
    page = client_for(sam).get(SYSTEM).content.decode()
    assert "Off until a domain switches it on" in line(page, "certificate-pins")
    assert "On unless a domain switches it off" in line(page, "retrieval")
    flip(client_for(ada), DOMAIN, "certificate-pins", "on")
    assert features.enabled_for(user, Feature.CERTIFICATE_PINS)


def test_a_system_administrator_reaches_every_domain_by_search(
    sam: User, client_for: Callable[[User], Client]
) -> None:
    web = client_for(sam)
    far = Domain.objects.create(name="far.test")
    features.set_switch(far, Feature.RETRIEVAL, enabled=False)
    features.set_switch(far, Feature.CERTIFICATE_PINS, enabled=True)
    inside = reverse("system-domain", args=[far.pk])
    page = " ".join(web.get(SYSTEM, {"q": "FAR"}).content.decode().split())
    assert f'href="{inside}"' in page
    assert "Off: Email Retrieval · On: Trusting a single certificate</div>" in page
    assert reverse("system-domain", args=[sam.domain_id]) not in page
    assert "Set here by a command" in line(web.get(inside).content.decode(), "retrieval")
    page = flip(web, inside, "retrieval", "on")
    assert "Email Retrieval is on for far.test." in page
    assert features.effective(far, Feature.RETRIEVAL).enabled
    page = web.get(SYSTEM, {"q": "<b>nowhere"}).content.decode()
    assert "No domain has “&lt;b&gt;nowhere” in its name." in page
    assert web.get(reverse("system-domain", args=[10**6])).status_code == 404


def test_many_domains_come_in_pages_at_the_price_of_one(
    sam: User, client_for: Callable[[User], Client]
) -> None:
    web = client_for(sam)
    with CaptureQueriesContext(connection) as few:
        web.get(SYSTEM)
    Domain.objects.bulk_create(Domain(name=f"d{number:03}.test") for number in range(60))
    with CaptureQueriesContext(connection) as many:
        page = web.get(SYSTEM).content.decode()
    assert "1 to 25 of 61" in page
    assert len(many) == len(few)
    assert "51 to 61 of 61" in web.get(SYSTEM, {"page": "3"}).content.decode()
    assert "51 to 61 of 61" in web.get(SYSTEM, {"page": "99"}).content.decode()


@pytest.mark.parametrize(
    "values",
    [
        {"feature": "telepathy", "enabled": "on"},
        {"feature": "retrieval", "enabled": "maybe"},
        {"feature": "retrieval"},
        {},
    ],
)
def test_an_odd_form_changes_nothing(
    ada: User, client_for: Callable[[User], Client], values: dict[str, str]
) -> None:
    page = client_for(ada).post(DOMAIN, values, follow=True).content.decode()
    assert "Nothing was changed." in page
    assert not FeatureSwitch.objects.exists()


def test_a_script_gets_the_card_alone_and_a_toast(
    ada: User, client_for: Callable[[User], Client]
) -> None:
    answer = client_for(ada).post(
        DOMAIN, {"feature": "retrieval", "enabled": "off"}, headers={"HX-Request": "true"}
    )
    assert "is switched off for example.test" in answer.headers["HX-Trigger"]
    assert "<html" not in answer.content.decode()
    assert 'aria-checked="false"' in line(answer.content.decode(), "retrieval")


def test_the_lines_tell_how_much_is_used(
    ada: User, user: User, domain: Domain, client_for: Callable[[User], Client]
) -> None:
    now = timezone.now()
    for state in ("ok", "paused", "backoff"):
        RetrievalTask.objects.create(
            user=user, source=Source.objects.create(user=user, name=state, address="a@far.test"),
            credential=credentials.store(user=user, secret="x"), type="imap", host="imap.test",
            port=993, security="tls", username="a", state=state, next_at=now + timedelta(hours=1),
        )  # fmt: skip
    CertificatePin.objects.create(user=user, host="a.test", port=993, sha256="0" * 64)
    web = client_for(ada)
    page = web.get(DOMAIN).content.decode()
    assert "2 tasks are active." in line(page, "retrieval")
    assert "1 certificate is not trusted for now." in line(page, "certificate-pins")
    features.set_switch(domain, Feature.RETRIEVAL, enabled=False)
    assert "2 tasks are stopped." in line(web.get(DOMAIN).content.decode(), "retrieval")
    other = Domain.objects.create(name="far.test")
    User.objects.filter(pk=user.pk).update(domain=other)
    page = web.get(DOMAIN).content.decode()
    assert "stopped" not in line(page, "retrieval")
    assert "certificate is" not in line(page, "certificate-pins")


def task_of(person: User) -> RetrievalTask:
    return RetrievalTask.objects.create(
        user=person, source=Source.objects.create(user=person, name="Far"), type="imap",
        credential=credentials.store(user=person, secret="x"), host="imap.test", port=993,
        security="tls", username="a", next_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip


@pytest.mark.accept("A173")
def test_what_stops_somebodys_mail_is_asked_first_with_how_much_it_stops(
    ada: User, sam: User, user: User, domain: Domain, client_for: Callable[[User], Client]
) -> None:
    far, quiet = (Domain.objects.create(name=f"{name}.test") for name in ("far", "quiet"))
    people = [User.objects.create(email=f"a@{one.name}", domain=one) for one in (far, quiet)]
    for person in (user, user, *people):
        task_of(person)
    features.set_switch(quiet, Feature.RETRIEVAL, enabled=False)
    off = {"feature": "retrieval", "enabled": "off"}
    for admin, address, words in (
        (ada, DOMAIN, ("2 tasks stop at once", "1 person.", "for example.test?")),
        (sam, SYSTEM, ("3 tasks stop at once", "2 people.", "everywhere?")),
    ):
        web = client_for(admin)
        page = flip(web, address, "retrieval", "off")
        assert all(one in page for one in words), words
        # A script is led to the same question.
        answer = web.post(address, off, headers={"HX-Request": "true"})
        assert answer.headers["HX-Redirect"] == f"{address}?feature=retrieval&enabled=off"
        assert features.enabled_for(user, Feature.RETRIEVAL)
        page = web.post(address, {**off, "sure": "yes"}, follow=True).content.decode()
        assert "is switched off" in page
        assert not features.enabled_for(user, Feature.RETRIEVAL)
        # On again nobody asks; nor where nothing stops any more.
        assert 'name="sure"' not in flip(web, address, "retrieval", "on")
        assert 'name="sure"' not in flip(web, address, "smtp-accounts", "off")
    assert client_for(user).get(DOMAIN, off).status_code == 404
    odd = client_for(ada).get(DOMAIN, {"feature": "telepathy", "enabled": "off"})
    assert odd.status_code == 302


def test_taking_a_switch_back_may_stop_something_as_well(
    ada: User, user: User, domain: Domain, client_for: Callable[[User], Client]
) -> None:
    features.set_switch(domain, Feature.CERTIFICATE_PINS, enabled=True)
    CertificatePin.objects.create(user=user, host="a.test", port=993, sha256="0" * 64)
    page = flip(client_for(ada), DOMAIN, "certificate-pins", "default")
    assert "1 certificate is not trusted any more" in page
    assert features.enabled_for(user, Feature.CERTIFICATE_PINS)


@pytest.mark.accept("A6", "A7")
def test_the_one_who_can_change_it_is_named(
    ada: User, sam: User, user: User, domain: Domain, client_for: Callable[[User], Client]
) -> None:
    web = client_for(user)
    features.set_switch(domain, Feature.RETRIEVAL, enabled=False)
    features.set_switch(None, Feature.SMTP_ACCOUNTS, enabled=False)
    page = " ".join(web.get(reverse("connectivity")).content.decode().split())
    ask = "Contact your administrator,"
    assert f"Email Retrieval: switched off for your domain. {ask} Ada Admin" in page
    assert f"SMTP Accounts: switched off for this whole installation. {ask} Sam System" in page
    inside = web.get(reverse("smtp-account-new"))
    assert inside.status_code == 403
    assert "Sam System" in inside.content.decode()
    assert reverse("compose") in inside.content.decode()
    # Whoever can mend it is led there.
    for person, name, leads in (
        (ada, "retrieval-new", DOMAIN),
        (sam, "smtp-account-new", SYSTEM),
        (sam, "retrieval-new", DOMAIN),
    ):
        part = client_for(person).get(reverse(name)).content.decode().split("<main")[1]
        assert f'href="{leads}"' in part
    part = client_for(ada).get(reverse("smtp-account-new")).content.decode().split("<main")[1]
    assert f'href="{DOMAIN}"' not in part
