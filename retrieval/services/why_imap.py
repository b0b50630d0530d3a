"""Looking for a message in the folders of an IMAP server, and telling what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from protocols.errors import Refused
from protocols.imap import ImapSource, MailboxStatus, RemoteMailbox
from protocols.imap.search import Head, Sought
from retrieval import plan, verdicts
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalTask
from retrieval.services.why_values import Item, Progress, Tools, fields_of, matches
from retrieval.verdicts import Verdict

FOLDERS = 500
OF_A_FOLDER = 20  # messages shown of each, the newest
NEWEST = 200  # messages of a folder looked through where the server cannot search
_LAST = frozenset({"all", *plan.VIEW_ROLES})


def look(task: RetrievalTask, wanted: Sought, tools: Tools, progress: Progress) -> None:
    """Search every folder, the Inbox first; ``progress`` grows while this goes on.

    Raises `MailServerError` where the connection fails, or the time is used up.
    """
    with ImapSource.open(
        tools.endpoint,
        tools.login,
        policy=tools.policy,
        trust=tools.trust,
        total=tools.total,
    ) as source:
        boxes = _in_order(source.list_folders())
        rows = {bytes(row.raw_name): row for row in RemoteFolder.objects.filter(task=task)}
        progress.total = len(boxes)
        for box in boxes[:FOLDERS]:
            if progress.room <= 0:
                progress.more = True
                return
            _look_into(task, source, box, rows, wanted, tools, progress)


def _in_order(listed: Sequence[RemoteMailbox]) -> list[RemoteMailbox]:
    """The Inbox, the other folders, and at last those that show what lies elsewhere."""
    useful = [box for box in listed if box.selectable]
    return sorted(useful, key=lambda box: (box.role in _LAST, box.role != "inbox", box.name))


def _look_into(
    task: RetrievalTask,
    source: ImapSource,
    box: RemoteMailbox,
    rows: Mapping[bytes, RemoteFolder],
    wanted: Sought,
    tools: Tools,
    progress: Progress,
) -> None:
    most = min(OF_A_FOLDER, progress.room)
    try:
        status, heads, number = _found(source, box, wanted, most)
    except Refused:
        progress.skipped += 1
        return
    progress.looked += 1
    progress.more = progress.more or number > most
    told = _verdicts(task, box, rows.get(box.raw_name), status, heads, tools)
    for head in heads:
        shown = fields_of(head.header)
        at = shown.at or head.internal_at
        item = Item(shown.subject, shown.sender, at, head.size, box.name, told[head.uid])
        progress.items.append(item)


def _found(
    source: ImapSource, box: RemoteMailbox, wanted: Sought, most: int
) -> tuple[MailboxStatus, list[Head], int]:
    """What matches in a folder, the newest ``most`` of it, and how much there is."""
    try:
        status, uids = source.look(box.raw_name, wanted)
    except Refused:
        # It knows no search, or not these letters: what is new can be looked through here.
        status, last = source.newest(box.raw_name, NEWEST)
        heads = [
            head
            for head in last
            if matches(fields_of(head.header), wanted, arrived=head.internal_at)
        ]
        return status, heads[:most], len(heads)
    return status, source.heads(uids[:most]) if uids else [], len(uids)


def _verdicts(
    task: RetrievalTask,
    box: RemoteMailbox,
    row: RemoteFolder | None,
    status: MailboxStatus,
    heads: Sequence[Head],
    tools: Tools,
) -> dict[int, Verdict]:
    """A verdict for every message found in one folder; one query at most."""
    now, uids = tools.now, [head.uid for head in heads]
    if not uids:
        return {}
    is_view = box.role in plan.VIEW_ROLES
    whole = verdicts.of_folder(row, task, is_view=is_view, now=now)
    if row is None or is_view:
        return dict.fromkeys(uids, whole or verdicts.unseen(task, now=now))
    if row.uidvalidity is not None and status.uidvalidity not in (0, row.uidvalidity):
        return dict.fromkeys(uids, verdicts.renumbered(task, now=now))
    known = RemoteMessage.objects.filter(folder=row, generation=row.generation, uid__in=uids)
    found = {
        one.uid: verdicts.of_row(one, now=now)
        for one in known.select_related("message__folder", "folder__task")
    }
    for uid in uids:
        if uid not in found:
            is_new = uid >= row.uidnext_scanned
            missing = verdicts.unseen(task, now=now)
            found[uid] = whole or (missing if is_new else verdicts.below(row, task, now=now))
    return found
