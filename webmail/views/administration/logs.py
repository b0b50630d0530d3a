"""Settings > Logs: what happened in a domain, for its administrators; everywhere, for the system's.

Looking is itself told in the audit log, once an hour; every export is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.callers import caller_of
from accounts.models import Domain, User
from accounts.reauthentication import recent
from accounts.services import audit
from connectivity.access import domain_admin, system_admin
from lib import sheets
from webmail.logs.asking import PAGE, Asked, asked_by, following
from webmail.logs.audit import AUDIT
from webmail.logs.line import Line, Log
from webmail.logs.retrieval import RETRIEVAL
from webmail.logs.sending import SENDING
from webmail.logs.sign_ins import SIGN_INS

LOGS: Final[Mapping[str, Log]] = {log.key: log for log in (SIGN_INS, RETRIEVAL, SENDING, AUDIT)}
SEEN_EVERY = timedelta(hours=1)
#: Lines of one export at most, and how many are asked for at once.
MOST, BATCH = 50_000, 1000


@require_safe
def domain(request: HttpRequest) -> HttpResponse:
    """The logs of one's own domain."""
    admin = domain_admin(request)
    return _page(request, admin, admin.domain, reverse("domain-logs"))


@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """The logs of the installation, or of the one domain that ``domain`` names."""
    admin = system_admin(request)
    return _page(request, admin, _chosen(request.GET), reverse("system-logs"))


@recent
@require_POST
def export_domain(request: HttpRequest) -> HttpResponseBase:
    """The same as a table for spreadsheets."""
    admin = domain_admin(request)
    return _export(request, admin, admin.domain)


@recent
@require_POST
def export_system(request: HttpRequest) -> HttpResponseBase:
    """The same of the installation, or of one domain."""
    admin = system_admin(request)
    return _export(request, admin, _chosen(request.POST))


def _chosen(values: Mapping[str, str]) -> Domain | None:
    pk = values.get("domain", "")
    if not pk:
        return None
    if not pk.isdecimal() or len(pk) > 18:
        raise Http404
    return get_object_or_404(Domain, pk=int(pk))


def _log(values: Mapping[str, str]) -> Log:
    found = LOGS.get(values.get("log", SIGN_INS.key))
    if found is None:
        raise Http404
    return found


def _asked(values: Mapping[str, str], log: Log, where: Domain | None, admin: User) -> Asked:
    domain, sees_all = where.pk if where else None, admin.is_system_admin
    return asked_by(values, domain=domain, outcomes=log.outcomes, sees_all=sees_all)


def _page(request: HttpRequest, admin: User, where: Domain | None, address: str) -> HttpResponse:
    log, now = _log(request.GET), timezone.now()
    asked = _asked(request.GET, log, where, admin)
    lines = log.lines(asked, PAGE + 1)
    if not audit.seen_lately("logs-seen", actor=admin, domain=where, since=now - SEEN_EVERY):
        audit.record(
            "logs-seen",
            now=now,
            actor=admin,
            domain=where,
            caller=caller_of(request),
            detail={"log": log.key},
        )
    of_system = address == reverse("system-logs")
    fixed = {"log": log.key} | ({"domain": str(where.pk)} if of_system and where else {})
    context = {
        "log": log,
        "logs": LOGS.values(),
        "asked": asked,
        "lines": lines[:PAGE],
        "older": asked.onward(lines[PAGE - 1].cursor) if len(lines) > PAGE else "",
        "address": address,
        "export": reverse("system-logs-export" if of_system else "domain-logs-export"),
        "fixed": fixed,
        "of_system": of_system,
        "domain": where,
        "outcomes": log.outcomes.items(),
        "cap": MOST,
    }
    return render(request, "webmail/administration/logs.html", context)


def _export(request: HttpRequest, admin: User, where: Domain | None) -> HttpResponseBase:
    log, now = _log(request.POST), timezone.now()
    asked = _asked(request.POST, log, where, admin)
    detail = {"log": log.key} | {
        name: value for name, value in asked.fields.items() if name in ("since", "until", "outcome")
    }
    audit.record(
        "logs-exported",
        now=now,
        actor=admin,
        domain=where,
        caller=caller_of(request),
        detail=detail,
    )
    # The answer leaves after the middleware has put its language and zone away.
    rows = _spoken(_table(log, asked), admin.language, str(timezone.get_current_timezone_name()))
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = f"{log.key}-{timezone.localdate(now).isoformat()}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _spoken(rows: Iterator[str], language: str, zone: str) -> Iterator[str]:
    while True:
        with translation.override(language), timezone.override(zone):
            try:
                row = next(rows)
            except StopIteration:
                return
        yield row


def _table(log: Log, asked: Asked) -> Iterator[str]:
    """Lines of the export, a batch of the log in each part."""
    yield sheets.line([_("Time"), _("Person"), *log.columns])
    told = 0
    while told < MOST:
        batch = log.lines(asked, min(BATCH, MOST - told))
        if not batch:
            return
        told += len(batch)
        yield "".join(sheets.line(_cells(one)) for one in batch)
        asked = following(asked, batch[-1].at, batch[-1].pk)
    if log.lines(asked, 1):
        yield sheets.line([_("More lines are left out. Choose fewer days.")])


def _cells(line: Line) -> list[str]:
    at = timezone.localtime(line.at).isoformat(timespec="seconds")
    texts = [" - ".join(part for part in (one.text, one.more) if part) for one in line.cells]
    return [at, line.who, line.badge.word, *texts]
