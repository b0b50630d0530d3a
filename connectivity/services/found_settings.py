"""What was found out about domains, kept for everybody; no address and no person in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from connectivity.discovery import Finding, Outcome, Step, StepId, personal
from connectivity.models import FoundSettings
from connectivity.services.lookups.search import Search
from protocols.offers import Offer
from protocols.types import Security

#: Causes that say nothing about the domain.
_UNSURE = frozenset({"name-timeout", "name-unsure"})
#: How long a finding holds, and that there is nothing to find.
FOUND, NOTHING = timedelta(days=1), timedelta(hours=1)


def get(domain: str, *, now: datetime) -> Search | None:
    """What was found for a domain lately; None if nobody looked."""
    row = FoundSettings.objects.filter(domain=domain, found_at__gt=now - FOUND).first()
    if row is None:
        return None
    try:
        kept = _read(row.result)
    except (KeyError, TypeError, ValueError):
        # Written by another version.
        return None
    return kept if kept.findings or row.found_at > now - NOTHING else None


def keep(domain: str, search: Search, *, address: str, now: datetime) -> None:
    """Keep what was found, unless it is of use to this person only. Old rows go.

    That nothing was found is not kept where the name service was at fault.
    """
    if not search.findings and any(step.cause in _UNSURE for step in search.steps.values()):
        return
    offers = [offer for finding in search.findings.values() for offer in finding.offers]
    if any(personal(offer, address) for offer in offers):
        return
    FoundSettings.objects.filter(found_at__lte=now - FOUND).delete()
    FoundSettings.objects.update_or_create(
        domain=domain, defaults={"result": _written(search), "found_at": now}
    )


def _written(search: Search) -> dict[str, Any]:
    return {
        "findings": {
            step: {
                "offers": [
                    [one.kind, one.host, one.port, one.security, one.username, list(one.auth)]
                    for one in finding.offers
                ],
                "detail": finding.detail,
                "is_certain": finding.is_certain,
                "is_forgeable": finding.is_forgeable,
                "tile": finding.tile,
            }
            for step, finding in search.findings.items()
        },
        "steps": [
            [one.id, one.outcome, one.detail, round(one.seconds, 3), one.cause]
            for one in search.steps.values()
        ],
        "mail_hosts": list(search.mail_hosts or ()),
    }


def _read(result: dict[str, Any]) -> Search:
    findings = {
        StepId(step): Finding(**row | {"offers": tuple(_offer(each) for each in row["offers"])})
        for step, row in result["findings"].items()
    }
    steps = {
        StepId(id): Step(StepId(id), Outcome(outcome), detail, seconds, cause)
        for id, outcome, detail, seconds, cause in result["steps"]
    }
    return Search(findings, steps, tuple(result["mail_hosts"]))


def _offer(row: list[Any]) -> Offer:
    kind, host, port, security, username, auth = row
    return Offer(kind, host, port, Security(security), username, tuple(auth))
