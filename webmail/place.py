"""Where a list of messages is looked at: which folder or view, and through which filters.

A place travels in addresses, so back, forward and bookmarks work, and a message opened from a
filtered list keeps that list beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from lib.numbered import numbered
from mailstore.order import Sort

ALL: Final = "all"
STARRED: Final = "starred"
FLAGS: Final = ("unread", "starred", "attachments")
LABEL: Final = "label-"


@dataclass(frozen=True)
class Place:
    """``where`` is "all", "starred", a folder id as text or "label-" and an id; a ``query`` makes
    it a search."""

    where: str = ALL
    query: str = ""
    unread: bool = False
    starred: bool = False
    attachments: bool = False
    source: int | None = None
    sort: Sort = Sort.NEWEST
    #: The folder a search began in, where it looks elsewhere too.
    near: int | None = None

    @property
    def folder_id(self) -> int | None:
        return int(self.where) if self.where.isdecimal() else None

    @property
    def label_id(self) -> int | None:
        return int(self.where.removeprefix(LABEL)) if self.where.startswith(LABEL) else None

    @property
    def in_time(self) -> bool:
        """Whether what is newer stands above or below what is older, everywhere."""
        return self.sort in (Sort.NEWEST, Sort.OLDEST)

    @property
    def is_filtered(self) -> bool:
        return self.unread or self.starred or self.attachments or self.source is not None

    @property
    def url(self) -> str:
        """The address of this list."""
        return self._address() + self._tail(self._filters())

    @property
    def to_write(self) -> str:
        """The query of a message begun here: what this list belongs to chooses its From."""
        pairs = [("in", self.where)] if self.folder_id else []
        return self._tail(pairs + [pair for pair in self._filters() if pair[0] == "source"])

    def with_cursor(self, cursor: str) -> str:
        """The address of the page of this list that follows ``cursor``."""
        return self._address() + self._tail([*self._filters(), ("before", cursor)])

    def message_url(self, pk: int, **extra: str) -> str:
        """The address of a message opened from this list."""
        place = [] if self.query else [("in", self.where)]
        pairs = [*place, *self._filters(), *extra.items()]
        return numbered("mail-message", pk) + self._tail(pairs)

    @property
    def around_message(self) -> tuple[str, str]:
        """What stands before and after the id in the address of a message of this list."""
        head, _nought, tail = self.message_url(0).partition("/0/")
        return f"{head}/", f"/{tail}"

    def toggled(self, flag: str) -> str:
        """The address of this list with one filter switched over."""
        changes: dict[str, Any] = {flag: not getattr(self, flag)}
        return replace(self, **changes).url

    def from_source(self, source: int | None) -> str:
        """The address of this list limited to one source of mail, or to none."""
        return replace(self, source=source).url

    def sorted_by(self, sort: Sort) -> str:
        """The address of this list in another order."""
        return replace(self, sort=sort).url

    def without_filters(self) -> str:
        """The address of the whole list."""
        return Place(where=self.where, query=self.query, sort=self.sort, near=self.near).url

    def _address(self) -> str:
        if self.query:
            return reverse("mail-search")
        if self.where == ALL:
            return reverse("mail")
        if self.where == STARRED:
            return reverse("mail-starred")
        if self.label_id is not None:
            return numbered("mail-label", self.label_id)
        return numbered("mail-folder", int(self.where))

    def _filters(self) -> list[tuple[str, str]]:
        pairs = [("q", self.query)] if self.query else []
        if self.query and self.where != ALL:
            pairs.append(("in", self.where))
        if self.query and self.near is not None and self.near != self.folder_id:
            pairs.append(("near", str(self.near)))
        pairs += [(flag, "1") for flag in FLAGS if getattr(self, flag)]
        if self.source is not None:
            pairs.append(("source", str(self.source)))
        if self.sort != Sort.NEWEST:
            pairs.append(("sort", self.sort.value))
        return pairs

    @staticmethod
    def _tail(pairs: list[tuple[str, str]]) -> str:
        return f"?{urlencode(pairs)}" if pairs else ""


def place_of(values: QueryDict, *, where: str | None = None) -> Place:
    """Read a place from an address; what is not understood is left out."""
    named = where if where is not None else values.get("in", ALL)
    number = named.removeprefix(LABEL)
    if named not in (ALL, STARRED) and not (number.isdecimal() and len(number) < 19):
        named = ALL
    source, sort = values.get("source", ""), values.get("sort", "")
    near = values.get("near", "")
    return Place(
        where=named,
        query=values.get("q", "")[:500].strip(),
        unread=values.get("unread") == "1",
        starred=values.get("starred") == "1",
        attachments=values.get("attachments") == "1",
        source=int(source) if source.isdecimal() and len(source) < 19 else None,
        sort=Sort(sort) if sort in set(Sort) else Sort.NEWEST,
        near=int(near) if near.isdecimal() and len(near) < 19 else None,
    )
