"""Emptying the database between tests, where it refuses to part with its audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db.backends.sqlite3.base import DatabaseWrapper

# By way of the wrapper: the module of the operations alone cannot be imported first.
DatabaseOperations: Any = DatabaseWrapper.ops_class
Flush = Callable[..., list[str]]


@pytest.fixture(autouse=True, scope="session")
def flush_past_the_audit_log() -> Iterator[None]:
    """SQLite is emptied by DELETE, which its triggers refuse; PostgreSQL by TRUNCATE."""
    whole: Flush = DatabaseOperations.sql_flush

    def flush(self: Any, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
        statements = whole(self, style, tables, **options)
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM accounts_auditentry)")
            if not cursor.fetchone()[0]:
                return statements
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
                "AND tbl_name = 'accounts_auditentry'"
            )
            triggers = cursor.fetchall()
        drops = [f"DROP TRIGGER {name}" for name, _ in triggers]
        return [*drops, *statements, *(sql for _, sql in triggers)]

    DatabaseOperations.sql_flush = flush
    yield
    DatabaseOperations.sql_flush = whole
