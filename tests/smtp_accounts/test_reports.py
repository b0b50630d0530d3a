"""What came back changes what is shown about a message its owner sent, and nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from connectivity.models import Notification
from connectivity.notices import told
from filtering.services import deliver
from filtering.services.deliver import Incoming
from mailstore.models import Blob, FolderRole, Message
from mailstore.services import blobs, folders
from protocols.body import Body
from smtp_accounts import returned
from smtp_accounts.models import Draft, OutboxMessage, OutboxRecipient, ReturnedReport
from smtp_accounts.services import drafts, outbox, reports, resending
from smtp_accounts.services.drafts import Upload
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.reports import BOB, SENT, dsn, mdn

pytestmark = pytest.mark.django_db

ANN = "ann@elsewhere.test"
LATER = NOW + timedelta(minutes=5)
MakeDraft = Callable[..., Draft]


def arrive(user: User, *raws: bytes) -> list[Message]:
    inbox = folders.special(user, FolderRole.INBOX)
    filed = deliver.deliver([Incoming(Body.of(one), inbox) for one in raws], now=LATER)
    reports.read_due(now=LATER)
    return filed


@pytest.fixture
def sent(user: User, make_draft: MakeDraft) -> OutboxMessage:
    """A message to Bob and Ann, taken by a server."""
    draft = make_draft(to=f"Bob Lee <{BOB}>", cc=ANN)
    message = outbox.submit(user=user, draft=draft, now=NOW)
    message.recipients.update(state="accepted", reply="250 2.0.0 Ok")
    OutboxMessage.objects.filter(pk=message.pk).update(
        state="sent", message_id=SENT, ended_at=NOW, draft=None
    )
    copy = deliver.deliver(
        [
            Incoming(
                Body.of(b"Message-ID: " + SENT.encode() + b"\r\nSubject: Tide tables\r\n\r\n."),
                folders.special(user, FolderRole.SENT),
            )
        ],
        now=NOW,
    )[0]
    OutboxMessage.objects.filter(pk=message.pk).update(sent_copy=copy, sent_copied_at=NOW)
    message.refresh_from_db()
    return message


def state_of(address: str) -> OutboxRecipient:
    return OutboxRecipient.objects.get(address=address)


def test_a_failure_is_shown_on_the_message(user: User, sent: OutboxMessage) -> None:
    report = arrive(user, dsn())[0]
    bob = state_of(BOB)
    assert bob.bounced_at == report.sort_at
    assert (bob.status, bob.report_text) == ("5.2.2", "552 5.2.2 The mailbox is over quota")
    # What is sent stays as it is.
    assert bob.state == "accepted"
    assert state_of(ANN).bounced_at is None
    assert sent.sent_copy is not None
    shown = reports.status_of(sent.sent_copy)
    assert shown is not None
    assert shown.failed == (BOB,)
    assert shown.summary == "This message did not reach 1 of 2 recipients."
    assert shown.lines[0].sentence == "The recipient's mailbox is full."
    assert shown.lines[1].look == "sent"
    assert reports.about(report) == sent


@pytest.mark.parametrize(
    ("status", "words", "sentence", "action"),
    [
        (
            "4.4.1",
            "smtp; 451 4.4.1 connect to mx.elsewhere.test[192.0.2.1]:25: Connection timed out",
            "The recipient's server could not be reached.",
            "Check the part of the address after the @, or send it again later.",
        ),
        (
            "4.2.0",
            "smtp; 450 4.2.0 Greylisted, please come back",
            "It could not be delivered in time.",
            "Send it again later, or ask the recipient in another way.",
        ),
        (
            "5.4.7",
            "",
            "It could not be delivered in time.",
            "Send it again later, or ask the recipient in another way.",
        ),
    ],
)
def test_what_came_back_is_not_said_to_be_tried_again(
    user: User, sent: OutboxMessage, status: str, words: str, sentence: str, action: str
) -> None:
    """Whatever the last server asked for: who tried it has given up."""
    arrive(user, dsn(status=status, words=words))
    assert sent.sent_copy is not None
    shown = reports.status_of(sent.sent_copy)
    assert shown is not None
    assert (shown.failed, shown.lines[0].sentence) == ((BOB,), sentence)
    assert told(Notification.objects.get(), now=LATER).action == action


@pytest.mark.parametrize(
    ("raw", "look", "word"),
    [
        (dsn(action="delayed", status="4.4.1"), "wait", "Delayed"),
        (dsn(action="delivered", status="2.0.0"), "ok", "Delivered"),
        (dsn(action="relayed", status="2.0.0"), "sent", "Sent"),
        (dsn(action="expanded", status="2.0.0"), "sent", "Sent"),
        (mdn(), "read", "Read"),
        (mdn("manual-action/MDN-sent-manually; deleted"), "sent", "Sent"),
    ],
)
def test_every_other_end(user: User, sent: OutboxMessage, raw: bytes, look: str, word: str) -> None:
    arrive(user, raw)
    assert sent.sent_copy is not None
    shown = reports.status_of(sent.sent_copy)
    assert shown is not None
    (line,) = [one for one in shown.lines if one.address == BOB]
    assert (line.look, line.word) == (look, word)
    assert shown.failed == ()
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    ("state", "word"),
    [("deferred", "Will be tried again"), ("pending", "Waiting"), ("unknown", "Not certain")],
)
def test_a_recipient_it_has_not_left_for(sent: OutboxMessage, state: str, word: str) -> None:
    """The copy is in Sent as soon as it has reached anybody."""
    sent.recipients.filter(address=ANN).update(state=state, reply="451 4.7.1 later")
    assert sent.sent_copy is not None
    shown = reports.status_of(sent.sent_copy)
    assert shown is not None
    (line,) = [one for one in shown.lines if one.address == ANN]
    assert (line.look, line.word, line.server_line) == ("wait", word, "451 4.7.1 later")
    assert not shown.is_plain


def test_a_receipt_settles_what_was_not_certain(user: User, sent: OutboxMessage) -> None:
    sent.recipients.filter(address=BOB).update(state="unknown")
    arrive(user, mdn())
    assert sent.sent_copy is not None
    shown = reports.status_of(sent.sent_copy)
    assert shown is not None
    assert {one.address: one.look for one in shown.lines}[BOB] == "read"


def test_what_ended_counts_more_than_what_lasts(user: User, sent: OutboxMessage) -> None:
    arrive(user, dsn(action="delayed", status="4.4.1", words="smtp; 451 4.4.1 busy"))
    arrive(user, dsn())
    arrive(user, dsn(action="delayed", status="4.4.1", words="smtp; 451 4.4.1 still busy"))
    bob = state_of(BOB)
    assert bob.status == "5.2.2"
    assert sent.sent_copy is not None
    shown = reports.status_of(sent.sent_copy)
    assert shown is not None
    assert shown.failed == (BOB,)


def test_the_same_report_twice_is_one(user: User, sent: OutboxMessage) -> None:
    first, second = arrive(user, dsn(), dsn())
    assert first.pk != second.pk
    assert state_of(BOB).bounced_at == first.sort_at
    assert Notification.objects.count() == 1
    before = OutboxRecipient.objects.filter(address=BOB).values().get()
    assert reports.read_due(now=LATER) == 0
    assert OutboxRecipient.objects.filter(address=BOB).values().get() == before


def test_two_workers_read_a_report_once(user: User, sent: OutboxMessage) -> None:
    """The second finds it read between looking and taking."""
    inbox = folders.special(user, FolderRole.INBOX)
    deliver.deliver([Incoming(Body.of(dsn()), inbox)], now=LATER)
    row = ReturnedReport.objects.select_related("message__blob__segment").get()
    reports.read_due(now=LATER)
    OutboxRecipient.objects.update(bounced_at=None)
    report = returned.parse(dsn())
    reports._take(row, report, LATER)
    assert state_of(BOB).bounced_at is None


def test_a_report_comes_before_the_answer_of_the_server(user: User, make_draft: MakeDraft) -> None:
    """Some servers are quicker with the report than with the reply to the final dot."""
    message = outbox.submit(user=user, draft=make_draft(to=BOB), now=NOW)
    OutboxMessage.objects.filter(pk=message.pk).update(state="sending", message_id=SENT)
    arrive(user, dsn())
    bob = state_of(BOB)
    assert bob.bounced_at is not None
    assert bob.state == "pending"
    message.refresh_from_db()
    assert message.state == "sending"


def test_by_the_envelope_id_alone(user: User, sent: OutboxMessage) -> None:
    fields = f"Original-Envelope-Id: {SENT.strip('<>')}\n"
    arrive(
        user, dsn(fields=fields, original="").replace(b"--b\r\nContent-Type: message/rfc", b"--x")
    )
    assert state_of(BOB).bounced_at is not None


def test_a_report_about_somebody_elses_message_is_left_alone(
    user: User, other_user: User, sent: OutboxMessage
) -> None:
    """Whoever knows an id can write a report: it reaches nobody but the one it names."""
    report = arrive(other_user, dsn())[0]
    assert state_of(BOB).bounced_at is None
    assert reports.about(report) is None
    row = ReturnedReport.objects.get(message=report)
    assert row.read_at == LATER
    assert row.outbox is None


def test_a_report_about_a_message_that_is_not_from_here(user: User) -> None:
    report = arrive(user, dsn())[0]
    assert reports.about(report) is None
    assert not Notification.objects.exists()


def test_a_report_about_nobody_it_went_to(user: User, sent: OutboxMessage) -> None:
    """Of two recipients none is guessed; the report still leads to the message."""
    report = arrive(user, dsn("stranger@elsewhere.test"))[0]
    assert not OutboxRecipient.objects.exclude(bounced_at=None).exists()
    assert reports.about(report) == sent


def test_mail_that_was_passed_on_counts_for_the_only_recipient(
    user: User, sent: OutboxMessage
) -> None:
    sent.recipients.filter(address=ANN).delete()
    arrive(user, dsn("bobby@inside.test"))
    assert state_of(BOB).bounced_at is not None


def test_a_forged_report_sends_nothing(user: User, sent: OutboxMessage) -> None:
    before = OutboxMessage.objects.values().get()
    arrive(user, dsn(BOB, ANN), mdn())
    assert OutboxMessage.objects.values().get() == before
    assert not Draft.objects.open().exists()


def test_one_that_cannot_be_read_does_not_stop_the_others(user: User, sent: OutboxMessage) -> None:
    inbox = folders.special(user, FolderRole.INBOX)
    deliver.deliver([Incoming(Body.of(one), inbox) for one in (mdn(), dsn())], now=LATER)
    first = ReturnedReport.objects.order_by("pk")[0]
    Blob.objects.filter(pk=first.message.blob_id).update(offset=10**9)
    assert reports.read_due(now=LATER) == 2
    assert state_of(BOB).bounced_at is not None
    assert not ReturnedReport.objects.filter(read_at=None).exists()


def test_one_notification_for_many_failures(user: User, sent: OutboxMessage) -> None:
    arrive(user, dsn(BOB), dsn(ANN))
    row = Notification.objects.get()
    assert row.mail_at is None
    notice = told(row, now=LATER)
    assert notice.title == "“Tide tables” could not be delivered"
    assert notice.sentence.startswith("mx.elsewhere.test says")
    assert notice.url == f"/message/{sent.sent_copy_id}/"
    reports.seen(sent)
    assert not Notification.objects.exists()


def test_a_message_nobody_received(user: User, sent: OutboxMessage) -> None:
    arrive(user, dsn(BOB, ANN))
    assert sent.sent_copy is not None
    shown = reports.status_of(sent.sent_copy)
    assert shown is not None
    assert shown.summary == "This message was delivered to nobody."


@pytest.mark.parametrize(
    ("days", "backfill", "noticed"), [(61, True, 0), (59, True, 1), (61, False, 1)]
)
def test_reports_of_years_ago_are_not_read(
    user: User, days: int, backfill: bool, noticed: int
) -> None:
    """A mailbox that is brought in as a whole may hold thousands of them."""
    inbox = folders.special(user, FolderRole.INBOX)
    now = timezone.now()
    at = now - timedelta(days=days)
    incoming = Incoming(Body.of(dsn()), inbox, internal_at=at, backfill=backfill)
    deliver.deliver([incoming], now=now)
    assert ReturnedReport.objects.count() == noticed


def test_mail_that_is_no_report_makes_no_row(user: User) -> None:
    arrive(user, b"From: bob@elsewhere.test\r\nSubject: Hello\r\n\r\nHello.\r\n")
    assert not ReturnedReport.objects.exists()


def test_a_system_without_the_type_of_a_report_is_noticed(user: User) -> None:
    arrive(user, b"From: MAILER-DAEMON@mx.elsewhere.test\r\nSubject: failure\r\n\r\nHi.\r\n")
    assert ReturnedReport.objects.get().read_at == LATER


def test_resending_addresses_those_it_did_not_reach(user: User, sent: OutboxMessage) -> None:
    arrive(user, dsn())
    draft = resending.draft_for(message=sent, recipients=[BOB], now=LATER)
    assert draft is not None
    assert (draft.to, draft.cc, draft.bcc) == (f"Bob Lee <{BOB}>", "", "")
    assert draft.subject == "Tide tables"
    assert draft.body.strip() == "See below."
    assert draft.identity == sent.identity
    sent.refresh_from_db()
    assert sent.state == "sent"
    assert OutboxMessage.objects.count() == 1


def test_resending_keeps_text_files_and_fields(user: User, make_draft: MakeDraft) -> None:
    """Formatting, a picture in the text, a file beside it, and each recipient in its field."""
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 40
    html = f'<p>See <b>below</b>.</p><img src="data:image/png;base64,{b64encode(png).decode()}">'
    wishes = {"importance": "high", "wants_receipt": True, "wants_dsn": True}
    draft = make_draft(to="ann@elsewhere.test", bcc=BOB, html=html, **wishes)
    drafts.attach(
        draft=draft, uploads=[Upload("tides.pdf", "application/pdf", Body.of(b"%PDF"))], now=NOW
    )
    message = outbox.submit(user=user, draft=draft, now=NOW)
    OutboxMessage.objects.filter(pk=message.pk).update(state="sent", draft=None)
    Draft.objects.all().delete()
    message.refresh_from_db()
    again = resending.draft_for(message=message, recipients=[BOB], now=LATER)
    assert again is not None
    assert (again.to, again.bcc) == ("", BOB)
    assert {name: getattr(again, name) for name in wishes} == wishes
    assert "<b>below</b>" in again.html
    picture, file = again.attachments.order_by("-content_id")
    assert picture.content_id in again.html
    assert (file.filename, file.content_id) == ("tides.pdf", "")
    once_more = outbox.submit(user=user, draft=again, now=LATER)
    raw = blobs.read(once_more.blob)
    assert b"cid:" in raw
    assert BOB.encode() not in raw


def test_nobody_to_resend_to(user: User, sent: OutboxMessage) -> None:
    assert resending.draft_for(message=sent, recipients=["x@elsewhere.test"], now=LATER) is None
