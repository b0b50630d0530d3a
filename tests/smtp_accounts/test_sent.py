"""The copy in Sent: once, in the right folder, whoever else keeps one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from filtering.services import deliver
from filtering.services.deliver import Incoming
from mailstore.models import Folder, FolderRole, Message, Source
from mailstore.services import blobs, clearing, folders, labels, messages, reminding
from protocols.body import Body
from smtp_accounts.models import Draft, Identity, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import accounts, outbox, queue, rounds, sent
from smtp_accounts.services.accounts import AccountValues
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import EXTERNAL, NOW

Send = Callable[..., OutboxMessage]


@pytest.fixture
def source(user: User) -> Source:
    """What mail of the same account is retrieved by."""
    return Source.objects.create(user=user, name="Provider", address=EXTERNAL)


@pytest.fixture
def send(
    user: User,
    source: Source,
    values: Callable[..., AccountValues],
    make_draft: Callable[..., Draft],
    smtp_server: SmtpServer,
) -> Send:
    account = accounts.save(user=user, values=values(), now=NOW, test=False).account
    assert account is not None
    assert account.source == source

    def sending(**fields: object) -> OutboxMessage:
        message = outbox.submit(user=user, draft=make_draft(account, **fields), now=NOW)
        ((pk, fence),) = queue.claim_due(now=NOW)
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
        message.refresh_from_db()
        return message

    return sending


def retrieved(raw: bytes, folder: Folder, source: Source | None) -> Message:
    """The same message as a pull of the other mailbox brings it, with what servers put before."""
    body = Body.of(b"Received: from here by there; Mon, 4 May 2026 09:30:00 +0000\r\n" + raw)
    incoming = Incoming(body, folder, internal_at=NOW, flags=frozenset({"\\Seen"}), source=source)
    return deliver.deliver([incoming], now=NOW)[0]


def copies(user: User) -> list[Message]:
    return list(Message.objects.filter(user=user).order_by("pk"))


def test_a_retrieved_copy_takes_the_place_of_ours(user: User, send: Send, source: Source) -> None:
    message = send()
    (ours,) = copies(user)
    messages.set_flags(user, [ours.pk], flagged=True)
    messages.add_keyword(user, ours, "studio")
    labels.put(user, labels.create(user, "Harbour"), [ours.pk])
    later = NOW + timedelta(days=2)
    reminding.remind(user, [ours.pk], later, only_unanswered=True, now=NOW)
    answer = send(kind="reply", original=ours, subject="Re: Tide tables")
    assert answer.sent_copy is not None
    messages.remove(user, [answer.sent_copy.pk])
    folder = folders.special(user, FolderRole.SENT)
    twin = retrieved(blobs.read(message.blob), folder, source)
    assert copies(user) == [twin]
    twin.refresh_from_db()
    assert (twin.is_seen, twin.is_flagged, twin.is_answered) == (True, True, True)
    assert twin.keywords == ["studio"]
    assert [one.name for one in labels.of(user, [twin.pk])[twin.pk]] == ["Harbour"]
    assert reminding.at(user, [twin.pk])[twin.pk].at == later
    message.refresh_from_db()
    answer.refresh_from_db()
    assert (message.sent_copy, answer.original) == (twin, twin)
    folder.refresh_from_db()
    assert (folder.total, folder.unread) == (1, 0)


def test_its_writer_hears_where_nobody_answers(user: User, send: Send) -> None:
    """On the morning of that day where they live, from the moment it left."""
    user.time_zone = "Asia/Tokyo"
    user.save()
    plain, asked = send(), send(remind_after=7)
    assert asked.sent_copy is not None
    copies = [one.sent_copy_id or 0 for one in (plain, asked)]
    ((pk, one),) = reminding.at(user, copies).items()
    here = NOW.astimezone(ZoneInfo("Asia/Tokyo")).date() + timedelta(days=7)
    assert (pk, one.only_unanswered) == (asked.sent_copy_id, True)
    assert one.at == datetime.combine(here, time(8), tzinfo=ZoneInfo("Asia/Tokyo"))


def test_a_folder_of_sent_mail_elsewhere_counts_too(user: User, send: Send, source: Source) -> None:
    message = send()
    folder = folders.ensure_path(user, ["Provider", "Sent Mail"], source=source)
    twin = retrieved(blobs.read(message.blob), folder, source)
    assert copies(user) == [twin]


@pytest.mark.parametrize("case", ["to oneself", "another source", "put away", "own folder"])
def test_what_is_no_copy_stays_beside_ours(
    user: User, send: Send, source: Source, case: str
) -> None:
    message = send()
    folder: Folder = folders.special(user, FolderRole.SENT)
    came_by: Source | None = source
    if case == "to oneself":
        folder = folders.special(user, FolderRole.INBOX)
    elif case == "another source":
        came_by = Source.objects.create(user=user, name="Other", address="other@there.test")
    elif case == "put away":
        archive = folders.special(user, FolderRole.ARCHIVE)
        messages.move(user, [message.sent_copy_id or 0], archive)
    else:
        folder = folders.ensure_path(user, ["Sent"], parent=folder)
    retrieved(blobs.read(message.blob), folder, came_by)
    assert len(copies(user)) == 2


def test_a_copy_that_was_retrieved_first_is_ours(
    user: User, send: Send, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull found it between the server's answer and our writing it down."""
    before = sent.prepare_copy
    found: list[Message] = []

    def prepare(message: OutboxMessage, body: Body, **named: object) -> deliver.Prepared:
        folder = folders.special(user, FolderRole.SENT)
        found.append(retrieved(body.read(), folder, source))
        return before(message, body, now=NOW)

    monkeypatch.setattr(sent, "prepare_copy", prepare)
    message = send()
    assert copies(user) == found
    assert message.sent_copy == found[0]


def test_another_person_is_none_of_it(
    user: User, other_user: User, send: Send, source: Source
) -> None:
    message = send()
    theirs = Source.objects.create(user=other_user, name="Provider", address=EXTERNAL)
    folder = folders.special(other_user, FolderRole.SENT)
    retrieved(blobs.read(message.blob), folder, theirs)
    assert len(copies(user)) == 1


def test_who_keeps_two_copies_has_two(user: User, source: Source, send: Send) -> None:
    message = send()
    raw = blobs.read(message.blob)
    folder = folders.ensure_path(user, ["Gesendet"])
    Folder.objects.filter(pk=folder.pk).update(source=source)
    folder.refresh_from_db()
    first = retrieved(raw, folder, source)
    second = retrieved(raw, folders.special(user, FolderRole.SENT), source)
    kept = Message.objects.filter(user=user, message_id=message.message_id)
    assert set(kept) == {first, second}


def test_a_copy_that_cannot_be_made_up_keeps_no_other_waiting(
    user: User,
    account: SmtpAccount,
    make_draft: Callable[..., Draft],
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.BLOB_DIR = tmp_path
    lost, good = (outbox.submit(user=user, draft=make_draft(account), now=NOW) for _ in range(2))
    OutboxMessage.objects.update(state=OutboxState.SENT)
    (tmp_path / lost.blob.segment.name).unlink()
    sent.make_up(now=NOW)
    good.refresh_from_db()
    assert good.sent_copy is not None
    assert sent.make_up(now=NOW) == 0


def test_an_identity_has_a_folder_of_its_own(user: User, send: Send) -> None:
    folder = folders.ensure_path(user, ["Studio", "Sent by me"])
    Identity.objects.filter(address=EXTERNAL).update(sent_folder=folder)
    message = send()
    assert message.sent_copy is not None
    assert message.sent_copy.folder == folder
    with transaction.atomic():
        clearing.delete(folder)
    # The folder is gone: the next one goes to Sent again.
    assert send().sent_copy.folder.role == FolderRole.SENT  # type: ignore[union-attr]  # it has one


@pytest.mark.parametrize(
    ("host", "keeps"),
    [
        ("smtp.gmail.com", True),
        ("smtp.office365.com", True),
        ("smtp-mail.outlook.com", True),
        ("mail.provider.test", False),
    ],
)
def test_providers_that_keep_a_copy_are_known(host: str, keeps: bool) -> None:
    assert sent.keeps_copy(SmtpAccount(host=host)) is keeps


def test_the_account_says_who_keeps_a_copy(
    user: User, send: Send, client_for: Callable[[User], Client]
) -> None:
    account = SmtpAccount.objects.get()
    address = reverse("smtp-account-edit", args=[account.pk])
    words = "keeps a copy of what you send"
    assert words not in client_for(user).get(address).content.decode()
    SmtpAccount.objects.update(host="smtp.gmail.com")
    assert f"Gmail {words}" in client_for(user).get(address).content.decode()
