"""The full-text index inside the database: FTS5 on SQLite, tsvector with GIN on PostgreSQL.

Both are fed the same words (see `tokens`), so they find the same mail. An entry is derived from
a message and can be made again at any time; a stale entry is harmless, because every search also
asks the message's own row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import connection

from mailstore.query import Query, Term

FIELDS = ("sender", "recipients", "subject", "body", "files")


@dataclass(frozen=True, slots=True)
class Entry:
    """The words of one message, field by field."""

    message_id: int
    user_id: int
    sender: Sequence[str]
    recipients: Sequence[str]
    subject: Sequence[str]
    body: Sequence[str]
    files: Sequence[str]


class Index(Protocol):
    """What a database has to offer. Everything runs in the caller's transaction, if any."""

    def create(self) -> None:
        """Make the tables if they are missing."""

    def put(self, entries: Sequence[Entry]) -> None:
        """Add entries, replacing those of the same messages."""

    def remove(self, message_ids: Sequence[int]) -> None:
        """Take entries out."""

    def clear(self) -> None:
        """Take all entries out."""

    def matching(self, user_id: int, query: Query) -> tuple[str, list[str]]:
        """A subquery with its parameters that yields the ids of matching messages."""


class Fts5:
    """SQLite. `owner` is part of the index, as FTS5 would find everyone's mail first."""

    def create(self) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE VIRTUAL TABLE IF NOT EXISTS mailstore_search USING fts5("
                "owner, sender, recipients, subject, body, files,"
                " tokenize = 'unicode61 remove_diacritics 0')"
            )

    def put(self, entries: Sequence[Entry]) -> None:
        """See Index."""
        self.remove([entry.message_id for entry in entries])
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO mailstore_search"
                " (rowid, owner, sender, recipients, subject, body, files)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        entry.message_id,
                        f"u{entry.user_id}",
                        *(" ".join(getattr(entry, field)) for field in FIELDS),
                    )
                    for entry in entries
                ],
            )

    def remove(self, message_ids: Sequence[int]) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.executemany(
                "DELETE FROM mailstore_search WHERE rowid = %s", [(one,) for one in message_ids]
            )

    def clear(self) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM mailstore_search")

    def matching(self, user_id: int, query: Query) -> tuple[str, list[str]]:
        """See Index."""
        wanted = [f'owner : "u{user_id}"', *(self._term(term) for term in query.terms)]
        expression = f"({' AND '.join(wanted)})"
        for term in query.without:
            expression += f" NOT ({self._term(term)})"
        return "SELECT rowid FROM mailstore_search WHERE mailstore_search MATCH %s", [expression]

    def _term(self, term: Term) -> str:
        phrase = f'"{" ".join(term.words)}"' + ("" if term.exact else " *")
        return f"({term.field or '- owner'} : {phrase})"


class TsVector:
    """PostgreSQL. Fields are weights; the owner and file names are words no text can contain."""

    weights = {"subject": "A", "sender": "B", "recipients": "C", "body": "D", "files": "D"}
    # PostgreSQL counts positions no further.
    last = 16_383

    def create(self) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS mailstore_search ("
                "message_id bigint PRIMARY KEY, words tsvector NOT NULL)"
            )
            cursor.execute(
                "CREATE INDEX IF NOT EXISTS mailstore_search_words"
                " ON mailstore_search USING gin (words)"
            )

    def put(self, entries: Sequence[Entry]) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO mailstore_search (message_id, words) VALUES (%s, %s::tsvector)"
                " ON CONFLICT (message_id) DO UPDATE SET words = EXCLUDED.words",
                [(entry.message_id, self._vector(entry)) for entry in entries],
            )

    def _vector(self, entry: Entry) -> str:
        places: dict[str, list[str]] = {f"@{entry.user_id}": ["1"]}
        at = 1
        for field, weight in self.weights.items():
            for word in getattr(entry, field):
                at += 1
                places.setdefault(word, []).append(f"{min(at, self.last)}{weight}")
                if field == "files":
                    places.setdefault(f"~{word}", []).append(f"{min(at, self.last)}")
            # A phrase does not run from one field into the next.
            at += 1
        # 256 places of a word are kept; words are letters and digits, so nothing needs escaping.
        return " ".join(f"'{word}':{','.join(found[:255])}" for word, found in places.items())

    def remove(self, message_ids: Sequence[int]) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM mailstore_search WHERE message_id = ANY(%s)", [list(message_ids)]
            )

    def clear(self) -> None:
        """See Index."""
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE mailstore_search")

    def matching(self, user_id: int, query: Query) -> tuple[str, list[str]]:
        """See Index."""
        parts = [f"'@{user_id}'", *(self._term(term) for term in query.terms)]
        parts += [f"!{self._term(term)}" for term in query.without]
        expression = " & ".join(parts)
        return "SELECT message_id FROM mailstore_search WHERE words @@ %s::tsquery", [expression]

    def _term(self, term: Term) -> str:
        weight = "" if term.field in ("", "files") else self.weights[term.field]
        prefix = "~" if term.field == "files" else ""
        words = [f"'{prefix}{word}'" + (f":{weight}" if weight else "") for word in term.words]
        if not term.exact:
            last = term.words[-1]
            words[-1] = f"'{prefix}{last}':*{weight}"
        return f"({' <-> '.join(words)})"


def current() -> Index:
    """The index of the database in use."""
    return TsVector() if connection.vendor == "postgresql" else Fts5()


def remove(message_ids: Iterable[int]) -> None:
    """Take messages out of the index; call it where they are removed for good."""
    found = list(message_ids)
    if found:
        current().remove(found)
