"""manage.py reindex: make the search index and the derived fields again from the stored bytes."""

from typing import Any

from lib.operator import Answer, OperatorCommand
from mailstore.services import deriving, indexing


class Command(OperatorCommand):
    help = "Derive every message's fields again from its bytes and rebuild the search index."

    def answer(self, *_: Any, **__: Any) -> Answer:
        """Do all of it in this process; mail keeps arriving meanwhile."""
        derived = deriving.derive_all()
        indexed = indexing.rebuild()
        while batch := indexing.index_batch():
            indexed += batch
        return {"derived": derived.done, "unreadable": derived.unreadable, "indexed": indexed}
