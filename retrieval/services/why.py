"""Why a message was not imported: what the ledger knows of it, and what the server shows.

The search here asks the database alone. The one on the server is asked for by a person: it is
guarded, bounded, and counts as one of their connection tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import User
from connectivity.causes import Explained, explain, explain_cause
from connectivity.models import Feature
from connectivity.services import credentials, features, logins, network, trials
from mailstore.models import Message
from protocols.errors import MailServerError, TokenExpired
from protocols.imap.search import Sought
from protocols.types import Deadline, Endpoint, Security
from retrieval import plan, verdicts
from retrieval.models import PopMessage, RemoteMessage, RetrievalTask, TaskType
from retrieval.services import hosts, why_imap, why_pop
from retrieval.services.why_values import Item, Progress, Tools
from retrieval.verdicts import Verdict

MOST = 50
SECONDS = 25.0  # for everything that is asked of the server
TEXT_CAP = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, and whether there is more than that.

    Of the server also: ``looked`` of ``total`` folders (or messages, for POP) were looked into,
    ``skipped`` of them would not open; ``problem`` is why it ended early, or did not begin.
    """

    items: tuple[Item, ...] = ()
    more: bool = False
    looked: int = 0
    total: int = 0
    skipped: int = 0
    problem: Explained | None = None


def sought(text: str, day: date | None) -> Sought:
    """What a person looks for; a day to either side counts too, for clocks differ."""
    since = day - timedelta(days=1) if day else None
    before = day + timedelta(days=2) if day else None
    return Sought(" ".join(text.split())[:TEXT_CAP], since, before)


def here(task: RetrievalTask, wanted: Sought, *, now: datetime) -> Answer:
    """What the ledger and the mail store know; the newest first."""
    rows = list(_messages(task, wanted).order_by("-sort_at", "-pk")[: MOST + 1])
    items = _of_messages(task, rows[:MOST], now=now)
    for row in _without_message(task, wanted):
        items.append(_of_row(row, now=now))
    return Answer(tuple(items[:MOST]), more=len(rows) > MOST or len(items) > MOST)


def on_server(
    *, user: User, task: RetrievalTask, wanted: Sought, clock: Callable[[], datetime]
) -> Answer:
    """Look on the other server, for `SECONDS` at most; what was found until then is kept."""
    progress, now = Progress(), clock()
    if task.type == TaskType.POP and _is_busy(task, now=now):
        # A maildrop is open to one program at a time (RFC 1939 section 4).
        return Answer(problem=explain_cause("in-use", {"host": task.host}))
    clear = task.security == Security.NONE
    if clear and not features.enabled_for(user, Feature.CLEAR_TEXT):
        return Answer(problem=explain_cause("clear-text-off", {"host": task.host}))
    problem: Explained | None = None
    try:
        trials.take(user, now=now, target=task.host)
        hosts.admit(task, now=now)
        _look(task, wanted, progress, now=now)
    except trials.TooManyTrialsError as error:
        problem = explain_cause(error.cause)
    except hosts.HeldBack as held:
        problem = explain_cause(held.cause, {"host": task.host})
    except credentials.CredentialError as error:
        problem = explain_cause(error.cause)
    except MailServerError as error:
        problem = explain(error, host=task.host, port=task.port)
    return Answer(
        tuple(progress.items),
        more=progress.more,
        looked=progress.looked,
        total=progress.total,
        skipped=progress.skipped,
        problem=problem,
    )


def _look(task: RetrievalTask, wanted: Sought, progress: Progress, *, now: datetime) -> None:
    look = why_pop.look if task.type == TaskType.POP else why_imap.look
    try:
        look(task, wanted, _tools(task, now), progress)
    except TokenExpired:
        # Nothing was asked yet: a fresh token may be accepted.
        logins.refused(task.credential, now=now)
        look(task, wanted, _tools(task, now), progress)


def _tools(task: RetrievalTask, now: datetime) -> Tools:
    return Tools(
        endpoint=Endpoint(task.host, task.port, Security(task.security)),
        login=logins.login(
            task.credential, username=task.username, host=task.host, now=now, apop=task.use_apop
        ),
        policy=network.policy(),
        trust=network.trust(task.user, task.host, task.port),
        total=Deadline(SECONDS),
        now=now,
    )


def _is_busy(task: RetrievalTask, *, now: datetime) -> bool:
    return task.lease_until is not None and task.lease_until > now


def _messages(task: RetrievalTask, wanted: Sought) -> QuerySet[Message]:
    """Messages of this task that are here."""
    found = Message.objects.filter(user=task.user_id, source=task.source_id)
    if wanted.text:
        text = wanted.text
        found = found.filter(
            Q(subject__icontains=text)
            | Q(from_name__icontains=text)
            | Q(from_address__icontains=text)
            | Q(message_id__icontains=text.strip("<>"))
        )
    span = _span(wanted)
    if span is not None:
        found = found.filter(Q(sort_at__range=span) | Q(sent_at__range=span))
    return found.select_related("folder")


def _span(wanted: Sought) -> tuple[datetime, datetime] | None:
    if wanted.since is None or wanted.before is None:
        return None
    first, last = (
        datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (wanted.since, wanted.before)
    )
    return first, last


def _of_messages(task: RetrievalTask, rows: Sequence[Message], *, now: datetime) -> list[Item]:
    """Each message with what the ledger says of it; two queries."""
    ids = [row.pk for row in rows]
    told: dict[int, tuple[str, Verdict]] = {}
    if task.type == TaskType.POP:
        pops = PopMessage.objects.filter(task=task, message__in=ids)
        for pop in pops.select_related("message__folder"):
            told[pop.message_id or 0] = ("", verdicts.of_pop(pop, task, now=now))
    else:
        known = RemoteMessage.objects.filter(folder__task=task, message__in=ids)
        # The row that brought it says more than those that only found it again.
        for row in known.select_related("message__folder", "folder__task").order_by("-state", "pk"):
            told.setdefault(row.message_id or 0, (row.folder.name, verdicts.of_row(row, now=now)))
    items = []
    for message in rows:
        place, verdict = told.get(message.pk, ("", verdicts.of_message(message)))
        sender = message.from_name or message.from_address
        at = message.sent_at or message.sort_at
        items.append(Item(message.subject, sender, at, message.size, place, verdict))
    return items


def _without_message(task: RetrievalTask, wanted: Sought) -> Iterable[RemoteMessage]:
    """Ledger rows that stand for nothing here, as far as they can be told without their bytes.

    Of such a message only the arrival and a digest of its Message-ID are known.
    """
    if task.type == TaskType.POP:
        return ()
    rows = RemoteMessage.objects.filter(folder__task=task, message=None)
    if wanted.text:
        if "@" not in wanted.text or " " in wanted.text:
            return ()
        rows = rows.filter(ident=plan.ident(wanted.text))
    span = _span(wanted)
    if span is not None:
        rows = rows.filter(internal_at__range=span)
    return rows.select_related("folder__task", "message").order_by("-internal_at", "-pk")[:MOST]


def _of_row(row: RemoteMessage, *, now: datetime) -> Item:
    verdict = verdicts.of_row(row, now=now)
    return Item("", "", row.internal_at, row.size, row.folder.name, verdict)
