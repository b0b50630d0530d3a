"""Forgot your password? What is answered to whoever asks, and to whom mail is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry, MailedLink, RecoveryRequest, SystemMessage, User
from accounts.services import recovery
from accounts.services.recovery import Verdict
from tests.accounts.recovering import ASK, BACKUP, asked, mailed_link, with_backup

NOW = timezone.now()


@pytest.fixture(autouse=True)
def site(settings: Settings) -> None:
    settings.SITE_URL = "https://mail.example.test"


def request_for(address: str, **changed: Any) -> Verdict:
    given: dict[str, Any] = {"network": "192.0.2.1", "host": "", "language": "en", "now": NOW}
    return recovery.ask(address=address, **{**given, **changed})


def seen(answer: Any, address: str) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers; without what is drawn anew for everybody."""
    body = re.sub(r'value="\w{64}"|"X-CSRFToken": "\w+"', "", answer.content.decode())
    cookies = {"Set-Cookie": " ".join(sorted(answer.cookies))}
    headers = {**dict(answer.headers), **cookies, "Expires": ""}  # this very second
    return answer.status_code, body.replace(address, "X"), headers


@pytest.mark.accept("A160")
def test_the_sign_in_page_leads_here(client: Client, db: None) -> None:
    page = client.get("/sign-in/").content.decode()
    assert f'<a class="xs" href="{ASK}">Forgot your password?</a>' in page


@pytest.mark.accept("A168")
def test_the_answer_says_nothing_about_the_address(
    make_user: Callable[..., User], user: User
) -> None:
    """Known, known without backup, not confirmed, disabled and unknown: one answer (S11)."""
    with_backup(user, NOW)
    make_user("bare@example.test")
    unconfirmed = make_user("asked@example.test")
    unconfirmed.backup_address = "asked@elsewhere.test"
    unconfirmed.save()
    with_backup(make_user("off@example.test", is_active=False), NOW, "off@elsewhere.test")
    addresses = [
        *(user.email, "bare@example.test", "asked@example.test", "off@example.test"),
        *("nobody@example.test", "nobody@nowhere.test"),
    ]
    found = []
    for address in addresses:
        client = Client()
        answer = asked(client, address)
        found.append((seen(answer, address), seen(client.get(answer["Location"]), address)))
    for one in found:
        assert one == found[0]
    assert found[0][0][0] == 302
    assert found[0][1][0] == 200
    assert RecoveryRequest.objects.count() == len(addresses)
    # Nobody was looked up yet: that is a worker's, later.
    assert not MailedLink.objects.exists()
    assert recovery.work_off(now=NOW) == 1
    assert SystemMessage.objects.get().to == BACKUP
    assert MailedLink.objects.get().user == user


def test_the_request_looks_nobody_up(
    client: Client, user: User, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    """What the database is asked is the same for everybody: no person is among it."""
    with_backup(user, NOW)
    with django_assert_max_num_queries(40) as queries:
        asked(client, user.email)
    assert not [one for one in queries.captured_queries if "accounts_user" in one["sql"]]


@pytest.mark.accept("A162", "A163")
def test_the_mail_goes_to_the_backup_address_in_the_persons_language(user: User) -> None:
    user.language = "de"
    with_backup(user, NOW)
    request_for("  MARA@Example.test ")
    recovery.work_off(now=NOW)
    row = SystemMessage.objects.get()
    # No longer tried than its link is good.
    assert row.expires_at == MailedLink.objects.get().expires_at
    assert (row.to, row.user, row.domain) == (BACKUP, user, user.domain)
    assert f"https://mail.example.test{mailed_link()}" in row.body
    assert user.email in row.body
    entry = AuditEntry.objects.get(action="recovery-asked")
    assert (entry.subject, entry.actor, entry.address) == (user.pk, None, "192.0.2.1")
    assert mailed_link().split("/")[3] not in str(entry.detail)


def test_a_request_is_worked_off_once(user: User) -> None:
    with_backup(user, NOW)
    request_for(user.email)
    assert recovery.work_off(now=NOW) == 1
    assert recovery.work_off(now=NOW) == 0


def test_nobody_waits_for_an_old_request(user: User) -> None:
    with_backup(user, NOW)
    request_for(user.email)
    assert recovery.work_off(now=NOW + timedelta(hours=13)) == 0
    assert not SystemMessage.objects.exists()


def test_three_links_an_hour_for_one_address(user: User) -> None:
    with_backup(user, NOW)
    verdicts = {request_for(user.email, network=f"192.0.2.{n}") for n in range(5)}
    assert verdicts == {Verdict.TAKEN}  # nothing tells that it was enough
    assert recovery.work_off(now=NOW) == 3


def test_ten_requests_an_hour_from_one_network(client: Client, db: None) -> None:
    for number in range(10):
        assert asked(client, f"p{number}@example.test").status_code == 302
    answer = asked(client, "p11@example.test")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "3600"
    assert "from your network" in answer.content.decode()
    assert RecoveryRequest.objects.count() == 10


def test_two_hundred_requests_an_hour_in_all(db: None) -> None:
    numbers = range(recovery.IN_ALL + 1)
    verdicts = [
        request_for(f"p{n}@example.test", network=f"198.51.{n // 250}.{n % 250}") for n in numbers
    ]
    assert verdicts.count(Verdict.TAKEN) == recovery.IN_ALL
    assert verdicts[-1] is Verdict.ALL_FULL


@pytest.mark.parametrize(
    ("headers", "https", "site"),
    [
        ({}, False, "http://testserver"),
        ({"Host": "testserver:8000"}, False, "http://testserver:8000"),
        ({"Host": "a.wild.test"}, False, None),
        ({"Host": "testserver"}, True, "https://testserver"),
        ({"Host": "testserver:8000"}, True, None),
        ({"Host": "localhost"}, True, None),
    ],
)
def test_a_link_leads_only_where_the_operator_said(
    user: User, settings: Settings, headers: dict[str, str], https: bool, site: str | None
) -> None:
    """Without SITE_URL a name counts that ALLOWED_HOSTS names itself; no pattern, no odd port."""
    settings.SITE_URL, settings.HTTPS = "", https
    settings.ALLOWED_HOSTS = ["testserver", ".wild.test", "localhost"]
    settings.SECURE_SSL_REDIRECT = False
    with_backup(user, NOW)
    client = Client(headers=headers)
    assert asked(client, user.email).status_code == 302
    assert recovery.work_off(now=NOW) == (site is not None)
    if site:
        assert f"{site}{mailed_link()}" in SystemMessage.objects.get().body


def test_a_forged_host_never_gets_into_the_mail(user: User) -> None:
    with_backup(user, NOW)
    client = Client(headers={"X-Forwarded-Host": "evil.test", "Host": "testserver"})
    asked(client, user.email)
    recovery.work_off(now=NOW)
    assert "evil.test" not in SystemMessage.objects.get().body


def test_what_was_typed_stays_where_something_is_missing(client: Client, db: None) -> None:
    answer = asked(client, "mara", answer="")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="mara"' in page
    assert "Enter your full email address" in page
    assert not RecoveryRequest.objects.exists()


def test_requests_are_removed_after_some_days(user: User) -> None:
    request_for(user.email)
    assert recovery.tidy(now=NOW + recovery.KEPT_FOR) == 0
    assert recovery.tidy(now=NOW + recovery.KEPT_FOR + timedelta(seconds=1)) == 1


def test_no_token_is_made_of_anything_signed(user: User) -> None:
    """A token that can be computed from a leaked SECRET_KEY would open every account."""
    with_backup(user, NOW)
    request_for(user.email)
    recovery.work_off(now=NOW)
    token = mailed_link().split("/")[3]
    with pytest.raises(signing.BadSignature):
        signing.loads(token)
    assert len(token) == 43
