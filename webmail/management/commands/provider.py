"""``manage.py provider list|pause|resume``: everybody's retrieval at one provider, held up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Domain
from lib.operator import AddVerb, Answer, OperatorCommand, OperatorError, at_least_one
from retrieval.models import ProviderPause, RetrievalTask
from retrieval.profiles import covered_by, key_of
from retrieval.services import pausing
from retrieval.services.pausing import PauseRefused
from webmail.services import people

_EVERYBODY = "Without it for everybody."


class Command(OperatorCommand):
    help = "Pauses of all retrieval at a provider that is out of order."

    def add_verbs(self, add: AddVerb) -> None:
        listing = add("list", self.show_all, "The pauses that hold now.")
        listing.add_argument("--domain", help="Only those its people feel.")
        held = add("pause", self.pause, "Hold every run at a provider, also those asked for.")
        held.add_argument("provider", help="Its name in `retrieval hosts`, or a server's name.")
        held.add_argument("--hours", type=_hours, required=True, metavar="N")
        held.add_argument("--reason", required=True, help="Told to the people concerned.")
        held.add_argument("--domain", help=_EVERYBODY)
        back = add("resume", self.resume, "End a pause; tasks begin again within two minutes.")
        back.add_argument("provider")
        back.add_argument("--domain", help="As it was paused: without it the pause of everybody.")

    def show_all(self, *, domain: str | None) -> Answer:
        where = _named(domain)
        rows = pausing.in_force(now=timezone.now(), domain=where.pk if where else None)
        return [_described(row) for row in rows.order_by("key", "pk")]

    def pause(self, *, provider: str, hours: int, reason: str, domain: str | None) -> Answer:
        where, now = _named(domain), timezone.now()
        tasks = RetrievalTask.objects.filter(provider_key=key_of(provider.strip()))
        if not (tasks.filter(user__domain=where) if where else tasks).exists():
            raise OperatorError(f"Nobody there has a task at {provider}: see retrieval hosts.")
        until = now + timedelta(hours=hours)
        try:
            row = pausing.pause(provider, where, by=None, now=now, until=until, reason=reason)
        except PauseRefused as refused:
            raise OperatorError(str(refused)) from None
        return _described(row)

    def resume(self, *, provider: str, domain: str | None) -> Answer:
        where, now = _named(domain), timezone.now()
        key = key_of(provider.strip())
        row = pausing.in_force(now=now).filter(domain=where, key=key).first()
        if row is None:
            level = f"for {where.name}" if where else "for everybody"
            raise OperatorError(f"{provider} is not paused {level}: see provider list.")
        pausing.resume(row, by=None, now=now)
        return {**_described(row), "until": now}


def _hours(text: str) -> int:
    """As long as a pause may be."""
    hours = at_least_one(text)
    if hours > pausing.LONGEST // timedelta(hours=1):
        raise ValueError(text)
    return hours


_hours.__name__ = "number of hours up to a month"


def _named(domain: str | None) -> Domain | None:
    return None if domain is None else people.find_domain(domain)


def _described(row: ProviderPause) -> dict[str, Any]:
    return {
        "provider": row.key,
        "covers": ", ".join(covered_by(row.key)),
        "domain": row.domain.name if row.domain else None,
        "since": row.since,
        "until": row.until,
        "by": row.by.email if row.by else None,
        "reason": row.reason,
    }
