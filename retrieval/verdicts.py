"""What became of one remote message, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from lib.moments import moment
from mailstore.models import Message
from retrieval.completeness import in_words
from retrieval.models import (
    PopMessage,
    PopState,
    RemoteFolder,
    RemoteFolderState,
    RemoteMessage,
    RemoteState,
    RetrievalTask,
    TaskState,
)
from retrieval.services.session import max_size

HERE, GONE, WAITS, ASIDE, OUT = "here", "gone", "waits", "aside", "out"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of the kinds above, a sentence, and what can be done.

    ``message`` is the id of the message here, ``retry`` that of the ledger row to try again.
    """

    kind: str
    words: str
    message: int | None = None
    retry: int | None = None


def of_row(row: RemoteMessage, *, now: datetime) -> Verdict:
    """The verdict on an IMAP message that is in the ledger; ``message``, ``folder`` are loaded."""
    if row.state == RemoteState.STORED:
        return _stored(row.message, row.folder.local_id)
    if row.state == RemoteState.LINKED:
        return _linked(row.message)
    if row.state == RemoteState.SKIPPED:
        words = _("Not fetched: it was marked as deleted on the server when it was found.")
        return Verdict(OUT, words)
    if row.state == RemoteState.VANISHED:
        words = _("Not fetched: it was gone from the server before its turn came.")
        return Verdict(GONE, words)
    return _open(row, row.folder.task, now=now)


def of_pop(row: PopMessage, task: RetrievalTask, *, now: datetime) -> Verdict:
    """The verdict on a POP message that is in the ledger; its ``message`` is loaded."""
    if row.state in (PopState.STORED, PopState.DELETED):
        return _stored(row.message, task.destination_id)
    return _open(row, task, now=now)


def of_message(message: Message) -> Verdict:
    """The verdict on a message that is here, and that the ledger no longer names."""
    words = _("It is here, in %(folder)s.") % {"folder": message.folder.label}
    return Verdict(HERE, words, message=message.pk)


def unseen(task: RetrievalTask, *, now: datetime) -> Verdict:
    """It arrived after the last run looked."""
    return Verdict(WAITS, _("Not seen yet.") + " " + _next(task, now=now))


def below(folder: RemoteFolder, task: RetrievalTask, *, now: datetime) -> Verdict:
    """It is there, and the server did not tell of it when its place was looked through."""
    if folder.server_count is None:
        words = _("Not looked into yet: the folder has not been read to its end.")
        return Verdict(WAITS, words + " " + _next(task, now=now))
    words = _(
        "The server shows it now, and did not list it when this part of the folder was read. "
        "Move it to another folder there and back, and the next run fetches it."
    )
    return Verdict(OUT, words)


def of_folder(
    folder: RemoteFolder | None, task: RetrievalTask, *, is_view: bool, now: datetime
) -> Verdict | None:
    """Why a whole folder is not fetched from, if that is so."""
    if is_view:
        words = _("This folder only shows messages of other folders, so it is left out.")
        return Verdict(OUT, words)
    if folder is None and task.last_run_at is None:
        return unseen(task, now=now)
    if folder is None:
        words = _("The folder was not there when the last run looked.")
        return Verdict(WAITS, words + " " + _next(task, now=now))
    if folder.state == RemoteFolderState.PARKED:
        words = _("The server did not open this folder several times, so it is left for a while.")
        return Verdict(WAITS, f"{words} {_again(folder.parked_until, now=now)}".strip())
    return None


def renumbered(task: RetrievalTask, *, now: datetime) -> Verdict:
    """The server gave the messages of the folder new numbers since the last run."""
    words = _("The server has given the messages of this folder new numbers.")
    return Verdict(WAITS, words + " " + _next(task, now=now))


def _stored(message: Message | None, place: int | None) -> Verdict:
    if message is None:
        words = _("It was stored here and has been deleted here since, so it does not come back.")
        return Verdict(GONE, words)
    values = {"folder": message.folder.label}
    if place is not None and message.folder_id != place:
        words = _("It was stored here, and is in %(folder)s now.")
    else:
        words = _("It is here, in %(folder)s.")
    return Verdict(HERE, words % values, message=message.pk)


def _linked(message: Message | None) -> Verdict:
    if message is None:
        words = _("The same message came from another folder, and has been deleted here since.")
        return Verdict(GONE, words)
    words = _("It is the same as one that is here already, in %(folder)s.")
    return Verdict(HERE, words % {"folder": message.folder.label}, message=message.pk)


def _open(row: RemoteMessage | PopMessage, task: RetrievalTask, *, now: datetime) -> Verdict:
    """Not here: too large, set aside, or still to come."""
    if row.state == RemoteState.TOO_BIG:
        size, limit = row.size or 0, max_size()
        words = _("Not fetched: it is larger than %(size)s, the most that is fetched here.")
        can_retry = 0 < size <= limit
        if can_retry:
            words = _("Not fetched: it was larger than what was fetched here then.")
        return Verdict(
            ASIDE, words % {"size": filesizeformat(limit)}, retry=row.pk if can_retry else None
        )
    reason = in_words(row.error) or _("The server did not hand it out completely.")
    if row.state == RemoteState.QUARANTINED:
        return Verdict(ASIDE, _("Set aside.") + " " + reason, retry=row.pk)
    if row.attempts and row.next_try_at is not None and row.next_try_at > now:
        words = f"{reason} {_again(row.next_try_at, now=now)}"
        return Verdict(WAITS, words, retry=row.pk)
    return Verdict(WAITS, _("Found, and still to be fetched.") + " " + _next(task, now=now))


def _again(at: datetime | None, *, now: datetime) -> str:
    if at is None:
        return ""
    if at <= now:
        return _("It is tried again with the next run.")
    return _("It is tried again at %(time)s.") % {"time": moment(at, now=now)}


def _next(task: RetrievalTask, *, now: datetime) -> str:
    """When the next run brings what waits for it."""
    if task.state in (TaskState.PAUSED, TaskState.NEEDS_PASSWORD):
        return _("It comes when the task runs again.")
    if task.lease_until is not None and task.lease_until > now:
        return _("A run is under way and brings it.")
    if task.next_at is None:
        return _("It comes when you choose Retrieve Messages Now.")
    if task.next_at <= now:
        return _("It comes with the next run, in a moment.")
    return _("It comes with the next run, at %(time)s.") % {"time": moment(task.next_at, now=now)}
