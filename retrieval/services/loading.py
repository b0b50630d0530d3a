"""What only fetching and storing need, loaded while a server is waited for.

A command pays for what it loads each time it runs, and a server far away takes longer to let us in
than that takes. Workers load all of it before their first task.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from retrieval.models import TaskType

#: What pulls a task, by its type.
WAYS = {
    TaskType.IMAP.value: "retrieval.services.pull_imap",
    TaskType.POP.value: "retrieval.services.pull_pop",
}
DELIVER = "filtering.services.deliver"


def way(type_: str) -> Callable[..., bool]:
    """The function that pulls a task of this type; see `pull_imap.pull`."""
    pull: Callable[..., bool] = import_module(WAYS[type_]).pull
    return pull


def deliver() -> Any:
    """The module `filtering.services.deliver`."""
    return import_module(DELIVER)


def everything() -> None:
    """Load all of it now."""
    for type_ in WAYS:
        _load(type_)


def begin(type_: str) -> None:
    """Load in a thread what a task of this type needs; who asks for it meanwhile waits for it."""
    if WAYS[type_] not in sys.modules or DELIVER not in sys.modules:
        threading.Thread(target=_quietly, args=(type_,), name="loads").start()


def _load(type_: str) -> None:
    deliver()
    way(type_)
    import_module("filtering.arrivals").load()


def _quietly(type_: str) -> None:
    # Whoever needs what cannot be loaded is told.
    with suppress(Exception):
        _load(type_)
