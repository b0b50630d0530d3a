"""Messages put off: out of sight in Snoozed until a moment, then back where they were."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from lib import bulk
from mailstore.models import Folder, FolderRole, Message, Snooze
from mailstore.services import folders, locks, messages, returning

MOST = timedelta(days=5 * 366)
BATCH = 500
#: Mail in these does not come back to them: it was on its way out, or comes back from Snoozed.
_NO_WAY_BACK = (FolderRole.TRASH, FolderRole.JUNK, FolderRole.SNOOZED)
#: Where an answer has to arrive to wake what it answers.
_INCOMING = ("", FolderRole.INBOX, FolderRole.ARCHIVE)


class TimeRefused(Exception):
    """A message cannot be put off until then; `str()` may be shown to the user."""


def checked(at: datetime, now: datetime) -> None:
    """Refuse a moment that is over or further ahead than anybody plans. Raises TimeRefused."""
    if at <= now:
        raise TimeRefused(_("This time has passed. Please choose one to come."))
    if at > now + MOST:
        raise TimeRefused(_("This is more than five years ahead. Please choose an earlier time."))


def snooze(user: User, ids: Iterable[int], until: datetime, *, now: datetime) -> int:
    """Put the user's messages off until a moment; how many. Raises TimeRefused."""
    checked(until, now)
    target = folders.special(user, FolderRole.SNOOZED)
    with transaction.atomic():
        locks.hold(user.pk)
        mine = Message.objects.filter(user=user, pk__in=list(ids))
        places = dict(mine.exclude(folder__role__in=_NO_WAY_BACK).values_list("pk", "folder_id"))
        waiting = Snooze.objects.filter(user=user, message__in=list(ids), came_at=None)
        homes: dict[int, int | None] = dict.fromkeys(mine.values_list("pk", flat=True))
        homes |= dict(waiting.values_list("message_id", "back_to_id")) | places
        returning.over(user.pk, homes)
        messages.place(user, homes, target)
        bulk.insert(
            Snooze,
            ("user_id", "message_id", "until", "back_to_id", "made_at"),
            [(user.pk, pk, until, home, now) for pk, home in homes.items()],
        )
    return len(homes)


def unsnooze(user: User, ids: Iterable[int]) -> int:
    """Put snoozed messages back at once, as they were; how many."""
    back = 0
    with transaction.atomic():
        locks.hold(user.pk)
        waiting = Snooze.objects.filter(user=user, message__in=list(ids), came_at=None)
        for home, some in _by_home(list(waiting)).items():
            back += messages.move(user, [one.message_id for one in some], _home(user, home))
    return back


def until(user: User, message_ids: Iterable[int]) -> dict[int, datetime]:
    """Of these messages those that are snoozed, and until when; one query."""
    waiting = Snooze.objects.filter(user=user, message__in=list(message_ids), came_at=None)
    return dict(waiting.values_list("message_id", "until"))


def wake_due(*, now: datetime) -> int:
    """Bring back what is due, and what was answered meanwhile; how many messages.

    The row is the queue: running twice at once or being killed brings nothing back twice.
    """
    waiting = Snooze.objects.filter(came_at=None).order_by("user_id", "pk")
    due = waiting.filter(until__lte=now)[:BATCH]
    answered = waiting.filter(Exists(_answers()))[:BATCH]
    woken = 0
    for rows in (due, answered):
        found = rows.values_list("user_id", "pk")
        for user_id, some in groupby(list(found), key=lambda row: row[0]):
            woken += _wake(User.objects.get(pk=user_id), [pk for _user, pk in some], now)
    return woken + _free_strays()


def _free_strays() -> int:
    """What lies in Snoozed without a time would never come back: it goes to the Inbox."""
    strays = Message.objects.filter(folder__role=FolderRole.SNOOZED, snooze=None)
    rows = strays.order_by("user_id").values_list("user_id", "pk")[:BATCH]
    freed = 0
    for user_id, some in groupby(list(rows), key=lambda row: row[0]):
        user = User.objects.get(pk=user_id)
        inbox = folders.special(user, FolderRole.INBOX)
        with transaction.atomic():
            locks.hold(user_id)
            still = strays.filter(pk__in=[pk for _user, pk in some])
            freed += messages.move(user, still.values_list("pk", flat=True), inbox)
    return freed


def _answers() -> QuerySet[Message]:
    return Message.objects.filter(
        thread=OuterRef("message__thread"),
        stored_at__gt=OuterRef("made_at"),
        is_backfill=False,
        folder__role__in=_INCOMING,
    ).exclude(pk=OuterRef("message_id"))


def _wake(user: User, keys: list[int], now: datetime) -> int:
    with transaction.atomic():
        locks.hold(user.pk)
        # Again under the lock: another worker or the person may have been faster.
        rows = list(Snooze.objects.filter(pk__in=keys, came_at=None))
        for home, some in _by_home(rows).items():
            ids = [one.message_id for one in some]
            messages.place(user, ids, _home(user, home))
            messages.set_flags(user, ids, seen=False)
        returning.came_back(Snooze, [one.pk for one in rows], now)
    return len(rows)


def _by_home(rows: Iterable[Snooze]) -> dict[int | None, list[Snooze]]:
    found: dict[int | None, list[Snooze]] = defaultdict(list)
    for one in rows:
        found[one.back_to_id].append(one)
    return found


def _home(user: User, pk: int | None) -> Folder:
    return (Folder.objects.filter(user=user, pk=pk).first() if pk else None) or folders.special(
        user, FolderRole.INBOX
    )
