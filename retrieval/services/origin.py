"""Where a message came from, as far as the ledger still tells; read only."""

from __future__ import annotations

from dataclasses import dataclass

from mailstore.models import Folder, FolderRole, Message
from retrieval.models import (
    PopMessage,
    RemoteFolder,
    RemoteMessage,
    RemoteState,
    RetrievalTask,
    TaskType,
)


@dataclass(frozen=True, slots=True)
class Origin:
    """The account a message came through.

    ``folder`` is the remote folder it came from, with the name that has now; "" where the account
    has none (POP) or the ledger does not tell. ``is_inbox`` is whether that is the Inbox there,
    None where nobody knows. ``local`` is where mail from there goes now, None where that is not
    known. ``is_screened`` is whether mail of this account is screened now: of IMAP its Inbox.
    """

    task_id: int
    is_pop: bool
    is_screened: bool
    folder: str = ""
    is_inbox: bool | None = None
    local: Folder | None = None


def of(message: Message) -> Origin | None:
    """What is known of a message; None where no account of its owner has its label (any more).

    Three queries at most.
    """
    if message.source_id is None:
        return None
    mine = RetrievalTask.objects.filter(user=message.user_id, source=message.source_id)
    task = mine.select_related("destination").first()
    if task is None:
        return None
    if task.type == TaskType.POP:
        return _of_pop(task, message)
    came = _folder(task, message)
    if came is None:
        return Origin(task.pk, False, task.filter_enabled)
    return Origin(
        task.pk,
        is_pop=False,
        is_screened=task.filter_enabled,
        folder=came.name,
        is_inbox=came.role == "inbox",
        local=came.local,
    )


def _of_pop(task: RetrievalTask, message: Message) -> Origin:
    local = None
    if PopMessage.objects.filter(task=task, message=message).exists():
        inbox = Folder.objects.filter(user=task.user_id, role=FolderRole.INBOX)
        local = task.destination or inbox.first()
    return Origin(task.pk, True, task.filter_enabled, local=local)


def _folder(task: RetrievalTask, message: Message) -> RemoteFolder | None:
    """Where it was fetched from: other rows, as those of a folder that shows everything, are only
    linked to it."""
    rows = RemoteMessage.objects.filter(message=message, folder__task=task)
    found = list(rows.select_related("folder__local").order_by("pk")[:50])
    found.sort(key=lambda one: (one.state != RemoteState.STORED, one.folder.role == "all"))
    return found[0].folder if found else None
