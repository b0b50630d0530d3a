"""Settings > Health: how everybody's accounts do, and pausing a provider that is out of order."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.callers import caller_of
from accounts.models import Domain, User
from accounts.reauthentication import recent
from connectivity.access import domain_admin, system_admin
from connectivity.providers import name_of
from lib.moments import moment
from retrieval.models import ProviderPause, RetrievalTask
from retrieval.profiles import covered_by, key_of, server_of
from retrieval.services import fleet as retrieving
from retrieval.services import pausing
from smtp_accounts.services import fleet as sending
from smtp_accounts.services import system_mail
from webmail import fleet_words
from webmail.forms.pausing import PauseForm
from webmail.services import workers

#: How many servers of a provider are named before it is paused.
_SERVERS: Final = 12


@require_safe
def domain(request: HttpRequest) -> HttpResponse:
    """How the accounts of one's own domain do."""
    admin = domain_admin(request)
    return _page(request, admin.domain, "domain")


@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """How all accounts do, and the workers."""
    system_admin(request)
    return _page(request, None, "system")


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def pause_domain(request: HttpRequest) -> HttpResponse:
    """Pause a provider for the own domain."""
    admin = domain_admin(request)
    return _pause(request, admin, admin.domain, "domain")


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def pause_system(request: HttpRequest) -> HttpResponse:
    """Pause a provider for everybody."""
    return _pause(request, system_admin(request), None, "system")


@require_POST
def resume_domain(request: HttpRequest) -> HttpResponse:
    """End a pause of the own domain; one of the whole system is not found."""
    admin = domain_admin(request)
    return _resume(request, admin, admin.domain, "domain")


@require_POST
def resume_system(request: HttpRequest) -> HttpResponse:
    """End a pause of everybody's."""
    return _resume(request, system_admin(request), None, "system")


def _page(request: HttpRequest, where: Domain | None, level: str) -> HttpResponse:
    now = timezone.now()
    pauses = list(pausing.in_force(now=now, domain=where.pk if where else None))
    mine = where.pk if where else None
    retrieval, outbox = retrieving.state(where, now=now), sending.state(where, now=now)
    crew = workers.state(now=now)
    paused = frozenset(one.key for one in pauses)
    troubles = fleet_words.retrieval(retrieval, paused=paused, now=now)
    held = fleet_words.sending(outbox, now=now)
    missed = fleet_words.gone(crew, now=now)
    unsent = [] if where else fleet_words.unsent(system_mail.troubles(now=now), now=now)
    context = {
        "level": level,
        "domain": where,
        "retrieval": retrieval,
        "outbox": outbox,
        "crew": crew,
        "troubles": troubles,
        "held": held,
        "missed": missed,
        "unsent": unsent,
        "is_fine": fleet_words.is_fine(troubles, held, missed, unsent),
        "late_since": moment(retrieval.oldest, now=now) if retrieval.oldest else "",
        "waiting_since": moment(outbox.oldest, now=now) if outbox.oldest else "",
        "pauses": [(one, _named(one.key), one.domain_id == mine) for one in pauses],
        "pause_url": reverse(f"{level}-pause"),
        "resume_url": reverse(f"{level}-resume"),
        "now": now,
    }
    return render(request, "webmail/administration/fleet.html", context)


def _named(key: str) -> str:
    """What people call a provider."""
    server = server_of(key)
    hosts = (f"{part}{server}" for part in ("", "imap.", "imap.mail."))
    return next((name for host in hosts if (name := name_of(host)) != host), server)


def _pause(request: HttpRequest, admin: User, where: Domain | None, level: str) -> HttpResponse:
    provider, now = request.GET.get("provider", "")[:253], timezone.now()
    tasks = RetrievalTask.objects.filter(provider_key=provider)
    tasks = tasks.filter(user__domain=where) if where else tasks
    if not provider or not tasks.exists():
        # Nothing of the own people's is there: also how another domain's servers stay unknown.
        raise Http404
    form, problem = PauseForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            row = pausing.pause(
                provider,
                where,
                by=admin,
                now=now,
                until=now + form.length,
                reason=form.cleaned_data["reason"],
                caller=caller_of(request),
            )
        except pausing.PauseRefused as refused:
            problem = str(refused)
        else:
            values = {"name": _named(row.key), "until": moment(row.until, now=now)}
            messages.success(request, _("%(name)s is paused until %(until)s.") % values)
            return redirect(f"{level}-health")
    context = {
        "form": form,
        "problem": problem,
        "provider": _named(provider),
        "tasks": tasks.count(),
        "covers": covered_by(key_of(provider)),
        "servers": _servers(tasks),
        "people": tasks.values("user").distinct().count(),
        "domain": where,
        "back": reverse(f"{level}-health"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "webmail/administration/fleet_pause.html", context, status=status)


def _servers(tasks: QuerySet[RetrievalTask]) -> list[tuple[str, int]]:
    """The servers these tasks fetch from, and how many of them each; the most first."""
    counted = tasks.order_by().values_list("host").annotate(n=Count("pk"))
    return [(host, n) for host, n in counted.order_by("-n", "host")[:_SERVERS]]


def _resume(request: HttpRequest, admin: User, where: Domain | None, level: str) -> HttpResponse:
    pk = request.POST.get("pause", "")
    mine = ProviderPause.objects.select_related("domain").filter(domain=where)
    row = mine.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 19 else None
    if row is None:
        raise Http404
    pausing.resume(row, by=admin, now=timezone.now(), caller=caller_of(request))
    said = _("%(name)s is no longer paused. Its tasks begin again within a few minutes.")
    messages.success(request, said % {"name": _named(row.key)})
    return redirect(f"{level}-health")
