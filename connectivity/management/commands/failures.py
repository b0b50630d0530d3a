"""``manage.py failures [--json]``: what servers said that the catalogue knows no cause for."""

from __future__ import annotations

from typing import Any

from connectivity.services import failures
from lib.operator import Answer, OperatorCommand


class Command(OperatorCommand):
    """One job, no verbs."""

    help = "List what mail servers said that no cause is known for, the most frequent first."

    def answer(self, *args: Any, **options: Any) -> Answer:
        return [
            {
                "protocol": row.protocol,
                "stage": row.stage,
                "count": row.count,
                "first_at": row.first_at,
                "last_at": row.last_at,
                "line": row.line,
            }
            for row in failures.unknown()
        ]
