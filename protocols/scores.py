"""What a spam scorer says of a message, whichever it is."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from protocols.errors import redact

#: Reasons kept of one answer, those that weigh most.
MAX_SYMBOLS = 50
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_ABOUT = 200


@dataclass(frozen=True, slots=True)
class Symbol:
    """One reason: the scorer's name for it, its points, and what its authors say it is about."""

    name: str
    points: float
    about: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """The verdict of one scorer: `is_spam` by its own judgement, spam from `threshold` points on.

    `name` is the kind of the scorer ("rspamd", "spamd").
    """

    name: str
    points: float
    threshold: float
    is_spam: bool
    symbols: tuple[Symbol, ...] = ()


def symbol(name: object, points: object, about: object = "") -> Symbol | None:
    """A reason as an answer holds it, None where it is none that could be shown."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    told = redact(about[: 4 * _ABOUT]) if isinstance(about, str) else ""
    return Symbol(name, number(points) or 0.0, told[:_ABOUT])


def heaviest(found: Iterable[Symbol | None]) -> tuple[Symbol, ...]:
    """The reasons that weigh most, those first; whatever weighs nothing is left out."""
    kept = [one for one in found if one is not None and one.points]
    return tuple(sorted(kept, key=lambda one: -abs(one.points))[:MAX_SYMBOLS])


def number(value: object) -> float | None:
    """A number that can be reckoned with; None for everything else an answer may hold."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) < 1e6 else None
