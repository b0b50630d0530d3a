"""A receipt is sent when its reader says so, once, and never for what asks everybody."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest

from accounts.models import User
from filtering.services import deliver
from filtering.services.deliver import Incoming
from mailstore import headers
from mailstore.models import FolderRole, Message
from mailstore.services import blobs, folders, messages
from protocols.body import Body
from smtp_accounts import receipt, returned
from smtp_accounts.addresses import Mailbox
from smtp_accounts.models import OutboxMessage, SmtpAccount
from smtp_accounts.services import queue, receipts, rounds
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import EXTERNAL, NOW

JONAS = "jonas@harbourline.test"


def letter(
    *,
    extra: str = "",
    to: str = EXTERNAL,
    asks: str = JONAS,
    path: str | None = JONAS,
    sender: str = f"Jonas Ekdahl <{JONAS}>",
) -> bytes:
    top = f"Return-Path: <{path}>\n" if path is not None else ""
    text = (
        f"{top}From: {sender}\nTo: Mara Lind <{to}>\nSubject: Lease\n"
        f"Message-ID: <lease-4@harbourline.test>\nDisposition-Notification-To: {asks}\n{extra}"
        "Content-Type: text/plain\n\nDear Mara,\n"
    )
    return text.replace("\n", "\r\n").encode()


def asked(**changed: str | None) -> str:
    return receipt.asked_by(headers.parse(letter(**changed)))  # type: ignore[arg-type] # as letter


def test_a_request() -> None:
    assert asked() == JONAS
    assert asked(path=None) == JONAS
    assert asked(asks=f"Jonas <{JONAS.upper()}>").casefold() == JONAS


@pytest.mark.parametrize(
    "extra",
    [
        "List-Id: <tides.lists.test>\n",
        "List-Unsubscribe: <https://lists.test/off>\n",
        "Precedence: bulk\n",
        "Precedence: list\n",
        "Auto-Submitted: auto-generated\n",
        "Disposition-Notification-Options: signed-receipt-protocol=required,pkcs7\n",
        "Disposition-Notification-To: else@elsewhere.test\n",
    ],
)
def test_what_no_receipt_is_offered_for(extra: str) -> None:
    assert asked(extra=extra) == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"asks": "spy@elsewhere.test"},
        {"asks": f"{JONAS}, spy@elsewhere.test"},
        {"asks": "nobody"},
        {"path": "bounces@lists.test"},
        {"path": ""},
        {"path": None, "sender": "Jonas <jonas@elsewhere.test>"},
    ],
)
def test_a_receipt_goes_to_nobody_but_the_sender(changed: dict[str, str | None]) -> None:
    assert asked(**changed) == ""


def test_the_bytes_of_a_receipt_are_read_by_others() -> None:
    made = receipt.Receipt(
        sender=Mailbox("Mara Lind", EXTERNAL),
        to=JONAS,
        original_id="<lease-4@harbourline.test>",
        subject="Read: Lease für den Kai",
        text="It was shown.\n",
        message_id="<r@provider.test>",
        date=NOW,
        header=letter().partition(b"\r\n\r\n")[0],
    )
    raw = receipt.build(made)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    mail = message_from_bytes(raw, policy=default)
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "disposition-notification"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == "<lease-4@harbourline.test>"
    assert mail["Subject"] == "Read: Lease für den Kai"
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["text/plain", "message/disposition-notification", "text/rfc822-headers"]
    found = returned.parse(raw)
    assert found is not None
    assert found.is_displayed
    assert found.outcomes[0].address == EXTERNAL
    assert found.ids[0] == "<lease-4@harbourline.test>"


def test_a_receipt_keeps_to_itself_how_the_message_came(user: User, account: SmtpAccount) -> None:
    """The mailbox behind an address, and what its servers wrote, are no matter of the sender."""
    on_the_way = (
        "Delivered-To: mara.private@home.test\nX-Forwarded-To: mara@work.test\n"
        "Received: from inner.home.test\n by mx.home.test for <mara.private@home.test>\n"
        "X-Spam-Status: Yes, score=7\nReferences: <lease-1@harbourline.test>\n"
        " <lease-2@harbourline.test>\n"
    )
    message = arrive(user, letter(extra=on_the_way))
    sent = receipts.answer(user, message, now=NOW)
    assert sent is not None
    raw = blobs.read(sent.blob)
    for said in (b"private", b"work.test", b"home.test", b"X-Spam", b"Received"):
        assert said not in raw
    assert b"Subject: Lease\r\n" in raw
    assert b"<lease-1@harbourline.test>\r\n <lease-2@harbourline.test>" in raw


@pytest.fixture
def message(user: User, account: SmtpAccount) -> Message:
    return arrive(user, letter())


def arrive(user: User, raw: bytes, role: FolderRole = FolderRole.INBOX) -> Message:
    folder = folders.special(user, role)
    return deliver.deliver([Incoming(Body.of(raw), folder)], now=NOW)[0]


def request(user: User, message: Message) -> receipts.Request | None:
    return receipts.request_of(user, message, headers.parse(blobs.read(message.blob)))


def test_a_receipt_is_sent_from_the_address_that_was_written_to(
    user: User, message: Message, smtp_server: SmtpServer
) -> None:
    found = request(user, message)
    assert found is not None
    assert (found.to, found.sender.address) == (JONAS, EXTERNAL)
    assert receipts.answer(user, message, now=NOW) is not None
    ((pk, fence),) = queue.claim_due(now=NOW)
    assert rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW) == "sent"
    (accepted,) = smtp_server.accepted
    # Nothing answers what nobody wrote (RFC 8098 section 3).
    assert accepted.sender == "<>"
    assert accepted.recipients == (JONAS,)
    sent = OutboxMessage.objects.get()
    assert sent.sent_copy is None
    assert not Message.objects.filter(folder__role=FolderRole.SENT).exists()


def test_it_is_asked_once(user: User, message: Message) -> None:
    assert receipts.answer(user, message, now=NOW) is not None
    stale = Message.objects.get(pk=message.pk)
    stale.keywords = []
    assert request(user, Message.objects.get(pk=message.pk)) is None
    # A double click: the second sees the message as it was.
    assert receipts.answer(user, stale, now=NOW) is None
    assert OutboxMessage.objects.count() == 1
    assert "$MDNSent" in Message.objects.get(pk=message.pk).keywords


def test_declining_sends_nothing(user: User, message: Message) -> None:
    receipts.decline(user, message)
    assert request(user, Message.objects.get(pk=message.pk)) is None
    assert not OutboxMessage.objects.exists()


def test_another_program_has_answered(user: User, account: SmtpAccount) -> None:
    inbox = folders.special(user, FolderRole.INBOX)
    flags = frozenset({"$mdnsent"})
    found = deliver.deliver([Incoming(Body.of(letter()), inbox, flags=flags)], now=NOW)[0]
    assert request(user, found) is None


@pytest.mark.parametrize("role", [FolderRole.SENT, FolderRole.DRAFTS, FolderRole.JUNK])
def test_not_in_these_folders(user: User, account: SmtpAccount, role: FolderRole) -> None:
    assert request(user, arrive(user, letter(), role)) is None


def test_no_address_is_given_away(user: User, account: SmtpAccount) -> None:
    """Written to a list or as a blind copy: whose address read it is not the sender's to know."""
    assert request(user, arrive(user, letter(to="everybody@harbourline.test"))) is None


def test_nobody_answers_themselves(user: User, account: SmtpAccount) -> None:
    raw = letter(asks=EXTERNAL, path=EXTERNAL, sender=EXTERNAL)
    assert request(user, arrive(user, raw)) is None


def test_a_keyword_is_added_once_and_told_to_other_programs(user: User, message: Message) -> None:
    before = Message.objects.get(pk=message.pk).modseq
    assert messages.add_keyword(user, message, "$Label1")
    assert not messages.add_keyword(user, message, "$label1")
    row = Message.objects.get(pk=message.pk)
    assert row.keywords == ["$Label1"]
    assert row.modseq > before
