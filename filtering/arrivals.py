"""Who is told of messages that were just filed, in the transaction that files them.

The rooms that want to know stand above this one, so they are named by path. What is named here
runs for every message of every pull: it works on whole batches, and loads and asks little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.module_loading import import_string

from mailstore.mime import Summary
from mailstore.models import Message
from mailstore.services.messages import NewMessage

#: Called with the messages of one batch, in this order.
HOOKS: tuple[str, ...] = (
    "smtp_accounts.services.arrivals.filed",
    "smtp_accounts.services.returned.filed",
    "smtp_accounts.services.sent.filed",
    "connectivity.services.push_hints.filed",
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that has its row, and what it says of itself beyond what the row keeps."""

    message: Message
    said: Summary


def load() -> None:
    """Load who is told, before there is anything to tell."""
    for path in HOOKS:
        import_string(path)


def tell(rows: Sequence[Message], new: Sequence[NewMessage]) -> None:
    """Tell everybody who wants to know. Inside the caller's transaction; an error undoes it."""
    if not rows:
        return
    arrived = [Arrived(row, one.summary) for row, one in zip(rows, new, strict=True)]
    for path in HOOKS:
        import_string(path)(arrived)
