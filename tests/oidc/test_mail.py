"""Mail fetched and sent with access tokens: real Dovecot and SMTP, which ask the provider."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from connectivity.models import Credential, OAuthClient, OAuthGrant
from connectivity.services import credentials, grants
from mailstore.models import Message, Source
from protocols.address import AddressPolicy
from protocols.check import check
from protocols.errors import LoginMethod, TokenExpired
from protocols.imap import ImapSource
from protocols.pop3 import Pop3Source
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from retrieval.models import RetrievalRun, RetrievalTask
from retrieval.services import watching
from smtp_accounts.models import OutboxMessage, SmtpAccount
from smtp_accounts.services import drafts, identities, outbox, queue, rounds
from smtp_accounts.services.drafts import DraftValues
from standin.smtp import SmtpServer
from tests.oidc import PERSON, MailServers
from tests.retrieval.conftest import letter, run

MakeTask = Callable[..., RetrievalTask]
HOUR = timedelta(hours=1)


def tokens(credential: Credential) -> dict[str, str]:
    credential.refresh_from_db()
    found: dict[str, str] = json.loads(credentials.reveal(credential))
    return found


@pytest.fixture
def make_task(user: User, credential: Credential, mail_servers: MailServers) -> MakeTask:
    """A task that signs in with `credential`, and a letter that waits for it."""

    def make(type: str = "imap", **fields: object) -> RetrievalTask:
        server = mail_servers.dovecot
        server.append(PERSON, "INBOX", letter(1, subject=f"By token {uuid4()}"))
        values: dict[str, object] = {
            "type": type,
            "host": "localhost",
            "port": server.imaps_port if type == "imap" else server.pop3s_port,
            "security": "tls",
            "username": PERSON,
            "method": "automatic",
            "leave_on_server": True,
            "next_at": timezone.now(),
        }
        source = Source.objects.create(user=user, name="Provider", address=PERSON)
        known = {"user": user, "source": source, "credential": credential}
        return RetrievalTask.objects.create(**(values | known | fields))

    return make


def newest(server: MailServers) -> bytes:
    return server.dovecot.read_mailbox(PERSON)[-1]


def fetched(run_: RetrievalRun) -> tuple[str, str]:
    return run_.outcome, run_.cause


@pytest.mark.accept("A9")
@pytest.mark.parametrize("type", ["imap", "pop"])
def test_mail_comes_with_a_token(
    make_task: MakeTask, type: str, user: User, mail_servers: MailServers
) -> None:
    done = run(make_task(type))
    assert fetched(done) == ("ok", "")
    assert Message.objects.filter(user=user).count() == len(
        mail_servers.dovecot.read_mailbox(PERSON)
    )


@pytest.mark.parametrize("type", ["imap", "pop"])
def test_row_17_a_token_that_ends_early_is_replaced_at_once(
    make_task: MakeTask, type: str, credential: Credential, mail_servers: MailServers
) -> None:
    task = make_task(type)
    before = tokens(credential)["access"]
    mail_servers.provider.end(before)
    OAuthGrant.objects.update(refreshed_at=timezone.now() - timedelta(minutes=10))
    done = run(task, expect_failure=True)
    assert fetched(done) == ("failed", "token-expired")
    assert (task.state, task.refused_count) == ("backoff", 0)
    assert task.next_at is not None
    assert task.next_at <= timezone.now()
    assert fetched(run(task)) == ("ok", "")
    assert (task.state, task.cause) == ("ok", "")
    assert tokens(credential)["access"] != before


def test_row_19_a_withdrawn_permission_turns_the_row_red(
    make_task: MakeTask, credential: Credential, mail_servers: MailServers, user: User
) -> None:
    task = make_task()
    assert fetched(run(task)) == ("ok", "")
    count = Message.objects.filter(user=user).count()
    mail_servers.provider.revoke(tokens(credential)["refresh"])
    later = HOUR
    done = run(task, later=later, expect_failure=True)
    assert fetched(done) == ("failed", "oauth-revoked")
    assert task.state == "needs-password"
    # What was fetched stays, and so does what is known of the other side.
    assert Message.objects.filter(user=user).count() == count


def test_row_18_a_provider_that_is_down_asks_nobody(
    make_task: MakeTask, credential: Credential, oauth_client: OAuthClient
) -> None:
    task = make_task()
    OAuthClient.objects.update(token_url="https://localhost:1/token")
    OAuthGrant.objects.update(access_until=None)
    done = run(task, expect_failure=True)
    assert fetched(done) == ("failed", "oauth-unavailable")
    assert (task.state, task.refused_count) == ("backoff", 0)


@pytest.mark.parametrize("encryption", ["ssl", "tls"])
def test_mail_goes_with_a_token(
    user: User, credential: Credential, mail_servers: MailServers, encryption: str
) -> None:
    smtp = mail_servers.smtp
    smtp.accepted.clear()
    account = SmtpAccount.objects.create(
        user=user,
        host="localhost",
        port=smtp.tls_port if encryption == "ssl" else smtp.starttls_port,
        encryption=encryption,
        email=PERSON,
        use_authentication=True,
        username=PERSON,
        credential=credential,
    )
    now = timezone.now()
    mail_servers.provider.end(tokens(credential)["access"])
    OAuthGrant.objects.update(refreshed_at=now - timedelta(minutes=10))
    sent = send(user, account)
    assert (sent.state, sent.cause) == ("retry", "token-expired")
    assert not smtp.accepted
    sent = send(user, account, sent)
    assert sent.state == "sent"
    [taken] = smtp.accepted
    assert (taken.user, taken.encrypted) == (PERSON, True)


def send(user: User, account: SmtpAccount, sent: OutboxMessage | None = None) -> OutboxMessage:
    """One attempt of a new message, or of one that waits."""
    now = timezone.now()
    if sent is None:
        own = identities.primary_of(account)
        values = DraftValues(identity=own, to="bob@elsewhere.test", subject="Hi", body="Yes.\n")
        draft = drafts.save(user=user, key=uuid4(), values=values, version=0, now=now)
        sent = outbox.submit(user=user, draft=draft, now=now)
    OutboxMessage.objects.update(not_before=now)
    for pk, fence in queue.claim_due(now=now):
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: now)
    sent.refresh_from_db()
    return sent


def test_listening_signs_in_with_a_token(make_task: MakeTask, mail_servers: MailServers) -> None:
    task = make_task(first_pass_done_at=timezone.now(), capabilities="IDLE")
    [account] = watching.wanted()
    idler = watching.connect(account, now=timezone.now())
    try:
        assert idler.fileno() >= 0
    finally:
        idler.close()
    assert task.pk == account.task_id


@pytest.mark.parametrize("kind", ["imap", "pop", "smtp"])
def test_the_test_button_takes_a_token(
    kind: str,
    credential: Credential,
    mail_servers: MailServers,
    loopback: AddressPolicy,
    trust: Trust,
) -> None:
    dovecot, smtp = mail_servers.dovecot, mail_servers.smtp
    port = {"imap": dovecot.imaps_port, "pop": dovecot.pop3s_port, "smtp": smtp.tls_port}[kind]
    token = grants.access(credential, now=timezone.now())
    endpoint = Endpoint("localhost", port, Security.TLS)

    def tried(login: Login) -> object:
        report = check(kind, endpoint, login, policy=loopback, trust=trust)  # type: ignore[arg-type] # a Kind
        return report.error

    assert tried(Login(PERSON, token, oauth=True)) is None
    # A wrong token, or somebody else's mailbox: never a wrong password.
    assert isinstance(tried(Login(PERSON, "wrong-token", oauth=True)), TokenExpired)
    assert isinstance(tried(Login("eve@provider.test", token, oauth=True)), TokenExpired)


def test_the_other_mechanism_works_as_well(
    credential: Credential,
    mail_servers: MailServers,
    loopback: AddressPolicy,
    trust: Trust,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OAUTHBEARER of RFC 7628, where a server offers both."""
    monkeypatch.setattr("protocols.sasl.MECHANISMS", ("OAUTHBEARER", "XOAUTH2"))
    dovecot = mail_servers.dovecot
    login = Login(PERSON, grants.access(credential, now=timezone.now()), oauth=True)
    where = Endpoint("localhost", dovecot.imaps_port, Security.TLS)
    ImapSource.open(where, login, policy=loopback, trust=trust).close()
    where = Endpoint("localhost", dovecot.pop3s_port, Security.TLS)
    Pop3Source.open(where, login, policy=loopback, trust=trust).drop()
    where = Endpoint("localhost", mail_servers.smtp.tls_port, Security.TLS)
    assert check("smtp", where, login, policy=loopback, trust=trust).error is None


def test_a_server_that_takes_no_tokens(
    smtp_server: SmtpServer, loopback: AddressPolicy, trust: Trust
) -> None:
    where = Endpoint("localhost", smtp_server.tls_port, Security.TLS)
    login = Login(PERSON, "a-token", oauth=True)
    report = check("smtp", where, login, policy=loopback, trust=trust)
    assert isinstance(report.error, LoginMethod)
    assert not smtp_server.logins
