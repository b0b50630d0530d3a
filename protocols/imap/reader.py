"""Bodies read ahead, with several batches on their way."""

from collections.abc import Callable, Iterator

from protocols.ahead import ReadAhead
from protocols.imap.channel import Channel
from protocols.imap.orders import Orders
from protocols.imap.values import Arrived, Form, Wanted

Take = Callable[[], Wanted | None]


def bodies(channel: Channel, take: Take, *, depth: int, ahead: int) -> ReadAhead[Arrived]:
    """What arrives for each `Wanted` that `take` gives, in that order, until it gives None.

    `depth` batches are kept on their way and at most `ahead` wait to be handed over.  `take` is
    called from the reading thread.  Any error but a refusal is raised after the batches that came
    before it.  Leaving early ends the connection.
    """
    return ReadAhead(_arrivals(channel, take, depth), channel.wire, ahead)


def _arrivals(channel: Channel, take: Take, depth: int) -> Iterator[Arrived]:
    orders = Orders(channel, at_once=depth > 1)
    form = Form.WHOLE  # of the last order
    held: Wanted | None = None
    while True:
        while len(orders) < depth and not (orders and orders.crowded):
            held = held or take()
            # A body in pieces is a talk of its own: before it and after it the wire is free.
            if held is None or (orders and Form.PIECES in (held.form, form)):
                break
            orders.place(held)
            form, held = held.form, None
        if not orders:
            break
        yield orders.receive()
    orders.finish()
