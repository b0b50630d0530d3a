"""How much somebody may have: the operator's settings above the system's limits above the domain's.

The strictest level counts. What administrators of the system set for one domain stands between the
system's and what the domain's own set, which cannot be looser. A person's own space stands in the
place of what the domain gives, and never above what the system does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.callers import NOBODY, Caller
from accounts.models import Domain, Limits, User
from accounts.services import audit
from lib.prepared import Prepared

NAMES = ("tasks", "interval", "message_size", "daily_sends", "quota")
#: The smallest figure that makes sense; bytes and seconds.
LEAST: Final[Mapping[str, int]] = {
    "tasks": 1,
    "interval": 5,
    "message_size": 64 * 1024,
    "daily_sends": 1,
    "quota": 1024 * 1024,
}


def _limits(domain: int) -> QuerySet[Limits, Any]:
    rows = Limits.objects.filter(Q(domain=None) | Q(domain=domain))
    return rows.values_list("domain", "is_ceiling", *NAMES)


# Asked by every window for writing; there is no domain 0.
_LIMITS: Final = Prepared(_limits, int)


class Origin(StrEnum):
    """Which level decided; NOBODY where nothing limits it."""

    OPERATOR = "operator"
    SYSTEM = "system"
    CEILING = "system-for-domain"
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
class Levels:
    """What was set for a domain: for everybody, by the system for this one, by its own people."""

    system: Held = Held()
    ceiling: Held = Held()
    own: Held = Held()


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
    return _all_of(_levels(domain))


def of_person(user: User) -> Held:
    """What holds for this person, with one query."""
    levels = _levels(user.domain_id)
    if user.quota is not None:
        levels = replace(levels, own=replace(levels.own, quota=user.quota))
    return _all_of(levels)


def quota_of(user: User) -> int | None:
    """How many bytes of mail this person may have; None: as many as there is room for."""
    return of_person(user).quota


def spaces_of(domain: int) -> tuple[int | None, int | None]:
    """Bytes of mail of whoever has no space of their own, and the most anybody of the domain may
    have; one query for all its people (`space_of`)."""
    levels = _levels(domain)
    return _all_of(levels).quota, _strictest(levels.system, levels.ceiling).quota


def space_of(user: User, spaces: tuple[int | None, int | None]) -> int | None:
    """`quota_of` by what `spaces_of` said about the domain."""
    given, most = spaces
    return given if user.quota is None else stricter("quota", user.quota, most)


def interval_of(held: Held) -> int:
    """Seconds between automatic retrievals: what the operator set, or the floor above that."""
    return max(int(settings.RETRIEVAL_INTERVAL), held.interval or 0)


def stricter(name: str, one: int | None, other: int | None) -> int | None:
    """The stricter of two figures of a limit; None is no limit."""
    given = [value for value in (one, other) if value is not None]
    # An interval is a floor: the longer one is the stricter.
    return (max if name == "interval" else min)(given) if given else None


def explained(domain: int | None, *, user: User | None = None) -> dict[str, Effective]:
    """Every limit that holds for a domain, or the whole system, or one person, and its origin."""
    found = _levels(domain)
    levels = [*_above(found, of_domain=True), (Origin.DOMAIN, found.own)]
    if user is not None and user.quota is not None:
        levels[-1] = (Origin.DOMAIN, replace(found.own, quota=None))
        levels.append((Origin.PERSON, Held(quota=user.quota)))
    return {name: _decided(name, levels) for name in NAMES}


def above(domain: int | None, *, ceiling: bool) -> dict[str, Effective]:
    """What the levels above this one say; `ceiling` as in `own`."""
    levels = [(Origin.OPERATOR, operator())]
    if domain is not None:
        levels = _above(_levels(domain), of_domain=not ceiling)
    return {name: _decided(name, levels) for name in NAMES}


def operator() -> Held:
    """What the operator's settings say, above everybody."""
    return Held(interval=int(settings.RETRIEVAL_INTERVAL), message_size=int(settings.MAX_SEND_SIZE))


def own(domain: int | None, *, ceiling: bool = False) -> Held:
    """What was set on this level alone; `ceiling`: for the domain, by the system."""
    found = _levels(domain)
    if domain is None:
        return found.system
    return found.ceiling if ceiling else found.own


def is_ceiling(domain: Domain | None, by: User | None) -> bool:
    """Whether what this person sets for a domain is what the system sets for it: then its own
    administrators cannot be looser. ``by`` None is an operator's command."""
    return domain is not None and (by is None or by.is_system_admin)


def save(
    domain: Domain | None,
    values: Held,
    *,
    by: User | None,
    now: datetime,
    caller: Caller = NOBODY,
) -> tuple[str, ...]:
    """Set the limits of a domain, or of the whole system; which of them changed. On which of the
    domain's two levels, `is_ceiling` says.

    Raises `LooserError` where a domain would be looser than the system, or anybody than the
    operator; `ValueError` below `LEAST`.
    """
    ceiling = is_ceiling(domain, by)
    wanted = asdict(values)
    if any(value is not None and value < LEAST[name] for name, value in wanted.items()):
        raise ValueError("a limit is below what makes sense")
    if looser := looser_than_above(domain, values, ceiling=ceiling):
        raise LooserError(looser)
    with transaction.atomic():
        return _store(domain, values, ceiling=ceiling, by=by, now=now, caller=caller)


def lift(
    domain: Domain | None, name: str, *, by: User | None, now: datetime, caller: Caller = NOBODY
) -> tuple[str, ...]:
    """Take one limit away on this level; for a domain the system takes its own away as well, so
    that nobody is bound by whom no administrator is left of. Which of them changed."""
    changed: set[str] = set()
    with transaction.atomic():
        for ceiling in {False, is_ceiling(domain, by)}:
            before = own(domain.pk if domain else None, ceiling=ceiling)
            if getattr(before, name) is not None:
                values = replace(before, **{name: None})
                changed |= set(
                    _store(domain, values, ceiling=ceiling, by=by, now=now, caller=caller)
                )
    return tuple(changed)


def _store(
    domain: Domain | None,
    values: Held,
    *,
    ceiling: bool,
    by: User | None,
    now: datetime,
    caller: Caller,
) -> tuple[str, ...]:
    wanted = asdict(values)
    rows = Limits.objects.select_for_update()
    row, _made = rows.get_or_create(domain=domain, is_ceiling=ceiling)
    before = {name: getattr(row, name) for name in NAMES}
    changed = tuple(name for name in NAMES if before[name] != wanted[name])
    if changed:
        Limits.objects.filter(pk=row.pk).update(**wanted)
        detail = {name: [before[name], wanted[name]] for name in changed}
        audit.record(
            "limits-changed", now=now, actor=by, domain=domain, caller=caller, detail=detail
        )
    return changed


def looser_than_above(
    domain: Domain | None, values: Held, *, ceiling: bool = False
) -> tuple[str, ...]:
    """The limits among these that a level above is stricter in, so that they would do nothing."""
    limits = above(domain.pk if domain else None, ceiling=ceiling)
    found = []
    for name in NAMES:
        value, limit = getattr(values, name), limits[name].value
        if value is not None and limit is not None and stricter(name, value, limit) != value:
            found.append(name)
    return tuple(found)


def _levels(domain: int | None) -> Levels:
    """What each level says, with one query."""
    rows = _LIMITS.rows(domain or 0)
    found = {
        (whose, is_ceiling): Held(**dict(zip(NAMES, figures, strict=True)))
        for whose, is_ceiling, *figures in rows
    }
    system = found.get((None, False), Held())
    if domain is None:
        return Levels(system)
    return Levels(system, found.get((domain, True), Held()), found.get((domain, False), Held()))


def _above(levels: Levels, *, of_domain: bool) -> list[tuple[Origin, Held]]:
    """The levels above a domain's own (`of_domain`), or above what the system sets for it."""
    found = [(Origin.OPERATOR, operator()), (Origin.SYSTEM, levels.system)]
    return [*found, (Origin.CEILING, levels.ceiling)] if of_domain else found


def _all_of(levels: Levels) -> Held:
    return _strictest(_strictest(levels.system, levels.ceiling), levels.own)


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
