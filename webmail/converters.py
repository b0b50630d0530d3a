"""Pieces of addresses."""

from __future__ import annotations


class PartPath:
    """Where a part lies in a message: "3", or "3-0" for the first part of the message in it."""

    regex = r"\d{1,4}(?:-\d{1,4}){0,4}"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str | int) -> str:
        """A number, or a path."""
        return str(value)
