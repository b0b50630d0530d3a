"""A draft made into the message that is stored: parts, people, limits, memory."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts import addresses
from smtp_accounts.models import (
    Correspondent,
    Draft,
    DraftAttachment,
    Identity,
    OutboxMessage,
    Signature,
    SignatureImage,
    SmtpAccount,
)
from smtp_accounts.services import drafts, outbox, queue, rounds
from smtp_accounts.services.drafts import Upload
from smtp_accounts.services.outbox import UnsendableError
from standin.smtp import SmtpServer
from tests.senders import identity_of
from tests.smtp_accounts.message_cases import WIDE_INNER

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
GIF = b"GIF89a" + bytes(range(200))

pytestmark = pytest.mark.django_db
Drafts = Callable[..., Draft]


def sent(draft: Draft, **more: Any) -> tuple[OutboxMessage, EmailMessage]:
    """The row of a draft handed in, and its bytes read back."""
    message = outbox.submit(user=draft.user, draft=draft, now=NOW, **more)
    return message, message_from_bytes(blobs.read(message.blob), policy=default)


def add(draft: Draft, name: str, kind: str, data: bytes, content_id: str = "") -> DraftAttachment:
    upload = Upload(name, kind, Body.of(data), content_id=content_id)
    return drafts.attach(draft=draft, uploads=[upload], now=NOW)[0]


def refusal(draft: Draft) -> UnsendableError:
    with pytest.raises(UnsendableError) as refused:
        outbox.submit(user=draft.user, draft=draft, now=NOW)
    assert not OutboxMessage.objects.exists()
    return refused.value


def test_a_message_has_all_its_draft_has(user: User, make_draft: Drafts) -> None:
    signature = Signature.objects.create(user=user, name="Short")
    stored = blobs.adopt(blobs.write([Body.of(GIF)]))[0]
    SignatureImage.objects.create(
        signature=signature, blob=stored, content_id="sig@x", content_type="image/gif", size=206
    )
    html = (
        '<p>Look <b>here</b>:</p><img data-cid="pic@inline" alt="Map">'
        f'<div data-signature="{signature.pk}">Mara <img src="cid:sig@x"></div>'
    )
    draft = make_draft(html=html, body="forgotten", cc="cee@elsewhere.test")
    add(draft, "map.png", "image/png", PNG, "pic@inline")
    add(draft, "old.png", "image/png", PNG + b"2", "taken-out@inline")
    add(draft, "plan.pdf", "application/pdf", b"%PDF")
    message, said = sent(draft)
    parts = {part.get_content_type(): part for part in said.walk() if not part.is_multipart()}
    assert list(parts) == [
        "text/plain", "text/html", "image/png", "image/gif", "application/pdf",
    ]  # fmt: skip
    assert parts["text/plain"].get_content().splitlines() == [
        "Look here:", "", "[Map]", "", "-- ", "Mara",
    ]  # fmt: skip
    assert 'src="cid:pic@inline" alt="Map"' in parts["text/html"].get_content()
    assert "data-" not in parts["text/html"].get_content()
    assert parts["image/png"].get_payload(decode=True) == PNG
    assert parts["image/png"]["Content-ID"] == "<pic@inline>"
    assert parts["image/gif"].get_payload(decode=True) == GIF
    assert parts["application/pdf"].get_filename() == "plan.pdf"
    assert message.message_id == said["Message-ID"]
    assert said["Message-ID"].endswith("@example.test>")


def test_what_arrives_is_what_was_stored(
    account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    html = '<p>Größe\nFrom here\n.\n<b>x</b></p><img data-cid="pic@inline">'
    draft = make_draft(account, html=html, subject="Größe der Flut, und mehr " * 12)
    add(draft, "map.png", "image/png", PNG, "pic@inline")
    add(draft, "Übersicht.bin", "application/x-a", os.urandom(3_000_000))
    message, _said = sent(draft)
    ((pk, fence),) = queue.claim_due(now=NOW)
    rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
    (taken,) = smtp_server.accepted
    assert taken.raw == blobs.read(message.blob)


def test_somebody_elses_signature_lends_no_pictures(other_user: User, make_draft: Drafts) -> None:
    signature = Signature.objects.create(user=other_user, name="Theirs")
    stored = blobs.adopt(blobs.write([Body.of(GIF)]))[0]
    SignatureImage.objects.create(
        signature=signature, blob=stored, content_id="sig@x", content_type="image/gif", size=206
    )
    _message, said = sent(make_draft(html='<p>x<img src="cid:sig@x"></p>'))
    assert [part.get_content_type() for part in said.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip


def test_nobody_learns_of_blind_copies(make_draft: Drafts) -> None:
    draft = make_draft(
        to="Bob <bob@elsewhere.test>, DEE@elsewhere.test",
        cc="cee@elsewhere.test, BOB@elsewhere.test",
        bcc="eve@elsewhere.test, dee@elsewhere.test",
    )
    message, said = sent(draft)
    assert b"eve@" not in blobs.read(message.blob)
    assert dict(message.recipients.order_by("pk").values_list("address", "field")) == {
        "bob@elsewhere.test": "to",
        "DEE@elsewhere.test": "to",
        "cee@elsewhere.test": "cc",
        "eve@elsewhere.test": "bcc",
    }
    assert said["Bcc"] is None


def test_those_written_to_are_remembered(user: User, make_draft: Drafts) -> None:
    draft = make_draft(to="Bob <Bob@elsewhere.test>", bcc="eve@elsewhere.test")
    sent(draft)
    known = Correspondent.objects.filter(user=user).order_by("address")
    assert [(one.address, one.identity_id, one.sent_count) for one in known] == [
        ("bob@elsewhere.test", draft.identity_id, 1),
        ("eve@elsewhere.test", draft.identity_id, 1),
    ]


def test_the_identity_says_where_answers_go_and_the_person_what_time_it_is(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    user.time_zone = "Asia/Kathmandu"
    user.save()
    Identity.objects.filter(account=account).update(reply_to="Desk <desk@elsewhere.test>")
    draft = make_draft(account, importance="high", wants_receipt=True, wants_dsn=True)
    message, said = sent(draft)
    assert said["Reply-To"] == "Desk <desk@elsewhere.test>"
    assert said["Date"] == "Mon, 04 May 2026 15:15:00 +0545"
    assert said["Importance"] == "high"
    assert said["Disposition-Notification-To"].endswith(f"<{account.email}>")
    assert message.wants_dsn


def test_a_time_zone_nobody_knows_is_none(user: User, make_draft: Drafts) -> None:
    user.time_zone = "Mars/Olympus"
    user.save()
    assert sent(make_draft())[1]["Date"] == "Mon, 04 May 2026 09:30:00 +0000"


def test_later_means_not_before(make_draft: Drafts) -> None:
    later = NOW + timedelta(days=2)
    message, _said = sent(make_draft(send_at=later), undo_seconds=10)
    assert (message.is_scheduled, message.not_before, message.due_since) == (True, later, later)
    past = make_draft(send_at=NOW - timedelta(hours=1))
    message, _said = sent(past, undo_seconds=10)
    assert (message.is_scheduled, message.not_before) == (False, NOW + timedelta(seconds=10))


@pytest.mark.parametrize(
    ("accepts", "address", "may"),
    [
        ("plus", "mara@provider.test", True),
        ("plus", "Mara+Tides@Provider.test", True),
        ("plus", "mara+@provider.test", True),
        ("plus", "otto@provider.test", False),
        ("plus", "mara+x@elsewhere.test", False),
        ("exact", "mara+x@provider.test", False),
        ("domain", "anything@provider.test", True),
        ("domain", "anything@sub.provider.test", False),
        ("domain", "not an address", False),
        ("plus", "mara@provider.test\r\nBcc: x@y.test", False),
    ],
)
def test_which_addresses_may_be_written_from(
    account: SmtpAccount, make_draft: Drafts, accepts: str, address: str, may: bool
) -> None:
    Identity.objects.filter(account=account).update(accepts=accepts)
    draft = make_draft(account, from_address=address)
    if not may:
        assert refusal(draft).field == "sender"
        assert list(outbox.problems(draft.user, draft)) == ["sender"]
        return
    message, said = sent(draft)
    assert said["From"].addresses[0].addr_spec.casefold() == address.casefold()
    assert message.from_address.casefold() == address.casefold()


def test_nobody_writes_as_a_neighbour(user: User, make_draft: Drafts) -> None:
    identity = identity_of(user, None)
    Identity.objects.filter(pk=identity.pk).update(accepts="domain")
    assert refusal(make_draft(from_address="otto@example.test")).field == "sender"


def test_what_the_way_out_does_not_take_is_said_before(
    account: SmtpAccount, make_draft: Drafts, settings: Settings
) -> None:
    draft = make_draft(account)
    add(draft, "big.bin", "application/x-big", os.urandom(2_000_000))
    assert outbox.problems(draft.user, draft) == {}
    SmtpAccount.objects.update(facts={"size": 2 << 20, "smtputf8": 0})
    draft = Draft.objects.get(pk=draft.pk)
    assert outbox.problems(draft.user, draft) == {
        "attachments": "localhost takes messages of at most 2 MB. Take out a file."
    }
    assert refusal(draft).field == "attachments"
    settings.MAX_SEND_SIZE = 1 << 20
    assert "at most 1 MB" in outbox.problems(draft.user, draft)["attachments"]


def test_letters_a_server_does_not_take_are_said_at_their_field(
    account: SmtpAccount, make_draft: Drafts
) -> None:
    draft = make_draft(account, cc="bøb@elsewhere.test")
    assert outbox.problems(draft.user, draft) == {}
    SmtpAccount.objects.update(facts={"smtputf8": 1})
    assert outbox.problems(draft.user, Draft.objects.get(pk=draft.pk)) == {}
    SmtpAccount.objects.update(facts={"smtputf8": 0})
    draft = Draft.objects.get(pk=draft.pk)
    found = outbox.problems(draft.user, draft)
    assert list(found) == ["cc"]
    assert "localhost cannot send to “bøb@elsewhere.test”" in found["cc"]


@pytest.mark.parametrize("offered", [0, 1])
def test_a_whole_message_goes_as_the_server_takes_it(
    account: SmtpAccount, make_draft: Drafts, offered: int
) -> None:
    SmtpAccount.objects.update(facts={"8bitmime": offered})
    draft = Draft.objects.get(pk=make_draft(account).pk)
    upload = Upload("m.eml", "", Body.of(WIDE_INNER), is_message=True)
    drafts.attach(draft=draft, uploads=[upload], now=NOW)
    message, said = sent(draft)
    (part,) = said.iter_attachments()
    assert part.get_content_type() == ("message/rfc822" if offered else "application/octet-stream")
    assert blobs.read(message.blob).isascii() == (not offered)


def test_every_slip_is_said_at_its_field(make_draft: Drafts) -> None:
    draft = make_draft(to="bob@", cc="a@b.test, c d", bcc="<x")
    assert list(outbox.problems(draft.user, draft)) == ["to", "cc", "bcc"]
    nobody = make_draft(to="")
    assert list(outbox.problems(nobody.user, nobody)) == ["to"]


def test_five_hundred_people_and_not_one_more(make_draft: Drafts) -> None:
    people = [f"u{n}@elsewhere.test" for n in range(addresses.MAX_RECIPIENTS)]
    message, said = sent(make_draft(to=", ".join(people[:250]), bcc=", ".join(people[250:])))
    assert message.recipients.count() == 500
    assert len(said["To"].addresses) == 250
    full = make_draft(to=", ".join([*people, "one@elsewhere.test"]))
    assert "500" in outbox.problems(full.user, full)["to"]


def test_a_large_file_never_lies_in_memory(
    account: SmtpAccount, make_draft: Drafts, settings: Settings
) -> None:
    settings.MAX_SEND_SIZE = 60 << 20
    draft = make_draft(account)

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield os.urandom(262_144)

    body = Body.gather(pieces())
    tracemalloc.start()
    try:
        drafts.attach(draft=draft, uploads=[Upload("a.bin", "application/x-a", body)], now=NOW)
        message = outbox.submit(user=draft.user, draft=draft, now=NOW)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert message.blob.size > 34 << 20
    assert peak < 8 << 20


def test_a_damaged_file_stops_the_message_and_not_the_rest(make_draft: Drafts) -> None:
    draft = make_draft()
    row = add(draft, "a.bin", "application/x-a", os.urandom(9_000_000))
    path = blobs.root() / row.blob.segment.name
    data = bytearray(path.read_bytes())
    data[-100] ^= 255
    path.write_bytes(data)
    assert refusal(draft).field == "attachments"
    assert Draft.objects.get(pk=draft.pk).submitted_at is None


def test_all_a_window_says_is_kept_and_a_repeat_is_no_conflict(
    user: User, make_draft: Drafts
) -> None:
    fields = {
        "identity": identity_of(user, None),
        "to": "bob@elsewhere.test",
        "subject": "Tides",
        "html": '<p onclick="x">Hello</p><img src="https://t.test/p.gif">',
        "body": "never looked at",
        "importance": "low",
        "wants_receipt": True,
        "wants_dsn": True,
        "send_at": NOW,
        "is_by_hand": True,
        "identity_reason": "own-choice",
    }
    draft = make_draft(**fields)
    values = drafts.DraftValues(**fields)  # type: ignore[arg-type] # the table above
    assert draft.html == '<p>Hello</p><img data-src="https://t.test/p.gif">'
    assert draft.body == "Hello\n"
    again = drafts.save(user=user, key=draft.key, values=values, version=0, now=NOW)
    assert again.version == draft.version
    other = drafts.DraftValues(**{**fields, "html": "<p>Bye</p>"})  # type: ignore[arg-type] # too
    with pytest.raises(drafts.ConflictError) as conflict:
        drafts.save(user=user, key=draft.key, values=other, version=0, now=NOW)
    assert conflict.value.draft.html == draft.html
    stored = drafts.save(user=user, key=draft.key, values=other, version=1, now=NOW)
    assert (stored.version, stored.body, stored.importance) == (2, "Bye\n", "low")
