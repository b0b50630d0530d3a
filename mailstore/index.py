"""The full-text index inside the database: FTS5 on SQLite, tsvector with GIN on PostgreSQL.

Both are fed the same words (see `index_words`), so they find the same mail. An entry is derived
from a message and can be made again at any time; a stale entry is harmless, because every search
also asks the message's own row.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from django.db import connection

from mailstore import index_words as words
from mailstore.index_words import Entry
from mailstore.query import Both, Either, Node, Not, Term


class Index(Protocol):
    """What a database has to offer. Everything runs in the caller's transaction, if any."""

    def create(self) -> bool:
        """Make the table if it is missing; whether it was."""

    def put(self, entries: Sequence[Entry]) -> None:
        """Add entries, replacing those of the same messages."""

    def remove(self, message_ids: Sequence[int]) -> None:
        """Take entries out."""

    def strays(self, limit: int) -> list[int]:
        """Ids of entries whose message is gone."""

    def matching(self, user_id: int, node: Node) -> tuple[str, list[str]]:
        """A subquery with its parameters that yields the ids of matching messages, in no order.

        The node has terms only. Other people's mail, however much, is not looked at.
        """


class Fts5:
    """SQLite. The tokenizer splits at spaces alone; folding was done before."""

    def create(self) -> bool:
        """See Index."""
        if "mailstore_words" in connection.introspection.table_names():
            return False
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS mailstore_search")
            cursor.execute(
                "CREATE VIRTUAL TABLE mailstore_words USING fts5(words, tokenize = 'ascii')"
            )
        return True

    def put(self, entries: Sequence[Entry]) -> None:
        """See Index."""
        self.remove([entry.message_id for entry in entries])
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO mailstore_words (rowid, words) VALUES (%s, %s)",
                [
                    (one.message_id, f" {words.GAP} ".join(map(" ".join, words.runs(one))))
                    for one in entries
                ],
            )

    def remove(self, message_ids: Sequence[int]) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.executemany(
                "DELETE FROM mailstore_words WHERE rowid = %s", [(one,) for one in message_ids]
            )

    def strays(self, limit: int) -> list[int]:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM mailstore_words_docsize"
                " WHERE id NOT IN (SELECT id FROM mailstore_message) LIMIT %s",
                [limit],
            )
            return [row[0] for row in cursor.fetchall()]

    def matching(self, user_id: int, node: Node) -> tuple[str, list[str]]:
        """See Index."""
        sql = "SELECT rowid FROM mailstore_words WHERE mailstore_words MATCH %s"
        return sql, [self._expression(user_id, node)]

    def _expression(self, user_id: int, node: Node) -> str:
        if isinstance(node, Term):
            phrase = " ".join(words.spelled(user_id, node.field, one) for one in node.words)
            return f'"{phrase}"' + (" *" if node.is_open else "")
        if isinstance(node, Either):
            return f"({' OR '.join(self._expression(user_id, one) for one in node.of)})"
        parts = node.of if isinstance(node, Both) else (node,)
        # NOT stands between two things here: what is wanted, or else everything.
        found = [self._expression(user_id, one) for one in parts if not isinstance(one, Not)]
        expression = " AND ".join(found) or f'"{words.owner(user_id)}"'
        for one in parts:
            if isinstance(one, Not):
                expression = f"({expression}) NOT ({self._expression(user_id, one.of)})"
        return f"({expression})"


class TsVector:
    """PostgreSQL. Fields are told apart by the words themselves: weights would be asked of each
    row, words are not."""

    # PostgreSQL counts positions no further, and keeps 255 of a word.
    last = 16_383
    places = 255

    def create(self) -> bool:
        """See Index."""
        if "mailstore_words" in connection.introspection.table_names():
            return False
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS mailstore_search")
            cursor.execute(
                "CREATE TABLE mailstore_words (message_id bigint PRIMARY KEY,"
                " words tsvector NOT NULL) WITH (toast_tuple_target = 128)"
            )
            # What waits to be sorted in is looked through by every search: little may wait.
            cursor.execute(
                "CREATE INDEX mailstore_words_words ON mailstore_words USING gin (words)"
                " WITH (gin_pending_list_limit = 1024)"
            )
        return True

    def put(self, entries: Sequence[Entry]) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO mailstore_words (message_id, words) VALUES (%s, %s::tsvector)"
                " ON CONFLICT (message_id) DO UPDATE SET words = EXCLUDED.words",
                [(entry.message_id, self._vector(entry)) for entry in entries],
            )

    def _vector(self, entry: Entry) -> str:
        found: dict[str, list[int]] = {}
        at = 0
        for run in words.runs(entry):
            for word in run:
                at += 1
                found.setdefault(word, []).append(min(at, self.last))
            # A phrase does not run from one field into the next.
            at += 1
        # Words are letters and digits, so nothing needs escaping.
        return " ".join(
            f"'{word}':{','.join(map(str, at[: self.places]))}" for word, at in found.items()
        )

    def remove(self, message_ids: Sequence[int]) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM mailstore_words WHERE message_id = ANY(%s)", [list(message_ids)]
            )

    def strays(self, limit: int) -> list[int]:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT message_id FROM mailstore_words w WHERE NOT EXISTS"
                " (SELECT 1 FROM mailstore_message m WHERE m.id = w.message_id) LIMIT %s",
                [limit],
            )
            return [row[0] for row in cursor.fetchall()]

    def matching(self, user_id: int, node: Node) -> tuple[str, list[str]]:
        """See Index."""
        # Of a constant the planner thinks it knows how much it finds, and then reads all rows.
        sql = "SELECT message_id FROM mailstore_words WHERE words @@ (SELECT %s::tsquery)"
        return sql, [self._expression(user_id, node)]

    def _expression(self, user_id: int, node: Node) -> str:
        if isinstance(node, Term):
            found = [f"'{words.spelled(user_id, node.field, one)}'" for one in node.words]
            return f"({' <-> '.join(found)}{':*' if node.is_open else ''})"
        if isinstance(node, Either):
            return f"({' | '.join(self._expression(user_id, one) for one in node.of)})"
        parts = node.of if isinstance(node, Both) else (node,)
        found = [self._expression(user_id, one) for one in parts if not isinstance(one, Not)]
        found = found or [f"'{words.owner(user_id)}'"]
        found += [f"!{self._expression(user_id, one.of)}" for one in parts if isinstance(one, Not)]
        return f"({' & '.join(found)})"


def current() -> Index:
    """The index of the database in use."""
    return TsVector() if connection.vendor == "postgresql" else Fts5()


def remove(message_ids: Iterable[int]) -> None:
    """Take messages out of the index; call it where they are removed for good."""
    found = list(message_ids)
    if found:
        current().remove(found)
