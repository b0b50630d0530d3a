"""Sending without encryption, where the domain allows it and where it does not; and pins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Domain, User
from connectivity.models import CertificatePin, Feature
from connectivity.services import features
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import accounts, outbox, queue, rounds
from smtp_accounts.services.accounts import AccountValues
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.protocols.test_certificates import sha256_of
from tests.servers import USERS
from tests.smtp_accounts.conftest import NOW, SECRET, USERNAME

NEW = "/settings/connectivity/smtp/new/"
FORBIDDEN = "Your domain allows encrypted connections only: choose SSL or TLS."
Values = Callable[..., AccountValues]
Drafts = Callable[..., Draft]


@pytest.fixture
def forbidden(domain: Domain) -> None:
    features.set_switch(domain, Feature.CLEAR_TEXT, False)


def send(account: SmtpAccount, make_draft: Drafts, later: timedelta = timedelta()) -> OutboxMessage:
    """Submit one message and let the worker try it once."""
    message = outbox.submit(user=account.user, draft=make_draft(account), now=NOW + later)
    for pk, fence in queue.claim_due(now=NOW + later):
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW + later)
    message.refresh_from_db()
    return message


@pytest.mark.accept("A196")
def test_the_form_refuses_none_where_the_domain_forbids_it(
    user: User,
    client_for: Callable[[User], Client],
    smtp_server: SmtpServer,
    domain: Domain,
) -> None:
    browser = client_for(user)
    typed = {
        "host": "localhost",
        "port": str(smtp_server.port),
        "encryption": "none",
        "email": "mara@provider.test",
        "action": "save",
    }
    assert FORBIDDEN not in browser.get(NEW).content.decode()
    features.set_switch(domain, Feature.CLEAR_TEXT, False)
    assert FORBIDDEN in browser.get(NEW).content.decode()
    answer = browser.post(NEW, typed)
    assert answer.status_code == 422
    assert 'id="id_encryption_error"' in answer.content.decode()
    assert not SmtpAccount.objects.exists()
    features.set_switch(domain, Feature.CLEAR_TEXT, True)
    assert FORBIDDEN not in browser.post(NEW, typed).content.decode()


@pytest.mark.accept("A196")
@pytest.mark.usefixtures("forbidden")
def test_no_server_is_asked_in_clear_text_by_another_way(
    user: User, values: Values, smtp_server: SmtpServer
) -> None:
    """A command, for one, has no form."""
    typed = values(encryption="none", port=smtp_server.port)
    for outcome in (
        accounts.check(user=user, values=typed, now=NOW),
        accounts.save(user=user, values=typed, now=NOW),
    ):
        assert outcome.problem is not None
        assert outcome.problem.cause == "clear-text-off"
        assert outcome.problem.field
    assert smtp_server.logins == []


def test_a_stored_account_stops_when_it_is_forbidden_and_goes_on_after(
    user: User, values: Values, make_draft: Drafts, smtp_server: SmtpServer, domain: Domain
) -> None:
    typed = values(encryption="none", port=smtp_server.port)
    account = accounts.save(user=user, values=typed, now=NOW, test=False).account
    assert account is not None
    features.set_switch(domain, Feature.CLEAR_TEXT, False)
    message = send(account, make_draft)
    account.refresh_from_db()
    assert (message.state, account.cause) == (OutboxState.RETRY, "clear-text-off")
    assert smtp_server.accepted == []
    features.set_switch(domain, Feature.CLEAR_TEXT, True)
    send(account, make_draft, timedelta(hours=2))
    message.refresh_from_db()
    account.refresh_from_db()
    assert (message.state, account.cause) == (OutboxState.SENT, "")
    assert len(smtp_server.accepted) == 2


@pytest.fixture
def doubtful(tls_files: TlsFiles) -> Iterator[SmtpServer]:
    """A server that vouches for itself."""
    with SmtpServer(USERS, tls=tls_files.self_signed) as server:
        yield server


@pytest.mark.parametrize("encryption", ["ssl", "tls"])
def test_mail_goes_to_a_pinned_server_and_to_no_other(
    user: User,
    values: Values,
    make_draft: Drafts,
    doubtful: SmtpServer,
    tls_files: TlsFiles,
    domain: Domain,
    encryption: str,
) -> None:
    features.set_switch(domain, Feature.CERTIFICATE_PINS, True)
    port = doubtful.tls_port if encryption == "ssl" else doubtful.starttls_port
    typed = values(port=port, encryption=encryption, username=USERNAME, password=SECRET)
    account = accounts.save(user=user, values=typed, now=NOW, test=False).account
    assert account is not None
    pin = CertificatePin.objects.create(user=user, host="localhost", port=port, sha256="0" * 64)
    send(account, make_draft)
    account.refresh_from_db()
    assert account.cause == "tls-pin-changed"
    assert doubtful.logins == []
    pin.sha256 = sha256_of(tls_files.self_signed)
    pin.save()
    assert send(account, make_draft, timedelta(hours=2)).state == OutboxState.SENT
    assert doubtful.accepted
