"""What the message page and the outbox show of what came back, and what may be done about it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from connectivity.models import Notification
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Folder, Message
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts.models import Draft, OutboxMessage, SmtpAccount
from smtp_accounts.services import drafts, identities, marks, outbox, reports, sent
from tests.smtp_accounts.reports import BOB, SENT, dsn, mdn
from tests.smtp_accounts.test_receipts import letter
from tests.webmail.samples import letter as plain_letter
from tests.webmail.samples import put
from webmail import came_back, letters

ANN = "ann@elsewhere.test"


@pytest.fixture
def copy(user: User, account: SmtpAccount) -> Message:
    """The copy in Sent of a message to Bob and Ann."""
    now = timezone.now()
    values = drafts.DraftValues(
        identity=identities.primary_of(account), to=BOB, cc=ANN, subject="Tide tables", body="Below"
    )
    draft = drafts.save(user=user, key=uuid4(), values=values, version=0, now=now)
    message = outbox.submit(user=user, draft=draft, now=now)
    message.recipients.update(state="accepted")
    OutboxMessage.objects.filter(pk=message.pk).update(
        state="sent", message_id=SENT, ended_at=now, draft=None
    )
    draft.delete()
    message.refresh_from_db()
    made = sent.prepare_copy(message, blobs.body(message.blob), now=now)
    with transaction.atomic():
        sent.file_copy(message, made, now=now)
    return Message.objects.get()


def arrive(inbox: Folder, *raws: bytes) -> list[Message]:
    now = timezone.now()
    filed = deliver([Incoming(Body.of(one), inbox) for one in raws], now=now)
    reports.read_due(now=now)
    return filed


def page_of(client: Client, message: Message) -> str:
    answer = client.get(reverse("mail-message", args=[message.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_sent_message_says_it(browser_client: Client, copy: Message, inbox: Folder) -> None:
    assert "Taken by localhost for 2 recipients" in page_of(browser_client, copy)
    (report,) = arrive(inbox, dsn())
    page = page_of(browser_client, copy)
    assert "This message did not reach 1 of 2 recipients." in page
    assert f"Edit and resend to {BOB}" in page
    assert "552 5.2.2 The mailbox is over quota" in page
    told = page_of(browser_client, report)
    assert "This is a report about “Tide tables”, which you sent." in told
    assert reverse("mail-message", args=[copy.pk]) in told


def test_its_line_in_a_list_says_it(
    browser_client: Client, other_user: User, copy: Message, inbox: Folder
) -> None:
    """For eyes, for pointers and for ears; a failure counts more than a delay."""
    place = reverse("mail-folder", args=[copy.folder_id])

    def shown() -> str:
        return browser_client.get(place).content.decode()

    assert "msg__mark" not in shown().replace("msg__marks", "")
    arrive(inbox, dsn(ANN, action="delayed"))
    assert f'title="Delayed on its way to {ANN}"' in shown()
    arrive(inbox, dsn())
    assert f'aria-label="Not delivered to {BOB}"' in shown()
    assert "Delayed" not in shown()
    arrive(inbox, dsn(ANN))
    assert "Not delivered to 2 recipients" in shown()
    assert marks.of(other_user, [copy.pk]) == {}


def test_a_delay_that_ended_well_is_no_longer_shown(
    user: User, copy: Message, inbox: Folder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    arrive(inbox, dsn(ANN, action="delayed"), dsn(action="delayed"))
    with django_assert_num_queries(1):
        [mark] = marks.of(user, [copy.pk]).values()
    assert (mark.words, mark.is_bad) == ("Delayed on its way to several recipients", False)
    arrive(inbox, dsn(ANN, action="delivered"), mdn(recipient=BOB))
    assert marks.of(user, [copy.pk]) == {}


def test_looking_at_it_ends_the_notification(
    browser_client: Client, copy: Message, inbox: Folder
) -> None:
    (report,) = arrive(inbox, dsn())
    browser_client.head(reverse("mail-message", args=[copy.pk]))
    assert Notification.objects.exists()
    page_of(browser_client, report)
    assert not Notification.objects.exists()


def test_words_of_a_server_are_words(browser_client: Client, copy: Message, inbox: Folder) -> None:
    arrive(inbox, dsn(words='smtp; 550 <script>alert(1)</script> "><img src=x onerror=alert(1)>'))
    page = page_of(browser_client, copy)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_edit_and_resend(browser_client: Client, copy: Message, inbox: Folder) -> None:
    arrive(inbox, dsn())
    answer = browser_client.post(reverse("mail-resend", args=[copy.pk]))
    draft = Draft.objects.get()
    assert answer.headers["Location"] == reverse("compose-draft", args=[draft.key])
    assert (draft.to, draft.cc, draft.subject) == (BOB, "", "Tide tables")
    part = browser_client.post(
        reverse("mail-resend", args=[copy.pk]), headers={"X-Part": "json"}
    ).json()
    assert part["open"].startswith("/compose/")


def test_what_cannot_be_resent(browser_client: Client, copy: Message, inbox: Folder) -> None:
    """Nobody was missed, or the message is none that was sent from here."""
    address = reverse("mail-resend", args=[copy.pk])
    assert browser_client.post(address, headers={"X-Part": "json"}).status_code == 409
    assert browser_client.post(address).headers["Location"] == reverse(
        "mail-message", args=[copy.pk]
    )
    other = put(inbox, plain_letter("Hello"), at=timezone.now())
    assert browser_client.post(reverse("mail-resend", args=[other.pk])).status_code == 404
    assert not Draft.objects.exists()


def test_a_receipt_is_asked_about_and_answered(
    browser_client: Client, account: SmtpAccount, inbox: Folder
) -> None:
    (asking,) = arrive(inbox, letter())
    assert "asks to be told that you have read this" in page_of(browser_client, asking)
    assert not OutboxMessage.objects.exists()
    address = reverse("mail-receipt", args=[asking.pk, "send"])
    answer = browser_client.post(address, follow=True).content.decode()
    assert "The receipt goes to jonas@harbourline.test." in answer
    assert "asks to be told" not in answer
    again = browser_client.post(address, follow=True).content.decode()
    assert "There is no receipt to send any more." in again
    assert OutboxMessage.objects.count() == 1
    assert (
        browser_client.post(reverse("mail-receipt", args=[asking.pk, "forge"])).status_code == 404
    )
    assert browser_client.get(address).status_code == 405


def test_a_receipt_that_waits_can_be_held_back(
    browser_client: Client, account: SmtpAccount, inbox: Folder
) -> None:
    (asking,) = arrive(inbox, letter())
    browser_client.post(reverse("mail-receipt", args=[asking.pk, "send"]))
    row = OutboxMessage.objects.get()
    page = browser_client.post(
        reverse("outbox-action", args=[row.pk, "cancel"]), follow=True
    ).content.decode()
    assert "The receipt is not sent." in page
    row.refresh_from_db()
    assert row.state == "cancelled"


def test_the_outbox_shows_who_was_missed_meanwhile(
    browser_client: Client, copy: Message, inbox: Folder
) -> None:
    """Of a message that still waits for one, what came back about another."""
    OutboxMessage.objects.update(state="retry", not_before=timezone.now())
    OutboxMessage.objects.get().recipients.filter(address=ANN).update(state="deferred")
    arrive(inbox, dsn())
    page = browser_client.get(reverse("outbox")).content.decode()
    assert f"<b>{BOB}</b>" in page
    assert "552 5.2.2 The mailbox is over quota" in page


def test_a_receipt_answers_what_was_not_certain(
    browser_client: Client, copy: Message, inbox: Folder
) -> None:
    OutboxMessage.objects.update(state="unknown")
    OutboxMessage.objects.get().recipients.update(state="unknown")
    assert (
        "Ask the recipient, then choose." in browser_client.get(reverse("outbox")).content.decode()
    )
    arrive(inbox, mdn())
    page = browser_client.get(reverse("outbox")).content.decode()
    assert f"a report says that the message reached {BOB}" in page


def test_a_message_of_no_such_kind_costs_one_query(
    browser_client: Client,
    copy: Message,
    inbox: Folder,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    other = put(inbox, plain_letter("Hello"), at=timezone.now())
    shown = letters.open_letter(other.user, other)
    with django_assert_max_num_queries(1):
        came_back.context(other.user, other, shown)


def test_a_receipt_that_came_back(
    browser_client: Client,
    other_user: User,
    client_for: Callable[[User], Client],
    copy: Message,
    inbox: Folder,
) -> None:
    (receipt,) = arrive(inbox, mdn())
    assert "<span>Read, " in page_of(browser_client, copy)
    assert "which you sent" in page_of(browser_client, receipt)
    stranger = client_for(other_user)
    assert stranger.post(reverse("mail-resend", args=[copy.pk])).status_code == 404
