"""Bodies in pipelined batches: the next requests travel while the last answers come in."""

from collections import deque
from collections.abc import Iterable, Iterator

from protocols.errors import Refused, Stage
from protocols.imap import messages
from protocols.imap.arguments import uid_sets
from protocols.imap.channel import Channel
from protocols.imap.values import FetchedMessage

STEP = 60.0
REFUSALS = 3
_ITEMS = b" (UID FLAGS INTERNALDATE BODY.PEEK[])"


def stream(
    channel: Channel, groups: Iterable[list[int]], depth: int
) -> Iterator[list[FetchedMessage]]:
    """The messages of each group that arrived whole; what the server withheld is left out.

    A refused group is handed out as far as it came, and the others follow: `Refused` is raised at
    the end, or as soon as so many were refused in a row that the server means all of them.  The
    connection stays usable then.  Leaving early, or any other error with requests still on their
    way, closes it.
    """
    queue = deque(_sets(groups))
    waiting: deque[tuple[bytes, list[int]]] = deque()
    arrived: dict[int, FetchedMessage] = {}
    wanted: set[int] = set()
    refused: Refused | None = None
    in_a_row = 0
    try:
        while queue or waiting:
            channel.wire.limit(STEP, Stage.FETCH)
            while queue and len(waiting) < depth:
                text, members = queue.popleft()
                wanted.update(members)
                waiting.append((channel.send(b"UID FETCH " + text + _ITEMS), members))
            tag, members = waiting.popleft()
            refusal = _receive(channel, tag, wanted, arrived)
            wanted.difference_update(members)
            yield [arrived.pop(uid) for uid in members if uid in arrived]
            refused = refused or refusal
            in_a_row = in_a_row + 1 if refusal else 0
            if in_a_row >= REFUSALS:
                queue.clear()
    finally:
        if waiting:
            channel.wire.close()
    if refused is not None:
        raise refused


def _sets(groups: Iterable[list[int]]) -> Iterator[tuple[bytes, list[int]]]:
    for group in groups:
        yield from uid_sets(group)


def _receive(
    channel: Channel, tag: bytes, wanted: set[int], arrived: dict[int, FetchedMessage]
) -> Refused | None:
    """Read until the tag is answered; bodies nobody asked for are dropped (unsolicited FETCH)."""
    try:
        for parts in channel.collect(tag):
            body = messages.fetch_body(parts)
            if body is None and len(parts) == 1:
                continue
            meta = messages.fetch_meta(parts)
            if meta is None or not messages.whole(parts):
                raise channel.wire.broken("FETCH response not understood")
            if body is not None and meta.uid in wanted:
                arrived[meta.uid] = FetchedMessage(meta.uid, body, meta.flags, meta.internal_at)
    except Refused as refusal:
        return refusal
    return None
