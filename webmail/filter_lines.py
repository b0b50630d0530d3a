"""The list of filters: each in words, with the addresses of what can be done to it."""

from __future__ import annotations

from dataclasses import dataclass

from filtering.models import Filter
from filtering.services import filters
from webmail import filter_words
from webmail.filter_place import Place


@dataclass(frozen=True, slots=True)
class Line:
    """One filter of the list. ``attention`` is what is wrong with it."""

    place: Place
    filter: Filter
    words: str
    attention: str

    def _do(self, do: str) -> str:
        return self.place.url("do", self.filter.pk, do)

    @property
    def edit_url(self) -> str:
        """Where it is changed."""
        return self.place.url("edit", self.filter.pk)

    @property
    def apply_url(self) -> str:
        """Where it is applied to mail that is here; a domain's is not."""
        return "" if self.place.domain else self.place.url("apply", self.filter.pk)

    @property
    def switch_url(self) -> str:
        """What switches it off or on."""
        return self._do("off" if self.filter.is_on else "on")

    @property
    def up_url(self) -> str:
        """What puts it before the one above."""
        return self._do("up")

    @property
    def down_url(self) -> str:
        """What puts it after the one below."""
        return self._do("down")

    @property
    def copy_url(self) -> str:
        """What makes a copy."""
        return self._do("copy")

    @property
    def delete_url(self) -> str:
        """What deletes it."""
        return self._do("delete")


def lines(place: Place) -> list[Line]:
    """The filters of a person or a domain, in their order."""
    return [
        Line(place, one.filter, filter_words.sentence(one), one.attention)
        for one in filters.listed(place.owner)
    ]
