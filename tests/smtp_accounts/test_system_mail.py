"""Mail the system writes itself, through a real SMTP server on loopback."""

from __future__ import annotations

import email
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Role, SystemMessage, User
from accounts.services import system_mail as queueing
from smtp_accounts import tasks
from smtp_accounts.models import SmtpAccount
from smtp_accounts.services import system_mail
from standin.smtp import Accepted, SmtpServer
from tests.smtp_accounts.conftest import EXTERNAL, NOW, USERNAME

TO = "mara@elsewhere.test"
RELAY = "smtp+starttls://mara%40provider.test:korrekt-pferd@localhost:{}"
LINK = "https://mail.example.test/recover/link/" + "x" * 43 + "/"


@pytest.fixture
def relay(settings: Settings, smtp_server: SmtpServer) -> SmtpServer:
    settings.RELAY_URL = RELAY.format(smtp_server.starttls_port)
    return smtp_server


def queued(user: User, **changed: Any) -> SystemMessage:
    values: dict[str, Any] = {
        "to": TO,
        "subject": "Ein neues Kennwort für Mara",
        "body": f"Öffnen Sie:\n\n{LINK}\n",
        "user": user,
        "now": NOW,
    }
    return queueing.queue(**{**values, **changed})


def read(taken: Accepted) -> EmailMessage:
    message = email.message_from_bytes(taken.raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.accept("A208")
def test_the_message_says_who_writes_and_that_nobody_did(user: User, relay: SmtpServer) -> None:
    domain = user.domain
    domain.sender_name, domain.sender_address = "Postamt Hövel", "hilfe@example.test"
    domain.save()
    row = queued(user)
    assert tasks.send_system_mail() == 1
    (taken,) = relay.accepted
    # A bounce holds the link that came back: it goes to nobody of the domain.
    assert (taken.sender, taken.recipients) == ("<>", (TO,))
    assert taken.encrypted
    message = read(taken)
    assert str(message["From"]) == "Postamt Hövel <hilfe@example.test>"
    assert message["To"] == TO
    assert message["Subject"] == "Ein neues Kennwort für Mara"
    assert message["Message-ID"] == row.message_id
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert LINK in message.get_content()
    assert taken.raw.isascii()


@pytest.mark.parametrize(
    ("named", "expected"),
    [("", "no-reply@example.test"), ("post@hosting.test", "post@hosting.test")],
)
def test_without_a_sender_of_the_domain(
    user: User, relay: SmtpServer, settings: Settings, named: str, expected: str
) -> None:
    settings.SYSTEM_SENDER = named
    queued(user)
    system_mail.send_due(now=NOW)
    assert [one.sender for one in relay.accepted] == [named or "<>"]
    assert str(read(relay.accepted[0])["From"]) == f'"example.test" <{expected}>'


def test_what_it_said_is_gone_once_it_was_taken(user: User, relay: SmtpServer) -> None:
    row = queued(user)
    assert system_mail.send_due(now=NOW) == 1
    row.refresh_from_db()
    assert (row.body, row.next_at, row.sent_at, row.failed_at) == ("", None, NOW, None)
    assert system_mail.send_due(now=NOW + timedelta(days=3)) == 0
    assert len(relay.accepted) == 1
    assert system_mail.troubles(now=NOW) == []


def test_a_temporary_refusal_is_tried_again_and_told(user: User, relay: SmtpServer) -> None:
    relay.refuse = {TO: "451 4.7.1 come back later"}
    row = queued(user)
    assert system_mail.send_due(now=NOW) == 0
    row.refresh_from_db()
    assert row.next_at is not None
    assert row.next_at > NOW
    assert LINK in row.body
    (trouble,) = system_mail.troubles(now=NOW)
    assert (trouble.user, trouble.to, trouble.tries) == (user.email, TO, 1)
    assert "come back later" in trouble.words
    assert trouble.next_at == row.next_at
    relay.refuse = {}
    assert system_mail.send_due(now=NOW) == 0  # not yet
    assert system_mail.send_due(now=row.next_at) == 1
    assert system_mail.troubles(now=NOW) == []


def test_what_leads_nowhere_any_more_is_given_up(user: User, relay: SmtpServer) -> None:
    relay.refuse = {TO: "451 4.7.1 come back later"}
    end = NOW + timedelta(seconds=150)
    row = queued(user, expires_at=end)
    for now in (NOW, NOW + timedelta(minutes=1)):
        system_mail.send_due(now=now)
    row.refresh_from_db()
    # Not after its end, though the next try would have been.
    assert (row.tries, row.next_at) == (2, end)
    relay.refuse = {}
    assert system_mail.send_due(now=end) == 0
    assert relay.accepted == []
    row.refresh_from_db()
    assert (row.body, row.next_at, row.failed_at) == ("", None, end)
    assert "come back later" in row.server_line
    late = queued(user, expires_at=NOW)
    system_mail.send_due(now=NOW)
    late.refresh_from_db()
    assert late.server_line == system_mail.EXPIRED


def test_a_final_refusal_ends_it(user: User, relay: SmtpServer) -> None:
    relay.refuse = {TO: "550 5.1.1 no such user"}
    row = queued(user)
    system_mail.send_due(now=NOW)
    row.refresh_from_db()
    assert (row.body, row.next_at, row.failed_at, row.tries) == ("", None, NOW, 1)
    (trouble,) = system_mail.troubles(now=NOW)
    assert trouble.next_at is None
    assert "no such user" in trouble.words


def test_without_a_way_out_it_waits_two_days_and_is_given_up(user: User) -> None:
    row = queued(user)
    now, tries = NOW, 0
    while row.next_at is not None:
        now = row.next_at
        system_mail.send_due(now=now)
        row.refresh_from_db()
        tries += 1
    assert timedelta(hours=48) <= now - NOW < timedelta(hours=53)
    assert (row.failed_at, row.body, row.tries) == (now, "", tries)
    assert "RELAY_URL" in system_mail.troubles(now=now)[0].words


def test_it_waits_for_a_relay_that_is_set_up_later(
    user: User, settings: Settings, smtp_server: SmtpServer
) -> None:
    row = queued(user)
    system_mail.send_due(now=NOW)
    row.refresh_from_db()
    settings.RELAY_URL = RELAY.format(smtp_server.starttls_port)
    assert row.next_at is not None
    assert system_mail.send_due(now=row.next_at) == 1


def test_a_server_that_is_away_is_told_with_its_reason(user: User, settings: Settings) -> None:
    settings.RELAY_URL = "smtp://localhost:1"
    queued(user)
    system_mail.send_due(now=NOW)
    (trouble,) = system_mail.troubles(now=NOW)
    assert "port 1" in trouble.words


def test_two_workers_send_it_once(user: User, relay: SmtpServer) -> None:
    row = queued(user)
    SystemMessage.objects.filter(pk=row.pk).update(claimed_until=NOW + timedelta(seconds=1))
    assert system_mail.send_due(now=NOW) == 0
    assert relay.accepted == []
    # The other one died: its lease runs out.
    assert system_mail.send_due(now=NOW + timedelta(seconds=2)) == 1


def test_through_an_account_of_a_system_administrator(
    user: User, account: SmtpAccount, smtp_server: SmtpServer, settings: Settings
) -> None:
    User.objects.filter(pk=user.pk).update(role=Role.SYSTEM_ADMIN)
    settings.SYSTEM_MAIL_ACCOUNT = EXTERNAL
    queued(user)
    assert system_mail.send_due(now=NOW) == 1
    (taken,) = smtp_server.accepted
    assert (taken.sender, taken.user) == (EXTERNAL, USERNAME)


@pytest.mark.parametrize("change", [{"role": Role.DOMAIN_ADMIN}, {"is_active": False}])
def test_nobody_elses_account_sends_it(
    user: User, account: SmtpAccount, relay: SmtpServer, settings: Settings, change: dict[str, Any]
) -> None:
    """Whoever names that address as their own would read every link to get back in."""
    User.objects.filter(pk=user.pk).update(**{"role": Role.SYSTEM_ADMIN, **change})
    settings.SYSTEM_MAIL_ACCOUNT = EXTERNAL
    queued(user)
    assert system_mail.send_due(now=NOW) == 0
    assert relay.accepted == []
    assert "system administrator" in system_mail.troubles(now=NOW)[0].words


def test_a_line_end_makes_no_header(user: User, relay: SmtpServer) -> None:
    user.domain.sender_name = "Post\r\nBcc: eve@evil.test"
    user.domain.save()
    row = queued(user, subject="New\r\nBcc: eve@evil.test")
    system_mail.send_due(now=NOW)
    row.refresh_from_db()
    assert all(one.recipients == (TO,) and not read(one)["Bcc"] for one in relay.accepted)
    assert row.failed_at == NOW


def test_old_ones_are_removed(user: User, relay: SmtpServer) -> None:
    queued(user)
    system_mail.send_due(now=NOW)
    assert system_mail.tidy(now=NOW + timedelta(days=30)) == 0
    assert system_mail.tidy(now=NOW + timedelta(days=31)) == 1
