"""Asking anew who is there, before a page that matters."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entering, reauthentication
from accounts.access import person
from accounts.services import passkeys, second_factor, tries

#: Tries of one person in a stretch of 15 minutes.
LIMIT, STRETCH = 10, 900


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """The password or a passkey once more, for the next 15 minutes."""
    asked = request.POST if request.method == "POST" else request.GET
    target = reauthentication.onward(request, asked.get("next", ""))
    if request.method != "POST":
        return _page(request, target)
    now, user = timezone.now(), person(request)
    if not tries.allow("prove", str(user.pk), limit=LIMIT, seconds=STRETCH, now=now):
        told = _("Too many tries. You can try again in 15 minutes.")
        return _page(request, target, told, status=429)
    if "credential" in request.POST:
        try:
            sent = request.POST["credential"]
            passkeys.use(request=request, credential=sent, now=now, user=user)
        except passkeys.Refused:
            told = _("That passkey was not accepted. Try once more, or use the password.")
            return _page(request, target, told, status=422)
    elif not user.check_password(request.POST.get("password", "")):
        return _page(request, target, _("That is not the password of this account."), status=422)
    reauthentication.mark(request, now)
    entering.turn(request)
    return redirect(target)


def _page(request: HttpRequest, target: str, error: str = "", status: int = 200) -> HttpResponse:
    has_passkey = bool(second_factor.standing(person(request)).passkeys)
    context = {"next": target, "error": error, "has_passkey": has_passkey}
    return render(request, "accounts/prove.html", context, status=status)


@require_POST
def begin_passkey(request: HttpRequest) -> HttpResponse:
    """What the browser needs to use a passkey of this person."""
    return JsonResponse(passkeys.begin_using(request, person(request)))
