"""Invitations in the reading pane: what their card says, and answers that go out."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from typing import Any

import icalendar
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, InvitationAnswer, Message
from mailstore.services import blobs, indexing
from smtp_accounts.models import OutboxMessage, OutboxState
from tests.mailstore.calendars import MEETING, calendar
from tests.webmail.samples import put

NUMBERS = count()


def invite(
    data: bytes, *, sender: str = "jonas@harbourline.test", method: str = "REQUEST"
) -> bytes:
    """A mail with a calendar object, to be shown and as a file, as most programs send it."""
    message = EmailMessage()
    message["From"], message["To"] = sender, "mara@example.test"
    message["Subject"], message["Message-ID"] = "Lease", f"<lease{next(NUMBERS)}@harbourline.test>"
    message.set_content("You are invited.")
    message.add_alternative(data.decode(), subtype="calendar", params={"method": method})
    message.add_attachment(data, maintype="application", subtype="ics", filename="invite.ics")
    return message.as_bytes()


@pytest.fixture
def sent(inbox: Folder) -> Callable[..., Message]:
    """File an invitation in the Inbox, and let the worker look at it."""

    def file(data: bytes, **more: str) -> Message:
        message = put(inbox, invite(data, **more), at=timezone.now())
        indexing.index_waiting(seconds=10)
        return message

    return file


def pane(client: Client, message: Message) -> str:
    address = reverse("mail-message", args=[message.pk])
    return client.get(address, headers={"X-Part": "read"}).content.decode()


def answer(client: Client, message: Message, do: str, comment: str = "") -> tuple[int, str]:
    """Press a button of the card as its script does."""
    address = reverse("mail-attachment-answer", args=[message.pk, 1])
    said = {"do": do, "comment": comment}
    done = client.post(address, said, headers={"X-Part": "card"})
    return done.status_code, done.content.decode()


@pytest.fixture
def relay(settings: object) -> None:
    settings.RELAY_URL = "smtp://relay.test:25"  # type: ignore[attr-defined] # pytest-django's


def test_the_card_says_what_when_where_and_who(
    browser_client: Client, user: User, sent: Callable[..., Message]
) -> None:
    User.objects.filter(pk=user.pk).update(time_zone="Europe/Berlin")
    page = pane(browser_client, sent(calendar(*MEETING, "RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=4")))
    assert page.count('data-came="') == 1
    for words in (
        "Lease, second reading; the studio",
        "Friday 19 November 2027, 16:00 \N{EN DASH} 17:30",
        "10:00 in the time zone of the invitation (America/New_York)",
        "Every week on Friday, 4 times",
        "Pier 4 room 2",
        "Invited by Jonas Ekdahl",
        "2 people invited",
        "The answer goes out from mara@example.test.",
    ):
        assert words in page
    assert page.count('class="file ') + page.count('class="file"') == 1


@pytest.mark.usefixtures("relay")
def test_an_answer_goes_out_and_can_be_taken_back(
    browser_client: Client, user: User, sent: Callable[..., Message]
) -> None:
    message = sent(calendar(*MEETING))
    status, card = answer(browser_client, message, "accept", "I bring the keys.")
    assert status == 200
    assert "Your answer goes to jonas@harbourline.test." in card
    assert 'value="accept" aria-pressed="true"' in card
    row = OutboxMessage.objects.get()
    assert row.not_before > timezone.now()
    assert (row.from_address, row.original_id) == ("mara@example.test", message.pk)
    mail = message_from_bytes(blobs.read(row.blob), policy=default)
    assert mail["To"] == "Jonas Ekdahl <jonas@harbourline.test>"
    assert mail["Subject"] == "Accepted: Lease, second reading; the studio"
    assert mail["In-Reply-To"] == message.message_id
    assert mail.get_content_type() == "multipart/alternative"
    text, part = mail.iter_parts()
    assert "I bring the keys." in text.get_content()
    assert part["Content-Type"].params["method"] == "REPLY"
    event: Any = icalendar.Calendar.from_ical(part.get_content()).walk("VEVENT")[0]
    assert event["ATTENDEE"] == "mailto:mara@example.test"
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    # Pressed twice, it goes out once.
    assert "You have answered so already." in answer(browser_client, message, "accept")[1]
    # Changed, then taken back: the answer before holds again, and nothing of the second goes out.
    answer(browser_client, message, "decline")
    assert InvitationAnswer.objects.get().answer == "DECLINED"
    status, card = answer(browser_client, message, "undo")
    assert (status, "The answer is not sent." in card) == (200, True)
    assert InvitationAnswer.objects.get().answer == "ACCEPTED"
    states = OutboxMessage.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [OutboxState.QUEUED, OutboxState.CANCELLED]


@pytest.mark.usefixtures("relay")
def test_what_is_out_cannot_be_taken_back(
    browser_client: Client, sent: Callable[..., Message]
) -> None:
    message = sent(calendar(*MEETING))
    answer(browser_client, message, "tentative")
    OutboxMessage.objects.update(state=OutboxState.SENDING)
    status, card = answer(browser_client, message, "undo")
    assert (status, "Too late" in card) == (409, True)
    assert InvitationAnswer.objects.get().answer == "TENTATIVE"


def test_without_a_script_the_page_comes_back_and_says_why(
    browser_client: Client, sent: Callable[..., Message]
) -> None:
    """No relay is set here, so an answer to somebody elsewhere cannot go out from our address."""
    message = sent(calendar(*MEETING))
    address = reverse("mail-attachment-answer", args=[message.pk, 1])
    done = browser_client.post(address, {"do": "accept"}, follow=True)
    assert done.redirect_chain == [(reverse("mail-message", args=[message.pk]), 302)]
    assert "toast" in done.content.decode()
    assert not OutboxMessage.objects.exists()
    assert not InvitationAnswer.objects.exists()


def test_newer_versions_and_cancellations_are_told(
    browser_client: Client, sent: Callable[..., Message]
) -> None:
    first = sent(calendar(*MEETING))
    later = [one.replace("SEQUENCE:2", "SEQUENCE:3") for one in MEETING]
    # Anybody may write a calendar with this UID; it has to come from the same sender.
    sent(calendar(*later), sender="mallory@evil.test")
    assert "A newer version" not in pane(browser_client, first)
    second = sent(calendar(*later))
    page = pane(browser_client, first)
    assert "A newer version of this invitation arrived" in page
    assert reverse("mail-message", args=[second.pk]) in page
    assert "data-answer" not in page
    assert "data-answer" in pane(browser_client, second)
    assert answer(browser_client, first, "accept")[0] == 409
    gone = [one.replace("SEQUENCE:2", "SEQUENCE:4") for one in MEETING]
    last = sent(calendar(*gone, method="CANCEL"), method="CANCEL")
    assert "It was cancelled by a message" in pane(browser_client, second)
    page = pane(browser_client, last)
    assert "This event is cancelled." in page
    assert "data-answer" not in page


OTHERS = tuple(one.replace("mara@example.test", "maria@dewit.test") for one in MEETING)


@pytest.mark.parametrize(
    ("lines", "method", "sender", "words", "buttons"),
    [
        (OTHERS, "REQUEST", "jonas@harbourline.test", "passed this invitation on to you", False),
        (MEETING, "REQUEST", "x@evil.test", "answers go to the organiser", True),
        (MEETING, "PUBLISH", "jonas@harbourline.test", "Invited by Jonas", False),
        (
            (*MEETING[:8], "ATTENDEE;CN=Anneke;PARTSTAT=DECLINED:mailto:anneke@dewit.test"),
            "REPLY", "anneke@dewit.test", "Anneke: declined.", False,
        ),
        (
            (*MEETING[:8], "ATTENDEE;CN=Anneke:mailto:anneke@dewit.test"),
            "COUNTER", "anneke@dewit.test", "Anneke proposes this time instead.", False,
        ),
        (
            [one.replace("2027", "2020") for one in MEETING],
            "REQUEST", "jonas@harbourline.test", "This event is over.", True,
        ),
        (
            [one.replace("jonas@harbourline", "mara@example") for one in MEETING],
            "REQUEST", "mara@example.test", "You are its organiser.", False,
        ),
    ],
)  # fmt: skip
def test_how_an_invitation_stands_is_said(
    browser_client: Client,
    sent: Callable[..., Message],
    lines: tuple[str, ...],
    method: str,
    sender: str,
    words: str,
    buttons: bool,
) -> None:
    page = pane(browser_client, sent(calendar(*lines, method=method), sender=sender))
    assert words in page
    assert ("data-answer" in page) is buttons


def test_hostile_words_stay_words(browser_client: Client, sent: Callable[..., Message]) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    lines = [f"{name}:{evil}" for name in ("UID", "SUMMARY", "LOCATION", "DESCRIPTION", "COMMENT")]
    page = pane(browser_client, sent(calendar(*lines, f'ORGANIZER;CN="{evil}":mailto:{evil}')))
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "<img src=x" not in page


def test_invitations_of_others_are_not_found(
    sent: Callable[..., Message], other_user: User, client_for: Callable[[User], Client]
) -> None:
    message = sent(calendar(*MEETING))
    assert answer(client_for(other_user), message, "accept")[0] == 404
    assert not InvitationAnswer.objects.exists()
