"""manage.py rethread: find again which messages belong together."""

from typing import Any

from lib.operator import Answer, OperatorCommand
from mailstore.services import rethreading


class Command(OperatorCommand):
    help = "Find all conversations again from what messages say of each other."

    def answer(self, *_: Any, **__: Any) -> Answer:
        """Do all of it in this process; mail keeps arriving meanwhile."""
        return {"messages": rethreading.rethread()}
