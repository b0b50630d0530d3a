"""Reminders: a message comes back on top of the Inbox at a moment, or if nobody answered it."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from lib import bulk
from lib.prepared import Prepared
from mailstore.models import FolderRole, Message, Reminder
from mailstore.services import folders, locks, messages, returning
from mailstore.services.snoozing import checked

BATCH = 500
#: A message in these is no answer, as its owner wrote it or nobody did.
_NO_ANSWER = (FolderRole.SENT, FolderRole.DRAFTS, FolderRole.JUNK)
_THROWN = (FolderRole.TRASH, FolderRole.JUNK)


def remind(
    user: User, ids: Iterable[int], at: datetime, *, only_unanswered: bool, now: datetime
) -> int:
    """Have the user reminded of messages; how many. An earlier reminder gives way.

    Raises TimeRefused.
    """
    checked(at, now)
    with transaction.atomic():
        locks.hold(user.pk)
        mine = list(
            Message.objects.filter(user=user, pk__in=list(ids)).values_list("pk", flat=True)
        )
        cancel(user, mine)
        bulk.insert(
            Reminder,
            ("user_id", "message_id", "at", "only_unanswered", "made_at"),
            [(user.pk, pk, at, only_unanswered, now) for pk in mine],
        )
        locks.touch(user.pk)
    return len(mine)


def cancel(user: User, ids: Iterable[int]) -> int:
    """Forget reminders; what came back because of one goes where it was. How many there were."""
    with transaction.atomic():
        locks.hold(user.pk)
        mine = Reminder.objects.filter(user=user, message__in=list(ids))
        rows = list(mine.select_related("back_to"))
        for one in rows:
            if one.came_at and one.back_to:
                messages.move(user, [one.message_id], one.back_to)
        returning.over(user.pk, [one.message_id for one in rows if one.came_at])
        mine.delete()
        locks.touch(user.pk)
    return len(rows)


def waiting(user: User) -> QuerySet[Reminder]:
    """The user's reminders that are still to come, the next first."""
    return (
        Reminder.objects.filter(user=user, came_at=None)
        .select_related("message__folder")
        .order_by("at", "pk")
    )


def at(user: User, message_ids: Iterable[int]) -> dict[int, Reminder]:
    """Of these messages those with a reminder that is still to come; one query."""
    rows = Reminder.objects.filter(user=user, message__in=list(message_ids), came_at=None)
    return {one.message_id: one for one in rows}


def notes(user: User, message_ids: Iterable[int]) -> dict[int, str]:
    """Why messages came back, in words for their owner; one query."""
    rows = Reminder.objects.filter(user=user, message__in=list(message_ids), came_at__isnull=False)
    return {one.message_id: _why(one) for one in rows}


def both(user: User, message_id: int) -> tuple[Reminder | None, str]:
    """The reminder of a message that is to come, or why it came back; one query."""
    one = next(iter(_OF.objects(Reminder, user.pk, message_id)), None)
    if one is None or one.came_at is None:
        return one, ""
    return None, _why(one)


_OF: Final = Prepared(
    lambda user, message: Reminder.objects.filter(user=user, message=message), int, int
)


def _why(one: Reminder) -> str:
    if not one.only_unanswered:
        return _("You asked to be reminded")
    day = timezone.localtime(one.arrived_at or one.made_at)
    form = pgettext("day in a list", "j M")
    if day.year != timezone.localdate().year:
        form = pgettext("day of another year in a list", "j M Y")
    return _("No answer since %(day)s") % {"day": date_format(day, form)}


def ring_due(*, now: datetime) -> int:
    """Bring back what people are to be reminded of; how many messages.

    The row is the queue: running twice at once or being killed rings nothing twice.
    """
    due = Reminder.objects.filter(came_at=None, at__lte=now).order_by("user_id", "pk")[:BATCH]
    rung = 0
    for user_id, some in groupby(list(due.values_list("user_id", "pk")), key=lambda row: row[0]):
        rung += _ring(User.objects.get(pk=user_id), [pk for _user, pk in some], now)
    return rung


def _ring(user: User, keys: list[int], now: datetime) -> int:
    inbox = folders.special(user, FolderRole.INBOX)
    with transaction.atomic():
        locks.hold(user.pk)
        # Again under the lock: another worker or the person may have been faster.
        rows = list(
            Reminder.objects.filter(pk__in=keys, came_at=None).select_related("message__folder")
        )
        over = [one.pk for one in rows if _is_over(one)]
        Reminder.objects.filter(pk__in=over).delete()
        ringing = [one for one in rows if one.pk not in over]
        ids = [one.message_id for one in ringing]
        bulk.update(Reminder, ("back_to_id",), [(one.pk, _home(one.message)) for one in ringing])
        returning.over(user.pk, ids)
        messages.place(user, ids, inbox)
        messages.set_flags(user, ids, seen=False)
        returning.came_back(Reminder, [one.pk for one in ringing], now)
    return len(ringing)


def _home(message: Message) -> int | None:
    """Where it is put back to; not to Snoozed, as it is snoozed no longer."""
    return None if message.folder.role == FolderRole.SNOOZED else message.folder_id


def _is_over(one: Reminder) -> bool:
    message = one.message
    if message.folder.role in _THROWN:
        return True
    return one.only_unanswered and is_answered(message)


def is_answered(message: Message) -> bool:
    """Whether somebody else than its writer wrote later in the conversation of a message."""
    later = Message.objects.filter(user_id=message.user_id, sort_at__gt=message.sort_at)
    later = later.exclude(pk=message.pk).exclude(folder__role__in=_NO_ANSWER)
    if message.from_address:
        # What is sent may lie in a folder of its owner's, too.
        later = later.exclude(from_address__iexact=message.from_address)
    if message.thread_id is not None:
        return later.filter(thread=message.thread_id).exists()
    name = message.message_id
    named = Q(in_reply_to__contains=name) | Q(references__contains=name)
    return bool(name) and later.filter(named).exists()
