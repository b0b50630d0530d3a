"""How much somebody may have: the operator's settings above the system's limits above the domain's.

The strictest level counts. A person's own space stands in the place of what the domain gives, and
never above what the system does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.callers import NOBODY, Caller
from accounts.models import Domain, Limits, User
from accounts.services import audit

NAMES = ("tasks", "interval", "message_size", "daily_sends", "quota")
#: The smallest figure that makes sense; bytes and seconds.
LEAST: Final[Mapping[str, int]] = {
    "tasks": 1,
    "interval": 5,
    "message_size": 64 * 1024,
    "daily_sends": 1,
    "quota": 1024 * 1024,
}


class Origin(StrEnum):
    """Which level decided; NOBODY where nothing limits it."""

    OPERATOR = "operator"
    SYSTEM = "system"
    DOMAIN = "domain"
    PERSON = "person"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Held:
    """What holds for somebody; None where nothing limits it. Sizes in bytes, times in seconds."""

    tasks: int | None = None
    interval: int | None = None
    message_size: int | None = None
    daily_sends: int | None = None
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class Effective:
    """A figure that holds, and who said it."""

    value: int | None
    origin: Origin


class LooserError(ValueError):
    """A domain may only be stricter than the system; `names` are the limits that are not."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(", ".join(self.names))


def of(domain: int) -> Held:
    """What holds for the people of the domain with this id, with one query."""
    return _strictest(*_levels(domain))


def of_person(user: User) -> Held:
    """What holds for this person, with one query."""
    system, own = _levels(user.domain_id)
    if user.quota is not None:
        own = replace(own, quota=user.quota)
    return _strictest(system, own)


def quota_of(user: User) -> int | None:
    """How many bytes of mail this person may have; None: as many as there is room for."""
    return of_person(user).quota


def interval_of(held: Held) -> int:
    """Seconds between automatic retrievals: what the operator set, or the floor above that."""
    return max(int(settings.RETRIEVAL_INTERVAL), held.interval or 0)


def message_size_of(held: Held) -> int:
    """Bytes a message may have that is sent: what the operator set, or less."""
    return min(int(settings.MAX_SEND_SIZE), held.message_size or int(settings.MAX_SEND_SIZE))


def stricter(name: str, one: int | None, other: int | None) -> int | None:
    """The stricter of two figures of a limit; None is no limit."""
    given = [value for value in (one, other) if value is not None]
    # An interval is a floor: the longer one is the stricter.
    return (max if name == "interval" else min)(given) if given else None


def explained(domain: int | None, *, user: User | None = None) -> dict[str, Effective]:
    """Every limit that holds for a domain, or the whole system, or one person, and its origin."""
    system, own = _levels(domain)
    levels = [(Origin.OPERATOR, operator()), (Origin.SYSTEM, system), (Origin.DOMAIN, own)]
    if user is not None and user.quota is not None:
        levels[2] = (Origin.DOMAIN, replace(own, quota=None))
        levels.append((Origin.PERSON, Held(quota=user.quota)))
    return {name: _decided(name, levels) for name in NAMES}


def of_operator() -> dict[str, Effective]:
    """What the operator's settings limit, as `explained` has it."""
    return {name: _decided(name, [(Origin.OPERATOR, operator())]) for name in NAMES}


def operator() -> Held:
    """What the operator's settings say, above everybody."""
    return Held(interval=int(settings.RETRIEVAL_INTERVAL), message_size=int(settings.MAX_SEND_SIZE))


def own(domain: int | None) -> Held:
    """What was set on this level alone."""
    return _levels(domain)[0 if domain is None else 1]


def save(
    domain: Domain | None,
    values: Held,
    *,
    by: User | None,
    now: datetime,
    caller: Caller = NOBODY,
) -> tuple[str, ...]:
    """Set the limits of a domain, or of the whole system; which of them changed.

    Raises `LooserError` where a domain would be looser than the system, or anybody than the
    operator; `ValueError` below `LEAST`.
    """
    wanted = asdict(values)
    if any(value is not None and value < LEAST[name] for name, value in wanted.items()):
        raise ValueError("a limit is below what makes sense")
    if looser := looser_than_above(domain, values):
        raise LooserError(looser)
    with transaction.atomic():
        row, _made = Limits.objects.select_for_update().get_or_create(domain=domain)
        before = {name: getattr(row, name) for name in NAMES}
        changed = tuple(name for name in NAMES if before[name] != wanted[name])
        if changed:
            Limits.objects.filter(pk=row.pk).update(**wanted)
            detail = {name: [before[name], wanted[name]] for name in changed}
            audit.record(
                "limits-changed", now=now, actor=by, domain=domain, caller=caller, detail=detail
            )
    return changed


def looser_than_above(domain: Domain | None, values: Held) -> tuple[str, ...]:
    """The limits among these that a level above is stricter in, so that they would do nothing."""
    above = operator() if domain is None else _strictest(operator(), own(None))
    found = []
    for name in NAMES:
        value, limit = getattr(values, name), getattr(above, name)
        if value is not None and limit is not None and stricter(name, value, limit) != value:
            found.append(name)
    return tuple(found)


def _levels(domain: int | None) -> tuple[Held, Held]:
    """What the system and the domain say, with one query."""
    rows = Limits.objects.filter(Q(domain=None) | Q(domain=domain)).values("domain", *NAMES)
    found = {row.pop("domain"): Held(**row) for row in rows}
    return found.get(None, Held()), found.get(domain, Held()) if domain is not None else Held()


def _strictest(one: Held, other: Held) -> Held:
    return Held(
        **{name: stricter(name, getattr(one, name), getattr(other, name)) for name in NAMES}
    )


def _decided(name: str, levels: Iterable[tuple[Origin, Held]]) -> Effective:
    """The strictest figure; of two that are the same, the level above has said it."""
    effective = Effective(None, Origin.NOBODY)
    for origin, held in levels:
        value = getattr(held, name)
        if value is not None and stricter(name, value, effective.value) != effective.value:
            effective = Effective(value, origin)
    return effective
