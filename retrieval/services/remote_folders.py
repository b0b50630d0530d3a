"""Remote mailboxes as rows: found, placed here, missed."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Q

from mailstore.models import Folder, Source
from mailstore.services import folders
from protocols.imap import RemoteMailbox
from retrieval import plan
from retrieval.models import (
    RemoteFolder,
    RemoteFolderState,
    RemoteMessage,
    RetrievalTask,
    Transfer,
)

GONE_AFTER = 3


def planned(mailboxes: Sequence[RemoteMailbox]) -> list[plan.Mailbox]:
    """The listing in the planner's terms."""
    return [
        plan.Mailbox(
            raw_name=box.raw_name,
            name=box.name,
            delimiter=box.delimiter or "",
            role=box.role,
            selectable=box.selectable,
        )
        for box in mailboxes
        if len(box.raw_name) <= 1000
    ]


def sync(task: RetrievalTask, listed: Sequence[plan.Mailbox]) -> dict[bytes, RemoteFolder]:
    """Rows for the listed mailboxes, new ones made; the others are missed once more.

    A mailbox is called gone after three lists without it; mail already here always stays.
    """
    rows = {bytes(row.raw_name): row for row in RemoteFolder.objects.filter(task=task)}
    known = set(rows)
    RemoteFolder.objects.bulk_create(
        [
            RemoteFolder(
                task=task,
                raw_name=box.raw_name,
                name=box.name[:1000],
                delimiter=box.delimiter[:1],
                role=box.role[:8],
            )
            for box in listed
            if box.raw_name not in known
        ],
        ignore_conflicts=True,
    )
    names = {box.raw_name for box in listed}
    seen = [row.pk for name, row in rows.items() if name in names]
    missed = [row.pk for name, row in rows.items() if name not in names]
    if listed:
        # Counted no further than needed: a folder may be gone for years.
        RemoteFolder.objects.filter(pk__in=missed, missed_lists__lt=GONE_AFTER).update(
            missed_lists=F("missed_lists") + 1
        )
        RemoteFolder.objects.filter(pk__in=missed, missed_lists__gte=GONE_AFTER).update(
            state=RemoteFolderState.GONE
        )
    RemoteFolder.objects.filter(pk__in=seen).exclude(missed_lists=0).update(
        missed_lists=0, state=RemoteFolderState.ACTIVE
    )
    fresh = RemoteFolder.objects.filter(task=task).select_related("local")
    return {bytes(row.raw_name): row for row in fresh if bytes(row.raw_name) in names}


def some_are_lost(task: RetrievalTask) -> bool:
    """Whether `lost` could find any."""
    return RemoteFolder.objects.filter(task=task, missed_lists__gt=0).exists()


def lost(task: RetrievalTask, uidvalidity: int) -> list[RemoteFolder]:
    """Folders that were not listed this time and whose UIDs were valid under that number."""
    rows = RemoteFolder.objects.filter(task=task, uidvalidity=uidvalidity, missed_lists__gt=0)
    return list(rows.exclude(uidvalidity=0).select_related("local"))


def rename(row: RemoteFolder, new: RemoteFolder) -> None:
    """Give a known folder the name under which ``new``, still empty, was listed."""
    new.delete()
    row.raw_name, row.name, row.delimiter = new.raw_name, new.name, new.delimiter
    row.role, row.missed_lists, row.state = new.role, 0, RemoteFolderState.ACTIVE
    row.save(update_fields=["raw_name", "name", "delimiter", "role", "missed_lists", "state"])


def start_afresh(task: RetrievalTask) -> None:
    """Doubt everything that is known of the other server: it is another account now.

    Its UIDs are fetched again, whatever they are; what is here already is recognised by its
    bytes and only linked.
    """
    RemoteFolder.objects.filter(task=task, uidvalidity__isnull=False).update(
        uidvalidity=None,
        generation=F("generation") + 1,
        uidnext_scanned=1,
        settled_uid=0,
        server_count=None,
        counts={},
        refusals=0,
        parked_until=None,
        turned_at=[],
    )
    # Only the bytes tell: some servers count their ids anew for every account, and one letter to
    # two people differs in its headers.
    named = ~Q(server_id="") | Q(ident__isnull=False)
    RemoteMessage.objects.filter(named, folder__task=task).update(server_id="", ident=None)


def place_afresh(task: RetrievalTask) -> None:
    """Forget where the remote folders go; the task was told another way or place."""
    RemoteFolder.objects.filter(task=task).update(local=None)


def local_folder(task: RetrievalTask, row: RemoteFolder, place: plan.Place) -> Folder:
    """The folder here that a remote mailbox goes to, made (again) when missing."""
    if row.local is not None:
        return row.local
    if place.role:
        folder = folders.special(task.user, place.role)
    else:
        folder = folders.ensure_path(
            task.user, place.path, parent=_parent(task), source=_source(task)
        )
    RemoteFolder.objects.filter(pk=row.pk).update(local=folder)
    row.local = folder
    return folder


def _parent(task: RetrievalTask) -> Folder | None:
    if task.transfer != Transfer.SUBFOLDERS:
        return None
    if task.destination is not None:
        return task.destination
    # The chosen folder was deleted since: the account's name keeps its mail apart.
    destination = folders.ensure_path(task.user, [task.source.name], source=task.source)
    RetrievalTask.objects.filter(pk=task.pk).update(destination=destination)
    task.destination = destination
    return destination


def _source(task: RetrievalTask) -> Source | None:
    """Folders below the account's own folder carry its colour; shared ones do not."""
    return task.source if task.transfer == Transfer.SUBFOLDERS else None
