"""manage.py check_store: is every message there, unchanged, counted right and in its place?"""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from lib.operator import Answer, OperatorCommand, OperatorError
from mailstore.services.checking import check


class Command(OperatorCommand):
    help = "Check every message body against its hash and every folder counter against its rows."

    def add_arguments(self, parser: CommandParser) -> None:
        """See BaseCommand."""
        super().add_arguments(parser)
        parser.add_argument(
            "--repair", action="store_true", help="Find moved bodies again and set counters right."
        )

    def answer(self, *_: Any, repair: bool, **__: Any) -> Answer:
        """Check, and fail if anything is wrong or was left so."""
        found = check(repair=repair)
        facts = asdict(found)
        if not found.is_sound:
            wrong = "\n".join([*found.damaged, *found.counters, *found.conversations])
            raise OperatorError(f"The mail store is not sound:\n{wrong}", facts)
        return facts
