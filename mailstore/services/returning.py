"""What came back to the top of a list, and how it gets its own place again.

A message that was snoozed or that its owner was reminded of stands at the moment it came back:
its ``sort_at`` is that moment, and `Snooze` or `Reminder` keeps the one it had. When it is moved
on, that is over, and it stands where it arrived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.module_loading import import_string

from accounts.models import User
from lib import bulk
from lib.prepared import Prepared, among
from mailstore.models import Folder, Message, MessageLabel, Reminder, Snooze
from mailstore.services import locks

#: Who is told of what came back, by path, as they stand above this room; inside the transaction.
TOLD = ("connectivity.services.push_hints.filed",)


@dataclass(frozen=True, slots=True)
class Back:
    """A message that came back, with its folder."""

    message: Message


@dataclass(frozen=True, slots=True)
class PutOff:
    """A snooze or a reminder as it was, to be had again; moments in ISO 8601, in UTC."""

    message: int
    snoozed: bool
    at: str
    made_at: str
    came_at: str
    arrived_at: str
    back_to: int | None
    only_unanswered: bool = False


def lift(ids: Iterable[int], moment: datetime) -> None:
    """Let messages stand at this moment. Inside the caller's transaction, the mailbox held."""
    _stand(dict.fromkeys(ids, moment))


def over(user_id: int, ids: Iterable[int], *, target: Folder | None = None) -> None:
    """Messages are moved on: no longer snoozed, and what came back has its own place again.

    Those that lie in `target` already are not. A reminder that waits goes on waiting. One query
    where there is nothing to do. Inside the caller's transaction, the mailbox held.
    """
    rows = _OVER.rows(user_id, list(ids), target.pk if target is not None else 0)
    if not rows:
        return
    own: dict[int, datetime] = {}
    for message_id, arrived_at in rows:
        if arrived_at is not None:
            own[message_id] = min(arrived_at, own.get(message_id, arrived_at))
    moved = [message_id for message_id, _arrived_at in rows]
    Reminder.objects.filter(message__in=moved, came_at__isnull=False).delete()
    Snooze.objects.filter(message__in=moved).delete()
    _stand(own)


def _put_off_now(user: int, ids: list[int], but: int) -> QuerySet[Reminder, Any]:
    """What came back or is snoozed of these messages, those in the folder `but` left out."""
    found: list[QuerySet[Any, Any]] = []
    for model in (Reminder, Snooze):
        there = model.objects.filter(among(model, "message_id", ids), user=user)
        found.append(there.exclude(message__folder=but))
    columns = ("message_id", "arrived_at")
    came, snoozed = found[0].filter(came_at__isnull=False), found[1]
    return came.values_list(*columns).union(snoozed.values_list(*columns), all=True)


_OVER: Final = Prepared(_put_off_now, int, list, int)


def _stand(moments: Mapping[int, datetime]) -> None:
    if not moments:
        return
    bulk.update(Message, ("sort_at",), sorted(moments.items()))
    own = Message.objects.filter(pk=OuterRef("message")).values("sort_at")
    # Ordered as the labels' lists are, so their copy moves too.
    MessageLabel.objects.filter(message__in=list(moments)).update(sort_at=Subquery(own[:1]))


def arrived_at(message: Message) -> datetime:
    """When a message arrived, wherever it stands; a query only where it may have come back."""
    if message.sort_at <= message.stored_at:
        return message.sort_at
    own: list[datetime | None] = []
    for model in (Snooze, Reminder):
        rows = model.objects.filter(message=message.pk, came_at__isnull=False)
        own += rows.values_list("arrived_at", flat=True)
    return min((one for one in own if one is not None), default=message.sort_at)


def is_put_off() -> Q:
    """Of a message: whether there is anything to be `remembered`."""
    this = OuterRef("pk")
    return Exists(Snooze.objects.filter(message=this).values("pk")) | Exists(
        Reminder.objects.filter(message=this).values("pk")
    )


def remembered(user: User, ids: Iterable[int]) -> list[dict[str, Any]]:
    """What is put off about these messages, fit for JSON; `restore` has it again."""
    mine = Q(user=user, message__in=list(ids))
    found = [_put_off(one, snoozed=True, at=one.until) for one in Snooze.objects.filter(mine)]
    reminders = Reminder.objects.filter(mine)
    found += [_put_off(one, snoozed=False, at=one.at) for one in reminders]
    return [asdict(one) for one in found]


def _put_off(row: Snooze | Reminder, *, snoozed: bool, at: datetime) -> PutOff:
    return PutOff(
        message=row.message_id,
        snoozed=snoozed,
        at=at.isoformat(),
        made_at=row.made_at.isoformat(),
        came_at=row.came_at.isoformat() if row.came_at else "",
        arrived_at=row.arrived_at.isoformat() if row.arrived_at else "",
        back_to=row.back_to_id,
        only_unanswered=isinstance(row, Reminder) and row.only_unanswered,
    )


def restore(user: User, rows: Iterable[Mapping[str, Any]]) -> None:
    """Have put off again what `remembered` told; what is gone meanwhile stays gone."""
    put_off = [PutOff(**row) for row in rows]
    ids = [one.message for one in put_off]
    with transaction.atomic():
        locks.hold(user.pk)
        here = set(Message.objects.filter(user=user, pk__in=ids).values_list("pk", flat=True))
        homes = set(Folder.objects.filter(user=user).values_list("pk", flat=True))
        for one in put_off:
            if one.message in here:
                _again(user, one, one.back_to if one.back_to in homes else None)


def _again(user: User, one: PutOff, back_to: int | None) -> None:
    came_at = datetime.fromisoformat(one.came_at) if one.came_at else None
    fields = {
        "user": user,
        "made_at": datetime.fromisoformat(one.made_at),
        "came_at": came_at,
        "arrived_at": datetime.fromisoformat(one.arrived_at) if one.arrived_at else None,
        "back_to_id": back_to,
    }
    at = datetime.fromisoformat(one.at)
    if one.snoozed:
        fields["until"] = at
        Snooze.objects.update_or_create(message_id=one.message, defaults=fields)
    else:
        fields |= {"at": at, "only_unanswered": one.only_unanswered}
        Reminder.objects.update_or_create(message_id=one.message, defaults=fields)
    if came_at is not None:
        lift([one.message], came_at)


def came_back(model: type[Snooze] | type[Reminder], keys: Iterable[int], now: datetime) -> None:
    """Write down that these rows' messages come back now, and lift them to the top.

    Inside the caller's transaction, the mailbox held.
    """
    rows = model.objects.filter(pk__in=list(keys)).annotate(own=F("message__sort_at"))
    found = list(rows.values_list("pk", "message_id", "arrived_at", "own"))
    bulk.update(
        model,
        ("came_at", "arrived_at"),
        [(pk, now, arrived_at or own) for pk, _message, arrived_at, own in found],
    )
    back = [message for _pk, message, _arrived, _own in found]
    lift(back, now)
    rows_back = Message.objects.filter(pk__in=back).select_related("folder")
    told = [Back(message) for message in rows_back]
    for path in TOLD:
        import_string(path)(told)
