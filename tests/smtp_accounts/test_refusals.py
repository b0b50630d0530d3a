"""Messages a server does not take: the row says why in words, and what that means for others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from connectivity.models import UnknownFailure
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import accounts, outbox, queue, rounds
from smtp_accounts.services.accounts import AccountValues
from standin.hostile import Expect, Hang, Hostile, Send, Step
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from webmail.outgoing import rows

pytestmark = pytest.mark.django_db

Drafts = Callable[..., Draft]
EHLO: list[Step] = [
    Send(b"220 here\r\n"),
    Expect(b"EHLO"),
    Send(b"250-here\r\n250 AUTH PLAIN\r\n"),
    Expect(b"AUTH"),
]


@pytest.fixture
def through(
    user: User, values: Callable[..., AccountValues], make_draft: Drafts
) -> Callable[..., tuple[OutboxMessage, SmtpAccount]]:
    """Send one message through an account on a port; how message and account stand then."""

    def send(port: int, **typed: object) -> tuple[OutboxMessage, SmtpAccount]:
        chosen = values(port=port, **{"encryption": "none", **typed})
        account = accounts.save(user=user, values=chosen, now=NOW, test=False).account
        assert account is not None
        message = outbox.submit(user=user, draft=make_draft(account), now=NOW)
        for pk, fence in queue.claim_due(now=NOW):
            rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
        message.refresh_from_db()
        account.refresh_from_db()
        return message, account

    return send


Through = Callable[..., tuple[OutboxMessage, SmtpAccount]]


@pytest.mark.parametrize(
    ("reply", "cause", "counts"),
    [
        ("535 5.7.8 Error: authentication failed", "login-refused", True),
        ("534 5.7.9 Application-specific password required", "app-password-needed", True),
        ("535 5.7.139 SmtpClientAuthentication is disabled", "smtp-sign-in-off", True),
        ("538 5.7.11 Encryption required", "privacy-required", True),
        ("454 4.7.0 Temporary authentication failure", "sign-in-service-down", False),
        ("421 4.3.2 shutting down", "server-busy", False),
    ],
)
def test_a_refused_sign_in_keeps_the_mail_and_says_why(
    through: Through, reply: str, cause: str, counts: bool
) -> None:
    with Hostile([*EHLO, Send(f"{reply}\r\n".encode()), Hang()]) as server:
        message, account = through(server.port)
    assert (message.state, message.cause, account.cause) == (OutboxState.RETRY, cause, cause)
    assert (account.refused_count, account.next_at is not None) == (int(counts), counts)
    assert not accounts.is_paused(account)
    assert not UnknownFailure.objects.exists()


def test_a_server_that_wants_a_sign_in_loses_no_mail(through: Through) -> None:
    """It says so only when the sender is announced; the message is not to blame."""
    script: list[Step] = [Send(b"220 here\r\n"), Expect(b"EHLO"), Send(b"250 here\r\n")]
    said = Send(b"530 5.7.0 Authentication required\r\n")
    with Hostile([*script, Expect(b"MAIL"), said, Hang()]) as server:
        message, account = through(server.port, use_authentication=False, username="")
    assert (message.state, message.cause) == (OutboxState.RETRY, "sign-in-needed")
    assert account.refused_count == 1


@pytest.mark.parametrize(
    ("reply", "cause", "words"),
    [
        ("550 5.1.1 no such user", "no-such-recipient", "Check the address and send again."),
        ("552 5.3.4 too much", "message-too-large", "Send smaller attachments"),
        ("550 5.7.26 unauthenticated", "unauthenticated-domain", "SPF, DKIM or DMARC"),
        ("550 flarp", "message-refused", "did not take the message."),
    ],
)
@pytest.mark.parametrize("final", [True, False], ids=["message", "recipient"])
def test_a_refused_message_says_why_and_the_account_is_fine(
    user: User,
    smtp_server: SmtpServer,
    through: Through,
    reply: str,
    cause: str,
    words: str,
    final: bool,
) -> None:
    if final:
        smtp_server.final = reply
    else:
        smtp_server.refuse["bob@elsewhere.test"] = reply
    message, account = through(smtp_server.starttls_port, encryption="tls")
    smtp_server.final = None
    assert (message.state, message.cause) == (OutboxState.REFUSED, cause)
    assert account.cause == ""
    (row,) = rows(user, now=NOW)
    assert words in row.sentence
    assert "Nobody received it." in row.sentence


@pytest.mark.parametrize(
    "address",
    [
        "otto@example.test",
        "otto@EXAMPLE.test",
        "otto@example.test.",
        " otto@example.test",
        "otto@\uff45xample.test",
        "otto@example\u3002test",
        "otto@exam\u00adple.test",
    ],
)
def test_nobody_writes_as_somebody_else_here(
    user: User, other_user: User, values: Callable[..., AccountValues], address: str
) -> None:
    """Mail between people here passes no server that would ask, however the domain is spelt."""
    problem = accounts.refusal(user, values(email=address))
    assert problem is not None
    assert problem.cause == "not-your-address"
    assert accounts.refusal(user, values(email=address.replace("otto", "mara").strip())) is None


def test_words_nobody_knows_are_counted(through: Through) -> None:
    with Hostile([*EHLO, Send(b"535 flarp 17\r\n"), Hang()]) as server:
        through(server.port)
    with Hostile([*EHLO, Send(b"599 flarp 17\r\n"), Hang()]) as server:
        through(server.port)
    assert [row.line for row in UnknownFailure.objects.all()] == ["599 flarp #"]
