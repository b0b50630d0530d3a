"""Why a message is where it is, as a row keeps it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from filtering.verdict import Reason

VERSION = 1


@dataclass(frozen=True, slots=True)
class FilterHit:
    """A filter that a message met, with the name it had then."""

    id: int
    name: str
    is_domain: bool = False


@dataclass(frozen=True, slots=True)
class SenderHit:
    """The rule about its sender that a message met, as it was then."""

    id: int
    sender: str
    is_allowed: bool
    is_domain: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """Filters that matched, in order; the rule about the sender; the score and its reasons.

    ``score`` is None where nobody asked whether it is spam. ``threshold`` is what it was held
    against. ``virus`` is the name of what was found in an attachment.
    """

    filters: tuple[FilterHit, ...] = ()
    sender: SenderHit | None = None
    score: float | None = None
    threshold: float | None = None
    reasons: tuple[Reason, ...] = ()
    virus: str = ""

    @property
    def as_row(self) -> dict[str, Any]:
        """As a row keeps it, without what is empty."""
        whole = {"v": VERSION, **asdict(self)}
        return {key: value for key, value in whole.items() if value not in (None, "", (), [])}

    @classmethod
    def of_row(cls, row: object) -> Why:
        """From a row, also one that another version wrote: what cannot be read is left out."""
        said: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
        sender = said.get("sender")
        try:
            return cls(
                filters=tuple(FilterHit(**one) for one in said.get("filters", ())),
                sender=SenderHit(**sender) if sender else None,
                score=said.get("score"),
                threshold=said.get("threshold"),
                reasons=tuple(Reason(**one) for one in said.get("reasons", ())),
                virus=str(said.get("virus", "")),
            )
        except (TypeError, ValueError):
            return cls()
