"""The first sign-in: a few questions, and the first two steps (A165)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.arriving import REMIND
from accounts.callers import caller_of
from accounts.reauthentication import recent
from accounts.services import backup
from connectivity.models import Feature
from connectivity.services import features
from webmail.access import person
from webmail.forms.welcome import WelcomeForm
from webmail.onward import local_path
from webmail.services import welcoming
from webmail.site import site_of

#: In the session: the page somebody wanted who was welcomed first.
ONWARD = "welcome-onward"


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Backup address, language and time zone. Who was asked before is past this page."""
    user, now = person(request), timezone.now()
    if user.welcomed_at is not None:
        return redirect("welcome-steps")
    if request.method != "POST":
        if "next" in request.GET:
            request.session[ONWARD] = local_path(request, request.GET["next"])
        return _page(request, WelcomeForm(user=user))
    form = WelcomeForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, form, status=422)
    values, address = form.cleaned_data, form.cleaned_data["backup_address"]
    if address:
        # The mail is written in the language that was just chosen.
        user.language = values["language"]
        caller, site = caller_of(request), site_of(request)
        try:
            backup.ask(user=user, address=address, site=site, now=now, caller=caller)
        except backup.BackupRefused as refused:
            form.add_error("backup_address", str(refused))
            return _page(request, form, status=422)
    welcoming.welcome(
        user=user,
        language=values["language"],
        time_zone=values["time_zone"],
        skipped=not address,
        now=now,
    )
    return redirect("welcome-steps")


def _page(request: HttpRequest, form: WelcomeForm, status: int = 200) -> HttpResponse:
    return render(request, "webmail/welcome.html", {"form": form}, status=status)


@require_safe
def steps(request: HttpRequest) -> HttpResponse:
    """The first two steps, and the way on to the page that was wanted."""
    user, now = person(request), timezone.now()
    context = {
        "onward": local_path(request, request.session.get(ONWARD, "/")),
        "can_retrieve": features.enabled_for(user, Feature.RETRIEVAL),
        "pending": "" if user.backup_confirmed_at else backup.pending(user, now),
    }
    return render(request, "webmail/welcome_steps.html", context)


@require_POST
def put_off(request: HttpRequest) -> HttpResponse:
    """Close the bar that reminds of the backup address; it comes back at a later sign-in."""
    if request.session.pop(REMIND, None):
        welcoming.put_off(user=person(request))
    return redirect(local_path(request, request.POST.get("next", "")))
