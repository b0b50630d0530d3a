"""Domain settings > Limits: how much a person may have and do, of a domain or of everybody."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import administrator
from accounts.callers import caller_of
from accounts.models import Domain, User
from accounts.reauthentication import recent
from accounts.services import limits as service
from connectivity.access import system_admin
from retrieval.nudge import nudge as nudge_retrieval
from retrieval.services import allowance
from smtp_accounts.nudge import nudge as nudge_sending
from smtp_accounts.services import daily
from webmail.forms.limits import LimitsForm
from webmail.views.administration.users import place_of


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def domain(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The limits of one's own domain, or of any for a system administrator (A173)."""
    admin = administrator(request)
    place = place_of(admin, pk)
    return _page(request, place.domain, by=admin, address=place.url("limits"), is_own=place.is_own)


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def system(request: HttpRequest) -> HttpResponse:
    """The limits above those of every domain (A211)."""
    return _page(
        request, None, by=system_admin(request), address=reverse("system-limits"), is_own=True
    )


def _page(
    request: HttpRequest, domain: Domain | None, *, by: User, address: str, is_own: bool
) -> HttpResponse:
    form = LimitsForm(domain=domain, by=by)
    if request.method == "POST":
        if (name := request.POST.get("reset", "")) in service.NAMES:
            return _reset(request, domain, name, by=by, address=address)
        form = LimitsForm(request.POST, domain=domain, by=by)
        if form.is_valid():
            changed = _save(request, domain, form.held, by=by)
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect(address)
    context = {"form": form, "domain": domain, "lines": list(form.lines()), "is_own": is_own}
    status = 422 if form.errors else 200
    return render(request, "webmail/administration/limits.html", context, status=status)


def _reset(
    request: HttpRequest, domain: Domain | None, name: str, *, by: User, address: str
) -> HttpResponse:
    """Limit nothing by this one on this level any more; the others stay as they are stored."""
    now = timezone.now()
    _let_go_on(domain, service.lift(domain, name, by=by, now=now, caller=caller_of(request)), now)
    messages.success(request, _("The limit is taken away here."))
    return redirect(address)


def _save(
    request: HttpRequest, domain: Domain | None, held: service.Held, *, by: User
) -> tuple[str, ...]:
    """Save, and let go on what waited for more."""
    now = timezone.now()
    changed = service.save(domain, held, by=by, now=now, caller=caller_of(request))
    _let_go_on(domain, changed, now)
    return changed


def _let_go_on(domain: Domain | None, changed: tuple[str, ...], now: datetime) -> None:
    if "quota" in changed:
        allowance.wake(domain=domain, now=now)
        nudge_retrieval()
    if "daily_sends" in changed:
        daily.wake(domain=domain, now=now)
        nudge_sending()
