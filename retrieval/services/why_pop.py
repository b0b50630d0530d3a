"""Looking for a message among the newest of a maildrop, and telling what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from protocols.imap.search import Sought
from protocols.pop3 import Pop3Source
from protocols.pop3.values import PopEntry
from retrieval import plan, verdicts
from retrieval.models import PopMessage, RetrievalTask
from retrieval.services import pop_ledger
from retrieval.services.why_values import Item, Progress, Tools, fields_of, matches
from retrieval.verdicts import Verdict

NEWEST = 200  # messages whose headers are asked for (RFC 1939 section 7)


def look(task: RetrievalTask, wanted: Sought, tools: Tools, progress: Progress) -> None:
    """Read the headers of the newest messages; POP3 itself knows no search.

    Raises `MailServerError` where the connection fails, or the time is used up.
    """
    with Pop3Source.open(
        tools.endpoint,
        tools.login,
        policy=tools.policy,
        trust=tools.trust,
        total=tools.total,
    ) as source:
        listed = source.listing()
        keys = plan.pop_keys([entry.uidl for entry in listed])
        newest = list(zip(listed, keys, strict=True))[-NEWEST:][::-1]
        progress.total = len(listed)
        _read(task, source, newest, wanted, tools, progress)
        source.quit()


def _read(
    task: RetrievalTask,
    source: Pop3Source,
    newest: Sequence[tuple[PopEntry, str]],
    wanted: Sought,
    tools: Tools,
    progress: Progress,
) -> None:
    entries = {entry.number: (entry, key) for entry, key in newest}
    for number, head in source.heads(list(entries)):
        progress.looked += 1
        if head is None:
            progress.skipped += 1
            continue
        shown = fields_of(head)
        if not matches(shown, wanted):
            continue
        if progress.room <= 0:
            progress.more = True
            continue
        entry, key = entries[number]
        verdict = _verdict(task, key, head, now=tools.now)
        item = Item(shown.subject, shown.sender, shown.at, entry.size, "", verdict)
        progress.items.append(item)


def _verdict(task: RetrievalTask, key: str, head: bytes, *, now: datetime) -> Verdict:
    """By its id; without one, by its header, as the pulls know it."""
    rows = PopMessage.objects.filter(task=task).select_related("message__folder")
    found = rows.filter(key=key) if key else rows.filter(head=pop_ledger.head_of(head))
    row = found.order_by("pk").first()
    return verdicts.of_pop(row, task, now=now) if row else verdicts.unseen(task, now=now)
