"""``manage.py audit list``: who changed what of whom, when and from where."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import AuditEntry, Domain, User
from accounts.services import audit
from lib.operator import AddVerb, Answer, OperatorCommand, at_least_one
from webmail.services import people


class Command(OperatorCommand):
    help = "The audit log, newest first. That it was read is a line of it."

    def add_verbs(self, add: AddVerb) -> None:
        listing = add("list", self.show, "Lines of the audit log, newest first.")
        listing.add_argument("--person", metavar="EMAIL", help="What they did, or concerns them.")
        listing.add_argument("--domain", metavar="NAME")
        listing.add_argument("--since", type=_moment, metavar="WHEN", help="2026-11-20, in UTC.")
        listing.add_argument("--limit", type=at_least_one, default=200, metavar="N")

    @transaction.atomic
    def show(
        self, *, person: str | None, domain: str | None, since: datetime | None, limit: int
    ) -> Answer:
        where = None if domain is None else people.find_domain(domain)
        rows: QuerySet[AuditEntry] = AuditEntry.objects.order_by("-at", "-pk")
        if where is not None:
            rows = rows.filter(domain=where.pk)
        if person is not None:
            rows = _of(rows, person.strip())
        if since is not None:
            rows = rows.filter(at__gte=since)
        names = dict(Domain.objects.values_list("pk", "name"))
        found = [_described(one, names) for one in rows[:limit]]
        subject = User.objects.filter(email__iexact=person.strip()).first() if person else None
        detail = {"log": "audit", "lines": len(found)}
        audit.note("logs-exported", subject=subject, domain=where, detail=detail)
        return found


def _of(rows: QuerySet[AuditEntry], email: str) -> QuerySet[AuditEntry]:
    """By the name they had then, so that people who are gone are found, too."""
    return rows.filter(Q(subject_name__iexact=email) | Q(actor_name__iexact=email))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day or time, such as 2026-11-20") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _described(row: AuditEntry, domains: Mapping[int, str]) -> dict[str, Any]:
    return {
        "at": row.at,
        "action": row.action,
        "actor": row.actor_name if row.actor else "operator",
        "subject": row.subject_name or None,
        "domain": domains.get(row.domain) if row.domain else None,
        "address": row.address,
        "client": row.client,
        "detail": row.detail,
    }
