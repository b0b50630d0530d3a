"""What was written to be sent later carries the Date of the moment it leaves, and no other."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from accounts.models import User
from mailstore.models import FolderRole, Message
from mailstore.services import blobs
from smtp_accounts import dating
from smtp_accounts.models import OutboxMessage, OutboxState
from smtp_accounts.services import queue, releasing, waiting
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.sending import Submit, first_round

LATER = NOW + timedelta(days=3)


def date_of(raw: bytes) -> object:
    return message_from_bytes(raw, policy=default)["Date"].datetime


def undated(raw: bytes) -> list[bytes]:
    return [line for line in raw.split(b"\r\n") if not line.startswith(b"Date: ")]


@pytest.mark.parametrize("by_hand", [False, True])
def test_it_has_the_date_it_is_released_at(
    user: User, submit: Submit, smtp_server: SmtpServer, by_hand: bool
) -> None:
    User.objects.update(time_zone="Europe/Berlin")
    message = submit(send_at=LATER, body="Date: of the text\n")
    frozen = blobs.read(message.blob)
    leaves = LATER
    if by_hand:
        leaves = NOW + timedelta(hours=1)
        assert waiting.send_now(message=message, now=leaves)
    assert first_round(leaves) == OutboxState.SENT
    (taken,) = smtp_server.accepted
    assert date_of(frozen) == NOW
    assert date_of(taken.raw) == leaves
    assert b"+0200\r\n" in taken.raw
    # Nothing else is another: the Message-ID, the text, the ends of the lines.
    assert undated(taken.raw) == undated(frozen)
    copy = Message.objects.get(user=user, folder__role=FolderRole.SENT)
    assert blobs.read(copy.blob) == taken.raw
    assert copy.sent_at == leaves


def test_a_retry_changes_nothing_any_more(submit: Submit, smtp_server: SmtpServer) -> None:
    smtp_server.refuse["bob@elsewhere.test"] = "451 4.3.0 later"
    message = submit(to="bob@elsewhere.test, eve@elsewhere.test", send_at=LATER)
    assert first_round(LATER) == OutboxState.RETRY
    smtp_server.refuse.clear()
    assert first_round(LATER + timedelta(minutes=1)) == OutboxState.SENT
    first, second = smtp_server.accepted
    assert first.raw == second.raw
    message.refresh_from_db()
    assert blobs.read(message.blob) == first.raw


def test_what_is_sent_at_once_stays_as_it_was_frozen(
    submit: Submit, smtp_server: SmtpServer
) -> None:
    frozen = blobs.read(submit().blob)
    first_round(NOW + timedelta(seconds=30))
    assert smtp_server.accepted[0].raw == frozen


def test_who_has_lost_the_message_writes_no_date(submit: Submit) -> None:
    message = submit(send_at=LATER)
    ((pk, fence),) = queue.claim_due(now=LATER)
    started = queue.start(outbox_id=pk, fence=fence, now=LATER)
    assert started is not None
    OutboxMessage.objects.update(fence=99)
    with pytest.raises(queue.LostClaimError):
        releasing.release(started, now=LATER)
    message.refresh_from_db()
    assert message.is_scheduled
    assert date_of(blobs.read(message.blob)) == NOW


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_only_the_field_of_the_header_is_another(size: int) -> None:
    raw = (
        b"From: a@b.test\r\nResent-Date: no\r\nDate: Mon, 04 May 2026\r\n 09:30:00 +0000\r\n"
        b"Subject: Date: x\r\n\r\nDate: y\r\n\r\nDate: z\r\n"
    )
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    made = b"".join(dating.redated(pieces, LATER))
    old = b"Date: Mon, 04 May 2026\r\n 09:30:00 +0000\r\n"
    assert made == raw.replace(old, f"{dating.field(LATER)}\r\n".encode())
