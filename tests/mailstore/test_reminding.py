from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Message, Reminder, Thread
from mailstore.services import folders, messages, reminding, snoozing
from mailstore.services.checking import check
from mailstore.services.snoozing import TimeRefused
from tests.mail import NOW, letter, put

BO = "Bo Lund <bo@example.test>"
SEEN = frozenset({"\\Seen"})
HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def sent(user: User) -> Folder:
    return folders.special(user, "sent")


def role(pk: int) -> str:
    return Message.objects.select_related("folder").get(pk=pk).folder.role


def remind(user: User, row: Message, now: datetime, *, only: bool = True) -> None:
    reminding.remind(user, [row.pk], now + HOUR, only_unanswered=only, now=now)


def test_what_nobody_answered_comes_back_and_goes_again(
    user: User, sent: Folder, now: datetime
) -> None:
    (row,) = put(sent, letter("asked", extra="Message-ID: <asked@x>\n"), flags=SEEN)
    own = Message.objects.get(pk=row.pk).sort_at
    remind(user, row, now)
    assert reminding.ring_due(now=now) == 0
    assert list(reminding.at(user, [row.pk])) == [row.pk]
    assert [one.message_id for one in reminding.waiting(user)] == [row.pk]
    assert reminding.ring_due(now=now + HOUR) == 1
    assert reminding.ring_due(now=now + 2 * HOUR) == 0
    rung = Message.objects.get(pk=row.pk)
    assert (role(row.pk), rung.is_seen, rung.sort_at) == ("inbox", False, now + HOUR)
    day = timezone.localtime(own)
    assert reminding.notes(user, [row.pk]) == {
        row.pk: f"No answer since {day.day} {day:%b}"
        + (f" {day.year}" if day.year != timezone.localdate().year else "")
    }
    assert check().is_sound
    assert reminding.cancel(user, [row.pk]) == 1
    assert (role(row.pk), Message.objects.get(pk=row.pk).sort_at) == ("sent", own)
    assert not Reminder.objects.exists()


@pytest.mark.parametrize("by", ["thread", "header"])
def test_an_answer_means_silence(
    user: User, sent: Folder, inbox: Folder, now: datetime, by: str
) -> None:
    (row,) = put(sent, letter("asked", extra="Message-ID: <asked@x>\n"), internal_at=NOW - HOUR)
    (own,) = put(sent, letter("own", extra="In-Reply-To: <asked@x>\n"), internal_at=NOW)
    remind(user, row, now)
    thread = Thread.objects.create(user=user)
    ids = [row.pk, own.pk]
    if by == "thread":
        (answer,) = put(inbox, letter("Re: asked", sender=BO), internal_at=NOW)
        ids.append(answer.pk)
    else:
        answered = letter("Re: asked", sender=BO, extra="In-Reply-To: <asked@x>\n")
        put(inbox, answered, internal_at=NOW)
    if by == "thread":
        Message.objects.filter(pk__in=ids).update(thread=thread)
    assert reminding.ring_due(now=now + HOUR) == 0
    assert role(row.pk) == "sent"
    assert not Reminder.objects.exists()


def test_what_one_wrote_oneself_is_no_answer(user: User, sent: Folder, now: datetime) -> None:
    (row,) = put(sent, letter("asked", extra="Message-ID: <asked@x>\n"), internal_at=NOW - HOUR)
    put(sent, letter("more", extra="In-Reply-To: <asked@x>\n"), internal_at=NOW)
    elsewhere = folders.ensure_path(user, ["Studio", "Sent by me"])
    again = letter("again", sender="ADA@example.test", extra="In-Reply-To: <asked@x>\n")
    put(elsewhere, again, internal_at=NOW)
    remind(user, row, now)
    assert reminding.ring_due(now=now + HOUR) == 1


def test_a_plain_reminder_rings_whoever_answered(user: User, inbox: Folder, now: datetime) -> None:
    (row,) = put(inbox, letter("a", extra="Message-ID: <a@x>\n"), internal_at=NOW - HOUR)
    put(inbox, letter("b", extra="In-Reply-To: <a@x>\n"), internal_at=NOW)
    remind(user, row, now, only=False)
    assert reminding.ring_due(now=now + HOUR) == 1
    assert reminding.notes(user, [row.pk]) == {row.pk: "You asked to be reminded"}
    # Moved on, it stands where it arrived and says nothing any more.
    messages.move(user, [row.pk], folders.special(user, "archive"))
    assert Message.objects.get(pk=row.pk).sort_at == NOW - HOUR
    assert reminding.notes(user, [row.pk]) == {}


def test_what_was_thrown_away_stays_there(user: User, inbox: Folder, now: datetime) -> None:
    (row,) = put(inbox, letter("a"))
    remind(user, row, now, only=False)
    messages.trash(user, [row.pk])
    assert reminding.ring_due(now=now + HOUR) == 0
    assert role(row.pk) == "trash"
    assert not Reminder.objects.exists()


def test_a_snoozed_message_rings_first(user: User, inbox: Folder, now: datetime) -> None:
    (row,) = put(inbox, letter("a"))
    remind(user, row, now, only=False)
    snoozing.snooze(user, [row.pk], now + 9 * HOUR, now=now)
    assert reminding.ring_due(now=now + HOUR) == 1
    assert role(row.pk) == "inbox"
    assert snoozing.wake_due(now=now + 9 * HOUR) == 0
    assert reminding.cancel(user, [row.pk]) == 1
    assert role(row.pk) == "inbox"


def test_a_later_wish_takes_the_place_of_an_earlier(
    user: User, other_user: User, inbox: Folder, now: datetime
) -> None:
    (row,) = put(inbox, letter("a"))
    remind(user, row, now)
    reminding.remind(user, [row.pk], now + 5 * HOUR, only_unanswered=False, now=now)
    assert Reminder.objects.get().at == now + 5 * HOUR
    assert reminding.cancel(other_user, [row.pk]) == 0
    assert reminding.remind(other_user, [row.pk], now + HOUR, only_unanswered=True, now=now) == 0
    with pytest.raises(TimeRefused):
        reminding.remind(user, [row.pk], now, only_unanswered=True, now=now)
    assert Reminder.objects.get().user == user
