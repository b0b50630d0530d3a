"""Feature switches: system above domain, the most restrictive wins (A5, A7, A211)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from accounts.models import Domain, User
from accounts.services import audit
from connectivity.models import OFF_AT_FIRST, Feature, FeatureSwitch, Notification
from lib.prepared import Prepared

# How the kinds of notifications begin that are about the accounts of a feature.
_TOLD_AS: dict[str, str] = {Feature.RETRIEVAL: "retrieval-", Feature.SMTP_ACCOUNTS: "smtp-"}


class Origin(StrEnum):
    """Which level decided."""

    SYSTEM = "system"
    DOMAIN = "domain"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Effective:
    """Whether a feature is on for a domain, and who decided that."""

    enabled: bool
    origin: Origin


def decide(system: bool | None, domain: bool | None, at_first: bool = True) -> Effective:
    """The effective state from the two switches; None is a switch nobody has touched.

    ``at_first`` is the state while nobody has touched either.
    """
    if system is False:
        return Effective(enabled=False, origin=Origin.SYSTEM)
    if domain is not None:
        return Effective(enabled=domain, origin=Origin.DOMAIN)
    if system is True:
        return Effective(enabled=True, origin=Origin.SYSTEM)
    return Effective(enabled=at_first, origin=Origin.DEFAULT)


def effective(domain: Domain, feature: str) -> Effective:
    """The state of ``feature`` for everybody in ``domain``."""
    return _effective(domain.pk, feature)


def enabled_for(user: User, feature: str) -> bool:
    """Whether this user may use ``feature`` now."""
    return bool(user.is_active and _effective(user.domain_id, feature).enabled)


def _effective(domain: int, feature: str) -> Effective:
    switches: dict[int | None, bool] = dict(_SWITCHES.rows(domain, feature))
    return decide(switches.get(None), switches.get(domain), feature not in OFF_AT_FIRST)


def _switches(domain: int, feature: str) -> QuerySet[FeatureSwitch, Any]:
    found = FeatureSwitch.objects.filter(Q(domain=None) | Q(domain=domain), feature=feature)
    return found.values_list("domain_id", "enabled")


_SWITCHES: Final = Prepared(_switches, int, str)


def enabled_features(user: User) -> frozenset[str]:
    """All features this user may use now, with one query."""
    switches: dict[tuple[int | None, str], bool] = {
        (domain, feature): enabled
        for domain, feature, enabled in FeatureSwitch.objects.filter(
            Q(domain=None) | Q(domain=user.domain_id)
        ).values_list("domain_id", "feature", "enabled")
    }
    return frozenset(
        feature
        for feature in Feature.values
        if user.is_active
        and decide(
            switches.get((None, feature)),
            switches.get((user.domain_id, feature)),
            feature not in OFF_AT_FIRST,
        ).enabled
    )


def switched_off_domains(feature: str) -> list[int] | None:
    """Ids of the domains a feature is off for, for use in a query; None: off for everybody."""
    off = FeatureSwitch.objects.filter(feature=feature, enabled=False)
    ids = list(off.values_list("domain_id", flat=True))
    return None if None in ids else [pk for pk in ids if pk is not None]


def losing(
    domain: Domain | None, feature: str, to: bool | None, *, among: Iterable[int]
) -> list[int]:
    """Those of these domains for which it is on, and would be off with one switch changed.

    ``domain`` and ``to``: whose switch, None is the one above all, and what it is set to; with
    None it is taken back.
    """
    rows = FeatureSwitch.objects.filter(feature=feature).values_list("domain_id", "enabled")
    before: dict[int | None, bool | None] = dict(rows)
    after = {**before, (domain.pk if domain else None): to}

    def on(switches: Mapping[int | None, bool | None], pk: int) -> bool:
        at_first = feature not in OFF_AT_FIRST
        return decide(switches.get(None), switches.get(pk), at_first).enabled

    return [pk for pk in among if on(before, pk) and not on(after, pk)]


def decided_by(
    feature: str, system: FeatureSwitch | None, domain: FeatureSwitch | None
) -> Effective:
    """What the switches of the two levels, as far as somebody set them, make of a feature."""
    return decide(
        system.enabled if system else None,
        domain.enabled if domain else None,
        feature not in OFF_AT_FIRST,
    )


def switches(domain: Domain | None) -> dict[str, FeatureSwitch]:
    """The switches somebody set for a domain, or for the whole installation; who did it."""
    rows = FeatureSwitch.objects.filter(domain=domain).select_related("changed_by")
    return {row.feature: row for row in rows}


@dataclass(frozen=True, slots=True)
class Own:
    """What one domain has otherwise than it would be without switches of its own."""

    on: tuple[Feature, ...]
    off: tuple[Feature, ...]


def own(domains: Sequence[Domain]) -> dict[int, Own]:
    """What each of these domains decided for itself and got, with one query."""
    ids = [domain.pk for domain in domains]
    found: dict[tuple[int | None, str], bool] = {
        (domain, feature): enabled
        for domain, feature, enabled in FeatureSwitch.objects.filter(
            Q(domain=None) | Q(domain__in=ids)
        ).values_list("domain_id", "feature", "enabled")
    }

    def state(pk: int | None, feature: Feature) -> bool:
        system, domain = (
            found.get((None, feature)),
            None if pk is None else found.get((pk, feature)),
        )
        return decide(system, domain, feature not in OFF_AT_FIRST).enabled

    without = {feature: state(None, feature) for feature in Feature}
    return {
        pk: Own(
            on=tuple(one for one in Feature if state(pk, one) and not without[one]),
            off=tuple(one for one in Feature if not state(pk, one) and without[one]),
        )
        for pk in ids
    }


def mark() -> tuple[object, ...]:
    """Something that is another one after every change of a switch, with one small query."""
    found = FeatureSwitch.objects.aggregate(
        rows=Count("pk"), on=Count("pk", filter=Q(enabled=True)), at=Max("changed_at")
    )
    return found["rows"], found["on"], found["at"]


def clear_switch(domain: Domain | None, feature: str) -> None:
    """Decide nothing on this level any more."""
    with transaction.atomic():
        if FeatureSwitch.objects.filter(domain=domain, feature=feature).delete()[0]:
            _told(domain, feature, "default")


def _told(domain: Domain | None, feature: str, to: str) -> None:
    audit.note("feature-switched", domain=domain, detail={"feature": feature, "to": to})


def set_switch(
    domain: Domain | None,
    feature: str,
    enabled: bool,
    *,
    by: User | None = None,
    now: datetime | None = None,
) -> None:
    """Switch a feature on or off for one domain, or above all of them where it is None.

    ``by`` is the administrator who did it; None is the operator, by a command.
    """
    if feature not in Feature.values:
        raise ValueError(f"there is no feature {feature!r}")
    with transaction.atomic():
        FeatureSwitch.objects.update_or_create(
            domain=domain,
            feature=feature,
            defaults={"enabled": enabled, "changed_by": by, "changed_at": now},
        )
        _told(domain, feature, "on" if enabled else "off")
    if not enabled and feature in _TOLD_AS:
        # Nothing is tried from now on, so nothing could ever end what people are told.
        rows = Notification.objects.filter(resolved_at=None, kind__startswith=_TOLD_AS[feature])
        (rows if domain is None else rows.filter(user__domain=domain)).delete()
