"""What filters forward goes out once, says so, and never in circles."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest

from accounts.models import Limits, User
from filtering.actions import Action, Do
from filtering.models import ForwardDue, ForwardState
from filtering.screen import Screen
from mailstore import headers
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import blobs, folders
from smtp_accounts import looping
from smtp_accounts.models import OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import forwarding, identities, queue, rounds
from standin.smtp import SmtpServer
from tests.filtering.making import made
from tests.mail import letter, put
from tests.smtp_accounts.conftest import EXTERNAL, NOW

TO = "bob@elsewhere.test"


@pytest.fixture
def inbox(user: User) -> Folder:
    return folders.special(user, FolderRole.INBOX)


@pytest.fixture
def forwards(user: User) -> None:
    made(user, "bill", Action(Do.FORWARD, TO))


def came(inbox: Folder, raw: bytes) -> ForwardDue:
    (row,) = put(inbox, raw, screen=Screen.ALL)
    return ForwardDue.objects.get(message=row)


def refused(due: ForwardDue) -> str:
    assert forwarding.send_due(now=NOW) == 0
    due.refresh_from_db()
    assert due.state == ForwardState.REFUSED
    assert not OutboxMessage.objects.exists()
    return due.cause


def test_it_goes_out_once_and_comes_back_to_nobody(
    user: User, account: SmtpAccount, inbox: Folder, forwards: None, smtp_server: SmtpServer
) -> None:
    identities.set_default(user, identities.primary_of(account))
    raw = letter("Bill for May", text="Seven euros.", extra="Message-ID: <b7@example.test>\n")
    due = came(inbox, raw)
    assert forwarding.send_due(now=NOW) == 1
    assert forwarding.send_due(now=NOW) == 0
    due.refresh_from_db()
    assert due.state == ForwardState.SENT
    for pk, fence in queue.claim_due(now=NOW):
        assert rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW) == OutboxState.SENT
    (taken,) = smtp_server.accepted
    assert taken.recipients == (TO,)
    assert taken.sender != "ada@example.test"
    said = message_from_bytes(taken.raw, policy=default)
    assert said["Subject"] == "Fwd: Bill for May"
    assert said["Reply-To"] == "Ada Berg <ada@example.test>"
    assert said["From"].addresses[0].addr_spec == EXTERNAL
    assert (said["Auto-Submitted"], said["X-Loop"]) == (looping.AUTO, user.email)
    (whole,) = said.iter_attachments()
    assert whole.get_content_type() == "message/rfc822"
    inner = cast("EmailMessage", whole.get_content())
    assert inner["Message-ID"] == "<b7@example.test>"
    assert "Seven euros." in inner.get_content()
    message = Message.objects.get(folder=inbox)
    assert message.is_forwarded
    assert not Message.objects.filter(folder__role=FolderRole.SENT).exists()
    # What we sent comes back: it is filed, and goes no further.
    assert refused_again(inbox, taken.raw) == "loop"


def refused_again(inbox: Folder, raw: bytes) -> str:
    before = OutboxMessage.objects.count()
    due = came(inbox, raw)
    assert forwarding.send_due(now=NOW) == 0
    due.refresh_from_db()
    assert OutboxMessage.objects.count() == before
    return due.cause


@pytest.mark.parametrize(
    ("extra", "cause"),
    [
        ("X-Loop: Mara@Example.test\n", "loop"),
        ("".join(f"X-Loop: {n}@x.test\n" for n in range(4)), "loop"),
        ("Received: by x; Tue, 3 Feb 2026 10:00:00 +0000\n" * 51, "loop"),
        ("Return-Path: <>\n", "automatic"),
        ("Auto-Submitted: auto-replied\n", "automatic"),
        ("Precedence: auto_reply\n", "automatic"),
        ("X-Autoreply: yes\n", "automatic"),
        ("Content-Type: multipart/report; report-type=delivery-status\n", "automatic"),
        ("Auto-Submitted: no\nReturn-Path: <ada@example.test>\n", ""),
        ("Auto-Submitted: auto-generated\nList-Id: <sail.test>\n", ""),
        ("X-Loop: otto@example.test\n", ""),
    ],
)
def test_what_is_never_forwarded(extra: str, cause: str) -> None:
    assert looping.refusal(headers.parse(letter(extra=extra)), "mara@example.test") == cause


def test_a_day_has_an_end(
    inbox: Folder, forwards: None, account: SmtpAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "DAILY", 1)
    _first, second = (came(inbox, letter(f"Bill {n}")) for n in "ab")
    assert forwarding.send_due(now=NOW) == 1
    second.refresh_from_db()
    assert second.cause == "too-many"
    # Nor more than an administrator lets anybody send.
    monkeypatch.setattr(forwarding, "DAILY", 200)
    Limits.objects.create(domain=inbox.user.domain, daily_sends=1)
    assert refused_again(inbox, letter("Bill c")) == "too-many"


def test_a_bounce_goes_nowhere(inbox: Folder, forwards: None, account: SmtpAccount) -> None:
    assert refused(came(inbox, b"Return-Path: <>\r\n" + letter("Bill"))) == "automatic"


def test_what_cannot_be_made_is_tried_again_and_then_given_up(
    inbox: Folder, forwards: None, account: SmtpAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = came(inbox, letter("Bill"))

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(blobs, "write", full)
        assert forwarding.send_due(now=NOW) == 0
        due.refresh_from_db()
        assert (due.state, due.tries) == (ForwardState.WAITING, 1)
        # Not at once, and not for ever.
        assert forwarding.send_due(now=NOW) == 0
        due.refresh_from_db()
        assert due.tries == 1
    assert forwarding.send_due(now=due.next_at) == 1
