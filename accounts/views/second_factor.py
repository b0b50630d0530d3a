"""Settings, Security: setting up an authenticator app, passkeys, recovery and app passwords."""

from __future__ import annotations

import base64

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import passkey_for, person
from accounts.callers import caller_of
from accounts.forms.security import NameForm
from accounts.reauthentication import recent
from accounts.services import app_passwords, passkeys, second_factor
from accounts.views.guessing import DAY, Guesses
from accounts.views.security import confirm

#: The secret that is being set up, in the session until a code confirms it.
_SECRET = "new-app-secret"  # noqa: S105 - the name of a key
_CONFIRMING = Guesses("new-app", limit=96, seconds=DAY)


@recent
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def app(request: HttpRequest) -> HttpResponseBase:
    """Show a new secret as a picture and as text; it counts once a code of it was typed."""
    user, now = person(request), timezone.now()
    secret = request.session.get(_SECRET, "")
    if request.method != "POST" or not secret:
        secret = request.session[_SECRET] = second_factor.new_secret()
        return _app_page(request, secret)
    code = request.POST.get("code", "")[:40]
    if not _CONFIRMING.allows(str(user.pk), now):
        return _app_page(request, secret, _("Too many codes were tried today."), 429)
    caller = caller_of(request)
    if not second_factor.add_app(user=user, secret=secret, code=code, now=now, caller=caller):
        told = _("That is not the code the app shows now. Check the time of the device.")
        return _app_page(request, secret, told, 422)
    del request.session[_SECRET]
    messages.success(request, _("From now on signing in asks for a code of this app."))
    return _with_codes(request)


def _app_page(
    request: HttpRequest, secret: str, problem: str = "", status: int = 200
) -> HttpResponse:
    user = person(request)
    issuer = user.domain.title or request.get_host().partition(":")[0]
    drawn = second_factor.picture(second_factor.address_of(user, secret, issuer))
    context = {
        "picture": "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode(),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "problem": problem,
    }
    return render(request, "accounts/security_app.html", context, status=status)


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def remove_app(request: HttpRequest) -> HttpResponseBase:
    """Ask for no codes of the app any more."""
    user = person(request)
    if request.method != "POST":
        return confirm(
            request,
            _("Remove the authenticator app?"),
            _("Signing in no longer asks for its codes. Delete the entry in the app as well."),
            _("Remove"),
        )
    second_factor.remove_app(user=user, now=timezone.now(), caller=caller_of(request))
    messages.success(request, _("The authenticator app is removed."))
    return redirect("security")


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def add_passkey(request: HttpRequest) -> HttpResponseBase:
    """Keep a passkey that the browser makes."""
    user, form = person(request), NameForm(request.POST or None)
    if request.method != "POST":
        return render(request, "accounts/security_passkey.html", {"form": form})
    problem = ""
    if form.is_valid():
        try:
            passkeys.add(
                request=request,
                user=user,
                name=form.cleaned_data["name"],
                credential=request.POST.get("credential", ""),
                now=timezone.now(),
                caller=caller_of(request),
            )
        except passkeys.Refused:
            problem = _("The browser made no passkey, or took too long. Please try once more.")
        else:
            messages.success(request, _("The passkey is added. You can sign in with it alone."))
            return _with_codes(request)
    context = {"form": form, "problem": problem}
    return render(request, "accounts/security_passkey.html", context, status=422)


@recent
@require_POST
def begin_passkey(request: HttpRequest) -> HttpResponseBase:
    """What the browser needs to make one."""
    return JsonResponse(passkeys.begin_adding(request, person(request)))


@require_http_methods(["GET", "HEAD", "POST"])
def rename_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """Call a passkey something else."""
    row = passkey_for(person(request), pk)
    form = NameForm(request.POST or None, initial={"name": row.data["name"]})
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "accounts/security_rename.html", {"form": form}, status=status)
    passkeys.rename(row, form.cleaned_data["name"])
    messages.success(request, _("Saved."))
    return redirect("security")


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def remove_passkey(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Know a passkey no longer."""
    user = person(request)
    row = passkey_for(user, pk)
    if request.method != "POST":
        return confirm(
            request,
            _("Remove the passkey %(name)s?") % {"name": row.data["name"]},
            _("Nobody can sign in with it any more. Delete it on the device as well."),
            _("Remove"),
        )
    passkeys.remove(passkey=row, user=user, now=timezone.now(), caller=caller_of(request))
    messages.success(request, _("The passkey is removed."))
    return redirect("security")


@recent
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: HttpRequest) -> HttpResponseBase:
    """Make recovery codes anew, and show them this once."""
    user = person(request)
    if not second_factor.is_on(user):
        return redirect("security")
    if request.method != "POST":
        return confirm(
            request,
            _("Make new recovery codes?"),
            _("The old ones are worth nothing from then on. The new ones are shown once."),
            _("Make new codes"),
        )
    return _show_codes(request)


def _with_codes(request: HttpRequest) -> HttpResponse:
    """After the first second step: the recovery codes that belong to it."""
    if second_factor.standing(person(request)).codes_left is None:
        return _show_codes(request)
    return redirect("security")


def _show_codes(request: HttpRequest) -> HttpResponse:
    user = person(request)
    made = second_factor.make_codes(user=user, now=timezone.now(), caller=caller_of(request))
    text = "\r\n".join([user.email, "", *made, ""])
    context = {
        "codes": made,
        "file": "data:text/plain;charset=utf-8;base64," + base64.b64encode(text.encode()).decode(),
    }
    return render(request, "accounts/security_codes.html", context)


@recent
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def make_app_password(request: HttpRequest) -> HttpResponseBase:
    """Make an app password, and show it this once."""
    user, form = person(request), NameForm(request.POST or None)
    if request.method != "POST":
        return render(request, "accounts/security_program.html", {"form": form})
    if form.is_valid():
        name, now = form.cleaned_data["name"], timezone.now()
        try:
            row, secret = app_passwords.make(
                user=user, name=name, now=now, caller=caller_of(request)
            )
        except app_passwords.TooMany:
            told = _("You have as many as there may be. Remove one that is not used.")
            form.add_error("name", told)
        else:
            context = {"row": row, "secret": secret}
            return render(request, "accounts/security_app_password.html", context)
    return render(request, "accounts/security_program.html", {"form": form}, status=422)
