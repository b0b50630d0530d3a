"""Bodies in pipelined batches: the next requests travel while the last answers come in."""

from collections import deque
from collections.abc import Iterable, Iterator

from protocols.errors import Refused, Stage
from protocols.imap import parse
from protocols.imap.arguments import uid_sets
from protocols.imap.channel import Channel
from protocols.imap.values import FetchedMessage

STEP = 60.0
_ITEMS = b" (UID FLAGS INTERNALDATE BODY.PEEK[])"


def stream(
    channel: Channel, groups: Iterable[list[int]], depth: int
) -> Iterator[list[FetchedMessage]]:
    """The messages of each group that arrived whole; what the server withheld is left out.

    A refused group is handed out as far as it came, then `Refused` is raised.  Leaving early, or
    any error with requests still on their way, closes the connection.
    """
    queue = deque(_sets(groups))
    waiting: deque[tuple[bytes, list[int]]] = deque()
    arrived: dict[int, FetchedMessage] = {}
    wanted: set[int] = set()
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
            if refusal is not None:
                raise refusal
    finally:
        if waiting:
            channel.wire.close()


def _sets(groups: Iterable[list[int]]) -> Iterator[tuple[bytes, list[int]]]:
    for group in groups:
        yield from uid_sets(group)


def _receive(
    channel: Channel, tag: bytes, wanted: set[int], arrived: dict[int, FetchedMessage]
) -> Refused | None:
    """Read until the tag is answered; bodies nobody asked for are dropped (unsolicited FETCH)."""
    try:
        for parts in channel.collect(tag):
            body = parse.fetch_body(parts)
            if body is None and len(parts) == 1:
                continue
            meta = parse.fetch_meta(parts)
            if meta is None or not parse.whole(parts):
                raise channel.wire.broken("FETCH response not understood")
            if body is not None and meta.uid in wanted:
                arrived[meta.uid] = FetchedMessage(meta.uid, body, meta.flags, meta.internal_at)
    except Refused as refusal:
        return refusal
    return None
