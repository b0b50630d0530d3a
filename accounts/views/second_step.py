"""The second step of signing in, and signing in with a passkey alone."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entering
from accounts.callers import caller_of, network_of
from accounts.models import Outcome, Protocol, User
from accounts.reauthentication import onward
from accounts.services import passkeys, second_factor, sign_ins
from accounts.views.guessing import DAY, QUARTER, Guesses

#: Right passwords come before this page, so that nobody else can use these up.
_HERE = Guesses("second-step", limit=10, seconds=QUARTER)
_CODES = Guesses("app-code", limit=96, seconds=DAY)
_RECOVERY = Guesses("recovery-code", limit=20, seconds=DAY)
_PASSKEYS = Guesses("passkey", limit=60, seconds=QUARTER)
#: Seconds in which a passkey has to answer.
_CHALLENGE = 600


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """A passkey, a code of the app, or a recovery code of somebody whose password was right."""
    now = timezone.now()
    waiting = entering.waiting(request, now)
    if waiting is None:
        return redirect("sign-in")
    user = waiting.user
    if request.method != "POST":
        return _page(request, user)
    place = f"{user.pk} {network_of(request)}"
    if not _HERE.allows(place, now):
        return _page(request, user, _("Too many tries. You can try again in 15 minutes."), 429)
    problem = _problem(request, user)
    if not problem:
        return entering.enter(request, user, waiting.wishes, now)
    sign_ins.record(
        user=user,
        protocol=Protocol.WEBMAIL,
        caller=caller_of(request),
        now=now,
        outcome=Outcome.SECOND,
    )
    return _page(request, user, problem, 422)


def _problem(request: HttpRequest, user: User) -> str:
    """What is wrong with what was sent, or "" where it was right."""
    now, sent = timezone.now(), request.POST
    if "credential" in sent:
        try:
            passkeys.use(request=request, credential=sent["credential"], now=now, user=user)
        except passkeys.Refused:
            return _("That passkey was not accepted. Try once more, or use a code.")
        return ""
    code = sent.get("code", "").strip()[:40]
    if sent.get("kind") == "recovery":
        if not _RECOVERY.allows(str(user.pk), now):
            return _("Too many recovery codes were tried today. Use another way.")
        if second_factor.takes_recovery_code(user, code, now):
            return ""
        return _("That is none of your recovery codes, or it was used before.")
    if not _CODES.allows(str(user.pk), now):
        return _("Too many codes were tried today. Use a passkey or a recovery code.")
    if second_factor.takes_app_code(user, code, now):
        return ""
    return _("That code is not right, or it was used already. Wait for the next one.")


def _page(request: HttpRequest, user: User, problem: str = "", status: int = 200) -> HttpResponse:
    standing = second_factor.standing(user)
    asked = request.POST.get("kind") or request.GET.get("kind", "")
    is_recovery = asked == "recovery" or (standing.app is None and not standing.passkeys)
    context = {
        "person": user,
        "standing": standing,
        "problem": problem,
        "is_recovery": is_recovery,
    }
    return render(request, "accounts/second_step.html", context, status=status)


@login_not_required
@require_POST
def second_passkey(request: HttpRequest) -> HttpResponse:
    """What the browser needs to use a passkey of somebody whose password was right."""
    waiting = entering.waiting(request, timezone.now())
    if waiting is None:
        return JsonResponse({}, status=409)
    return JsonResponse(passkeys.begin_using(request, waiting.user))


@login_not_required
@require_POST
def begin_passkey(request: HttpRequest) -> HttpResponse:
    """What the browser needs to use whichever passkey it has for this site."""
    if not _PASSKEYS.allows(network_of(request), timezone.now()):
        return JsonResponse({}, status=429)
    options = passkeys.begin_using(request)
    if not request.user.is_authenticated:  # a session for the challenge alone
        request.session.set_expiry(_CHALLENGE)
    return JsonResponse(options)


@login_not_required
@sensitive_post_parameters()
@require_POST
def with_passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone: the device has verified who holds it."""
    now = timezone.now()
    if not _PASSKEYS.allows(network_of(request), now):
        return render(request, "accounts/locked.html", status=429)
    try:
        user = passkeys.use(request=request, credential=request.POST.get("credential", ""), now=now)
        if not user.is_active:
            raise passkeys.Refused
    except passkeys.Refused:
        return render(request, "accounts/passkey_refused.html", status=422)
    wishes = entering.Wishes(
        remember=request.POST.get("remember") == "on",
        time_zone=request.POST.get("time_zone", ""),
        language=get_language() or "",
        onward=onward(request, request.POST.get("next", "")),
    )
    return entering.enter(request, user, wishes, now)
