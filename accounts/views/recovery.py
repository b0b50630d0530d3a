"""Forgot your password? From the address to a new password."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts import nudge
from accounts.callers import caller_of, network_of
from accounts.forms.recovery import AskForm, NewPasswordForm
from accounts.models import MailedLink, Purpose
from accounts.services import captchas, links, recovery
from accounts.services.recovery import Verdict
from accounts.views.challenge import Challenge, too_many, wanted

#: Id of the link that was opened, in the session: its token leaves the address bar at once.
OPENED = "recovery-link"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form: an address and a challenge. What it answers says nothing about the address."""
    if too_many(request):
        return _refused(request)
    if request.method != "POST" or "again" in request.POST:
        typed = request.POST.get("address", "")
        return _ask_page(request, AskForm(initial={"address": typed}))
    form, now = AskForm(request.POST), timezone.now()
    is_valid, given = form.is_valid(), form.cleaned_data
    # Solved first of all, so that each answer uses the challenge up.
    if not captchas.solve(given.get("challenge", ""), given.get("answer", ""), now=now):
        form.add_error("answer", _("That was not right. Here is another one."))
    elif is_valid:
        verdict = recovery.ask(
            address=given["address"],
            network=network_of(request),
            host=_named_host(request),
            language=translation.get_language() or settings.LANGUAGE_CODE,
            now=now,
        )
        if verdict is not Verdict.TAKEN:
            return _refused(request, verdict)
        transaction.on_commit(nudge.recoveries)
        return redirect("recovery-sent")
    return _ask_page(request, form, status=422)


def _ask_page(request: HttpRequest, form: AskForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "challenge": Challenge.of(wanted(request))}
    return render(request, "accounts/recovery.html", context, status=status)


def _refused(request: HttpRequest, verdict: Verdict = Verdict.NETWORK_FULL) -> HttpResponse:
    context = {"everybody": verdict is Verdict.ALL_FULL}
    answer = render(request, "accounts/recovery_later.html", context, status=429)
    answer["Retry-After"] = str(recovery.HOUR)
    return answer


def _named_host(request: HttpRequest) -> str:
    """The name this site was reached by, where the operator named exactly it; else "".

    A link in mail leads where its reader's password goes. What a stranger writes into a request
    must not choose that: no pattern, no port where there is a certificate.
    """
    host = request.get_host()
    name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
    if name not in settings.ALLOWED_HOSTS:
        return ""
    return "" if settings.HTTPS and (name != host or name in _LOOPBACK) else host


@login_not_required
@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What to do now; the same for everybody."""
    return render(request, "accounts/recovery_sent.html")


@sensitive_variables("token")
@login_not_required
@never_cache
@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail. Looking at it, as programs that check mail do, uses nothing up."""
    link = links.find(token, Purpose.PASSWORD, timezone.now())
    if link is None:
        # Elsewhere, so that neither the address bar nor the log of what was refused keeps it.
        return redirect("recovery-over")
    if not request.user.is_authenticated:
        # A new key: whoever gave this browser its session does not follow into the next page.
        request.session.cycle_key()
    request.session[OPENED] = link.pk
    return redirect("recovery-choose")


@sensitive_post_parameters()
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """The new password, and what of the old one is to go on."""
    now = timezone.now()
    link = links.still_good(request.session.get(OPENED, 0), Purpose.PASSWORD, now)
    if link is None:
        return _over(request)
    if request.method != "POST":
        return _choose_page(request, link, NewPasswordForm(user=link.user))
    form = NewPasswordForm(request.POST, user=link.user)
    if not form.is_valid():
        return _choose_page(request, link, form, status=422)
    done = recovery.choose(
        link=link,
        password=form.cleaned_data["password"],
        keep=form.kept(),
        caller=caller_of(request),
        now=now,
    )
    if not done:
        return _over(request)
    # Nobody is signed in by it: the way in is the sign-in page, with all its steps.
    if request.user.pk in (None, link.user_id):
        request.session.flush()
    else:
        del request.session[OPENED]
    return redirect("recovery-done")


def _choose_page(
    request: HttpRequest, link: MailedLink, form: NewPasswordForm, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "person": link.user,
        "sessions": list(link.user.signed_in.all()),
        "programs": list(link.user.app_passwords.all()),
        "kept": form.kept() if form.is_bound else None,
    }
    return render(request, "accounts/recovery_choose.html", context, status=status)


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/recovery_over.html", status=410)


@login_not_required
@never_cache
@require_safe
def over(request: HttpRequest) -> HttpResponse:
    """Where a link leads that no longer works."""
    return _over(request)


@login_not_required
@never_cache
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """The password is new; on to the sign-in page."""
    return render(request, "accounts/recovery_done.html")
