"""The words of a message as both indexes keep them. Pure.

Every word begins with the number of the person it belongs to and a letter for its field, so that
a search walks through nobody else's words, and through no field but the one asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

#: What no word is: it stands between fields, so that no phrase runs from one into the next.
GAP: Final = "0"
_MARKS: Final = {
    "": "x",
    "sender": "f",
    "to": "t",
    "cc": "c",
    "subject": "s",
    "files": "n",
    "list": "l",
    "kind": "k",
}
#: Found only where their field is asked for.
APART: Final = ("list", "kind")


@dataclass(frozen=True, slots=True)
class Entry:
    """The words of one message by field; those of its text have the field "body"."""

    message_id: int
    user_id: int
    words: Mapping[str, Sequence[str]]


def owner(user_id: int) -> str:
    """The word that all of a person's messages have."""
    return f"{user_id}o"


def spelled(user_id: int, field: str, word: str) -> str:
    """A word of a field as it stands in the index; of any field for an empty one."""
    return f"{user_id}{_MARKS[field]}{word}"


def runs(entry: Entry) -> Iterator[list[str]]:
    """The words as they stand side by side, field by field, the text last."""
    yield [owner(entry.user_id)]
    for field in _MARKS:
        found = entry.words.get(field, ())
        if field and found:
            yield [spelled(entry.user_id, field, word) for word in found]
            if field not in APART:
                yield [spelled(entry.user_id, "", word) for word in found]
    if body := entry.words.get("body", ()):
        yield [spelled(entry.user_id, "", word) for word in body]
