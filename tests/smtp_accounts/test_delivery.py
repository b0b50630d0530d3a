"""Sending for real: through accounts, to mailboxes here, and what becomes of refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.db import transaction
from pytest_django import Settings

from accounts.models import User
from mailstore.models import FolderRole, Message
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import (
    accounts,
    delivery,
    drafts,
    outbox,
    queue,
    rounds,
    routes,
    waiting,
)
from smtp_accounts.services.accounts import AccountValues
from standin.certs import TlsFiles
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import EXTERNAL, NOW

Drafts = Callable[..., Draft]
SPOKEN: list[Step] = [
    Send(b"220 here\r\n"),
    Expect(rb"EHLO"),
    Send(b"250 here\r\n"),
    Expect(rb"MAIL"),
    Send(b"250 fine\r\n"),
    Expect(rb"RCPT"),
    Send(b"250 fine\r\n"),
    Expect(rb"DATA"),
]


def send_due(now: datetime = NOW) -> list[OutboxState | None]:
    """What the worker does when the schedule wakes it."""
    return [
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: now)
        for pk, fence in queue.claim_due(now=now)
    ]


def states(message: OutboxMessage) -> dict[str, str]:
    return dict(message.recipients.values_list("address", "state"))


def in_folder(user: User, role: str) -> list[Message]:
    return list(Message.objects.filter(user=user, folder__role=role))


@pytest.fixture
def clear_account(user: User, values: Callable[..., AccountValues]) -> Callable[[int], SmtpAccount]:
    """An account without encryption and sign-in on a port."""

    def make(port: int) -> SmtpAccount:
        typed = values(port=port, encryption="none", use_authentication=False, username="")
        stored = accounts.save(user=user, values=typed, now=NOW, test=False).account
        assert stored is not None
        return stored

    return make


@pytest.mark.accept("A23", "A24", "A26", "A27", "A35")
def test_mail_goes_through_the_chosen_account(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    draft = make_draft(account, cc="Cee <cee@elsewhere.test>", bcc="dee@elsewhere.test")
    message = outbox.submit(user=user, draft=draft, now=NOW)
    assert send_due() == [OutboxState.SENT]
    (taken,) = smtp_server.accepted
    assert taken.encrypted
    assert taken.user == "mara@provider.test"
    assert taken.sender == EXTERNAL
    assert taken.recipients == ("bob@elsewhere.test", "cee@elsewhere.test", "dee@elsewhere.test")
    said = message_from_bytes(taken.raw, policy=default)
    assert said["From"] == "Mara Lind <mara@provider.test>"
    assert said["Message-ID"].endswith("@provider.test>")
    assert b"dee@" not in taken.raw
    assert said["Bcc"] is None
    (copy,) = in_folder(user, FolderRole.SENT)
    assert copy.is_seen
    assert blobs.read(copy.blob) == taken.raw
    message.refresh_from_db()
    assert (message.state, message.sent_copy, message.draft) == (OutboxState.SENT, copy, None)
    assert not Draft.objects.exists()


def test_a_reply_marks_what_it_answers(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    outbox.submit(user=user, draft=make_draft(to=user.email), now=NOW)
    send_due()
    (original,) = in_folder(user, FolderRole.INBOX)
    reply = make_draft(account, kind="reply", original=original, subject="Re: Tide tables")
    outbox.submit(user=user, draft=reply, now=NOW)
    original.refresh_from_db()
    assert not original.is_answered
    send_due()
    original.refresh_from_db()
    assert original.is_answered
    said = message_from_bytes(smtp_server.accepted[0].raw, policy=default)
    assert said["In-Reply-To"] == original.message_id
    assert said["References"] == original.message_id


def test_one_refused_recipient_does_not_stop_the_others(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    smtp_server.refuse["full@elsewhere.test"] = "552 5.2.2 mailbox full"
    draft = make_draft(account, to="bob@elsewhere.test, full@elsewhere.test")
    message = outbox.submit(user=user, draft=draft, now=NOW)
    assert send_due() == [OutboxState.REFUSED]
    assert states(message) == {"bob@elsewhere.test": "accepted", "full@elsewhere.test": "refused"}
    refused = message.recipients.get(state="refused")
    assert refused.reply == "552 5.2.2 mailbox full"
    assert len(in_folder(user, FolderRole.SENT)) == 1
    again = waiting.edit_again(message=message, now=NOW)
    assert again is not None
    assert again.to == "full@elsewhere.test"
    assert waiting.rows(user).count() == 0


def test_a_deferred_recipient_is_tried_again_alone(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    smtp_server.refuse["slow@elsewhere.test"] = "451 4.3.0 later"
    draft = make_draft(account, to="bob@elsewhere.test, slow@elsewhere.test")
    message = outbox.submit(user=user, draft=draft, now=NOW)
    assert send_due() == [OutboxState.RETRY]
    message.refresh_from_db()
    assert message.not_before == NOW + timedelta(minutes=1)
    assert send_due() == []
    # Taken back now, it is for those only who have not got it.
    with transaction.atomic():
        again = waiting.cancel(message=message, now=NOW)
        assert again is not None
        assert again.to == "slow@elsewhere.test"
        transaction.set_rollback(True)
    smtp_server.refuse.clear()
    assert send_due(NOW + timedelta(minutes=1)) == [OutboxState.SENT]
    assert [one.recipients for one in smtp_server.accepted] == [
        ("bob@elsewhere.test",),
        ("slow@elsewhere.test",),
    ]
    assert len(in_folder(user, FolderRole.SENT)) == 1


def test_after_48_hours_it_is_given_up(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    smtp_server.final = "451 4.3.2 not now"
    message = outbox.submit(user=user, draft=make_draft(account), now=NOW)
    assert send_due() == [OutboxState.RETRY]
    message.refresh_from_db()
    # It was answered, so trying again cannot double it.
    assert message.dot_sent_at is None
    for hours in (1, 2, 47):
        assert send_due(NOW + timedelta(hours=hours)) == [OutboxState.RETRY]
    assert send_due(NOW + timedelta(hours=51)) == [OutboxState.REFUSED]
    message.refresh_from_db()
    assert message.cause == "gave-up"
    assert "not now" in message.server_line
    assert waiting.needing(user).count() == 1
    assert in_folder(user, FolderRole.SENT) == []


@pytest.mark.parametrize("answer", [Drop(), Drop(hard=True)])
def test_an_answer_lost_after_the_dot_is_never_resent_by_itself(
    user: User, clear_account: Callable[[int], SmtpAccount], make_draft: Drafts, answer: Drop
) -> None:
    script: list[Step] = [*SPOKEN, Send(b"354 go\r\n"), Expect(rb"^\.\r?$"), answer]
    with Hostile(script) as server:
        message = outbox.submit(user=user, draft=make_draft(clear_account(server.port)), now=NOW)
        assert send_due() == [OutboxState.UNKNOWN]
        assert send_due(NOW + timedelta(days=3)) == []
        assert len(server.heard) == 1
    message.refresh_from_db()
    assert message.cause == "answer-lost"
    assert states(message) == {"bob@elsewhere.test": "unknown"}
    assert in_folder(user, FolderRole.SENT) == []
    assert waiting.it_arrived(message=message, now=NOW)
    assert len(in_folder(user, FolderRole.SENT)) == 1
    assert not waiting.it_arrived(message=message, now=NOW)
    assert len(in_folder(user, FolderRole.SENT)) == 1


@pytest.mark.parametrize("steps", [3, 5, 7, 8])
def test_a_connection_lost_before_the_dot_is_tried_again(
    user: User, clear_account: Callable[[int], SmtpAccount], make_draft: Drafts, steps: int
) -> None:
    with Hostile([*SPOKEN[:steps], Drop()]) as server:
        message = outbox.submit(user=user, draft=make_draft(clear_account(server.port)), now=NOW)
        assert send_due() == [OutboxState.RETRY]
    message.refresh_from_db()
    assert message.dot_sent_at is None
    assert message.cause in {"dropped", "protocol"}


def test_a_refused_sign_in_keeps_the_mail_and_pauses_the_account_in_time(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    smtp_server.users["mara@provider.test"] = "changed elsewhere"
    try:
        message = outbox.submit(user=user, draft=make_draft(account), now=NOW)
        assert send_due() == [OutboxState.RETRY]
        account.refresh_from_db()
        message.refresh_from_db()
        assert account.cause == message.cause == "login-refused"
        assert waiting.needing(user).count() == 0
        for minutes in (10, 70):
            assert send_due(NOW + timedelta(minutes=minutes)) == [OutboxState.RETRY]
        assert waiting.needing(user).count() == 1
        # Nobody gets locked out by a worker that keeps trying.
        assert send_due(NOW + timedelta(hours=12)) == []
        assert smtp_server.logins == ["mara@provider.test"] * 3
        with pytest.raises(outbox.UnsendableError, match="Cannot send"):
            outbox.submit(user=user, draft=make_draft(account), now=NOW)
    finally:
        smtp_server.users["mara@provider.test"] = "korrekt-pferd"


def test_a_refused_message_shows_why(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    smtp_server.final = "554 5.7.1 looks like spam"
    message = outbox.submit(user=user, draft=make_draft(account), now=NOW)
    assert send_due() == [OutboxState.REFUSED]
    message.refresh_from_db()
    assert message.server_line == "554 5.7.1 looks like spam"
    assert waiting.send_again(message=message, now=NOW)
    smtp_server.final = None
    assert send_due() == [OutboxState.SENT]


def test_mail_to_people_here_needs_no_server(
    user: User, other_user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    draft = make_draft(to=f"{other_user.email.upper()}, nobody@example.test", bcc=user.email)
    message = outbox.submit(user=user, draft=draft, now=NOW)
    assert send_due() == [OutboxState.REFUSED]
    assert states(message)["nobody@example.test"] == "refused"
    assert message.recipients.get(state="refused").reply == delivery.NO_SUCH_USER
    (received,) = in_folder(other_user, FolderRole.INBOX)
    assert not received.is_seen
    assert received.subject == "Tide tables"
    assert b"Bcc" not in blobs.read(received.blob)
    assert len(in_folder(user, FolderRole.INBOX)) == len(in_folder(user, FolderRole.SENT)) == 1
    assert smtp_server.accepted == []


def test_without_a_relay_the_own_address_reaches_nobody_outside(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    message = outbox.submit(user=user, draft=make_draft(), now=NOW)
    assert send_due() == [OutboxState.REFUSED]
    message.refresh_from_db()
    assert message.cause == "no-relay"
    assert message.recipients.get().reply == routes.NO_RELAY
    # Above all it does not leave through somebody else's server.
    assert smtp_server.accepted == []


def test_the_relay_takes_mail_from_the_own_address(
    user: User, make_draft: Drafts, smtp_server: SmtpServer, settings: Settings
) -> None:
    port = smtp_server.starttls_port
    settings.RELAY_URL = f"smtp+starttls://mara%40provider.test:korrekt-pferd@localhost:{port}"
    outbox.submit(user=user, draft=make_draft(), now=NOW)
    assert send_due() == [OutboxState.SENT]
    assert smtp_server.accepted[0].sender == user.email
    assert smtp_server.accepted[0].encrypted


def test_a_doubled_hint_sends_once(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    ((pk, fence),) = queue.claim_due(now=NOW)
    assert queue.claim_due(now=NOW) == []
    first = rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
    second = rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
    assert (first, second) == (OutboxState.SENT, None)
    assert len(smtp_server.accepted) == 1


def test_a_lost_hint_is_made_up_for(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    queue.claim_due(now=NOW)
    assert send_due(NOW + timedelta(minutes=5)) == [OutboxState.SENT]
    assert len(smtp_server.accepted) == 1


def test_a_worker_that_lost_its_claim_does_not_send(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    message = outbox.submit(user=user, draft=make_draft(account), now=NOW)
    ((pk, fence),) = queue.claim_due(now=NOW)

    def clock() -> datetime:
        # Somebody else takes the row over at the last moment before the dot.
        OutboxMessage.objects.filter(pk=pk, dot_sent_at=None, attempts=1).update(fence=99)
        return NOW

    assert rounds.deliver(outbox_id=pk, fence=fence, clock=clock) is None
    assert smtp_server.accepted == []
    message.refresh_from_db()
    assert message.dot_sent_at is None


def test_undo_gives_the_draft_back(user: User, account: SmtpAccount, make_draft: Drafts) -> None:
    draft = make_draft(account)
    message = outbox.submit(user=user, draft=draft, now=NOW, undo_seconds=10)
    assert queue.claim_due(now=NOW + timedelta(seconds=9)) == []
    assert not Draft.objects.open().exists()
    assert waiting.cancel(message=message, now=NOW) == draft
    assert Draft.objects.open().get() == draft
    assert queue.claim_due(now=NOW + timedelta(minutes=1)) == []
    assert waiting.cancel(message=message, now=NOW) is None


def test_sending_twice_is_one_message(user: User, account: SmtpAccount, make_draft: Drafts) -> None:
    draft = make_draft(account)
    first = outbox.submit(user=user, draft=draft, now=NOW)
    assert outbox.submit(user=user, draft=draft, now=NOW) == first
    assert OutboxMessage.objects.count() == 1


def test_a_server_that_hangs_ends_in_time(
    user: User,
    clear_account: Callable[[int], SmtpAccount],
    make_draft: Drafts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "SEND_LIMIT", 1.0)
    with Hostile([Send(b"220 here\r\n"), Hang()]) as server:
        message = outbox.submit(user=user, draft=make_draft(clear_account(server.port)), now=NOW)
        assert send_due() == [OutboxState.RETRY]
    message.refresh_from_db()
    assert message.cause == "hung"


def test_a_password_that_does_not_open_pauses_the_account(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    assert account.credential is not None
    type(account.credential).objects.update(token=b"\x01" + b"broken" * 8)
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    assert send_due() == [OutboxState.RETRY]
    account.refresh_from_db()
    assert account.cause == "credential-unreadable"
    assert smtp_server.logins == []


def test_attachments_arrive_byte_for_byte(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    data = bytes(range(256)) * 4000
    draft = make_draft(account)
    upload = drafts.Upload("Zähler ☂.pdf", "application/pdf", Body.of(data))
    drafts.attach(draft=draft, uploads=[upload], now=NOW)
    outbox.submit(user=user, draft=draft, now=NOW)
    assert send_due() == [OutboxState.SENT]
    said = message_from_bytes(smtp_server.accepted[0].raw, policy=default)
    (part,) = said.iter_attachments()
    assert part.get_filename() == "Zähler ☂.pdf"
    assert part.get_content() == data


def test_tls_trust_is_not_given_up_for_sending(
    user: User,
    values: Callable[..., AccountValues],
    make_draft: Drafts,
    tls_files: TlsFiles,
) -> None:
    with SmtpServer({"mara@provider.test": "korrekt-pferd"}, tls=tls_files.self_signed) as server:
        typed = values(port=server.tls_port, encryption="ssl")
        stored = accounts.save(user=user, values=typed, now=NOW, test=False).account
        message = outbox.submit(user=user, draft=make_draft(stored), now=NOW)
        assert send_due() == [OutboxState.RETRY]
        assert server.logins == []
    message.refresh_from_db()
    assert message.cause == "tls-self-signed"
