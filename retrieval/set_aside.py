"""Messages that could not be retrieved: which, why, and when they are tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Count, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib.moments import count, moment
from retrieval.completeness import in_words
from retrieval.models import (
    PopMessage,
    RemoteMessage,
    RemoteState,
    RetrievalTask,
    TaskType,
)
from retrieval.services.session import max_size

SHOWN = 100
# Both ledgers use the same words for these.
FINAL = Q(state__in=[RemoteState.QUARANTINED, RemoteState.TOO_BIG])
WAITS = Q(state=RemoteState.PENDING, attempts__gt=0, next_try_at__isnull=False)
# The conditions of the indexes, written out: SQLite does not recognise them with parameters.
_INDEXED = RawSQL(
    "(retrieval_remotemessage.state IN ('quarantined', 'too-big')"
    " OR retrieval_remotemessage.next_try_at IS NOT NULL)",
    (),
    output_field=BooleanField(),
)
_POP_INDEXED = RawSQL(
    "(retrieval_popmessage.state IN ('quarantined', 'too-big')"
    " OR retrieval_popmessage.next_try_at IS NOT NULL)",
    (),
    output_field=BooleanField(),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One message. ``facts`` are its date and size; ``tries`` tells what was and what comes.

    ``can_retry`` is not so for what is too large as long as no more may be fetched, nor for what
    the next run tries anyway.
    """

    pk: int
    title: str
    facts: str
    reason: str
    tries: str
    is_final: bool
    can_retry: bool


@dataclass(frozen=True, slots=True)
class SetAside:
    """The newest of them, and how many there are."""

    items: tuple[Item, ...]
    number: int

    @property
    def can_retry_all(self) -> bool:
        """Whether there is more than one that may be tried again."""
        return sum(item.can_retry for item in self.items) > 1

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.number - len(self.items)


def set_aside_of(task: RetrievalTask, *, now: datetime) -> SetAside:
    """What could not be retrieved so far, the newest first."""
    query = open_query(task)
    return SetAside(tuple(_item(row, now=now) for row in query[:SHOWN]), query.count())


def numbers_of(tasks: Sequence[RetrievalTask]) -> dict[int, int]:
    """How many messages of each task could not be retrieved and are not tried by themselves."""
    pops = [task.pk for task in tasks if task.type == TaskType.POP]
    imaps = [task.pk for task in tasks if task.type == TaskType.IMAP]
    numbers: dict[int, int] = {}
    if imaps:
        rows = RemoteMessage.objects.filter(_INDEXED, FINAL, folder__task__in=imaps)
        numbers |= dict(rows.values_list("folder__task").annotate(n=Count("pk")))
    if pops:
        drops = PopMessage.objects.filter(_POP_INDEXED, FINAL, task__in=pops)
        numbers |= dict(drops.values_list("task").annotate(n=Count("pk")))
    return numbers


def open_query(task: RetrievalTask) -> QuerySet[RemoteMessage] | QuerySet[PopMessage]:
    """The ledger rows that are set aside or wait for another try, newest first."""
    if task.type == TaskType.POP:
        return PopMessage.objects.filter(_POP_INDEXED, FINAL | WAITS, task=task).order_by("-pk")
    rows = RemoteMessage.objects.filter(_INDEXED, FINAL | WAITS, folder__task=task)
    return rows.select_related("folder").order_by("-pk")


def _item(row: RemoteMessage | PopMessage, *, now: datetime) -> Item:
    parts = [filesizeformat(row.size) if row.size else ""]
    if isinstance(row, RemoteMessage):
        if row.internal_at is not None:
            parts.insert(0, moment(row.internal_at, now=now))
        title = _("%(folder)s, message %(uid)s") % {"folder": row.folder.name, "uid": row.uid}
    else:
        title = _("Message %(key)s") % {"key": row.key}
    facts = ", ".join(part for part in parts if part)
    is_final = row.state != RemoteState.PENDING
    is_larger = row.state == RemoteState.TOO_BIG and (row.size or 0) > max_size()
    is_due = not is_final and row.next_try_at is not None and row.next_try_at <= now
    return Item(
        pk=row.pk,
        title=title,
        facts=facts,
        reason=_reason(row),
        tries=_tries(row, now=now),
        is_final=is_final,
        can_retry=not is_larger and not is_due,
    )


def _reason(row: RemoteMessage | PopMessage) -> str:
    if row.state == RemoteState.TOO_BIG:
        limit = filesizeformat(max_size())
        if (row.size or 0) <= max_size():
            return _("It was larger than what was fetched here then.")
        return _("It is larger than %(size)s, the most that is fetched here.") % {"size": limit}
    return in_words(row.error) or _("The server did not hand it out completely.")


def _tries(row: RemoteMessage | PopMessage, *, now: datetime) -> str:
    if row.state == RemoteState.TOO_BIG:
        return ""
    tried = ngettext("Tried once", "Tried %(n)s times", row.attempts) % {"n": count(row.attempts)}
    if row.state == RemoteState.PENDING and row.next_try_at is not None:
        if row.next_try_at <= now:
            return _("%(tried)s, again in the next run") % {"tried": tried}
        return _("%(tried)s, again at %(time)s") % {
            "tried": tried,
            "time": moment(row.next_try_at, now=now),
        }
    return tried if row.attempts else ""
