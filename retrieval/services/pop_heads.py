"""Messages that are here already although their ids do not say so, told by their headers.

Some servers give no ids, or new ones to everything. Where mail stays there, TOP (RFC 1939
section 7) spares fetching all of it again. For removing it would not be proof enough.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocols.errors import Later, MailServerError
from protocols.pop3 import Pop3Source
from retrieval.models import PopMessage, PopState
from retrieval.services import pop_ledger
from retrieval.services.pop_arrivals import Arrivals, Listed
from retrieval.services.pop_refusals import Refusals


def recognise(
    source: Pop3Source, arrivals: Arrivals, refusals: Refusals, todo: Sequence[Listed]
) -> list[Listed]:
    """Link what has the size and the header of a stored message; gives the rest.

    Raises:
        MailServerError: the connection is lost; TOP is not used again in this run.
    """
    stored = _stored(arrivals, {one.entry.size for one in todo})
    sizes = {size for size, _ in stored}
    maybe = {one.entry.number: one for one in todo if one.entry.size in sizes}
    if not maybe:
        return list(todo)
    pairs: list[tuple[PopMessage, PopMessage]] = []
    found: set[int] = set()
    try:
        for number, head in source.heads(sorted(maybe)):
            one = maybe[number]
            old = stored.get((one.entry.size, pop_ledger.head_of(head or b"")))
            if head and old:
                found.add(number)
                _take(arrivals, one, old.pop(), pairs)
    except Later:
        raise
    except MailServerError:
        refusals.knows_top = False
        raise
    arrivals.link(pairs)
    return [one for one in todo if one.entry.number not in found]


def _take(
    arrivals: Arrivals, one: Listed, old: PopMessage, pairs: list[tuple[PopMessage, PopMessage]]
) -> None:
    if not one.key:
        # Its row stays; it only must not be taken for that of another copy.
        arrivals.copies[old.key] += 1
        return
    row = PopMessage(pk=arrivals.known[one.key].pk, task=arrivals.task, key=one.key)
    row.size = one.entry.size
    pairs.append((row, old))


def _stored(arrivals: Arrivals, sizes: set[int]) -> dict[tuple[int, bytes], list[PopMessage]]:
    """Rows that go by no id, by listed size and header."""
    here = (PopState.STORED, PopState.DELETED)
    rows = PopMessage.objects.filter(
        pop_ledger.BY_CONTENT, task=arrivals.task, state__in=here, head__isnull=False
    )
    found: dict[tuple[int, bytes], list[PopMessage]] = {}
    for row in rows.order_by("-copy_no", "-pk").iterator():
        if row.size in sizes:
            found.setdefault((row.size, bytes(row.head or b"")), []).append(row)
    return found
