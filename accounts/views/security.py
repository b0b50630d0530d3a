"""Settings, Security: everything about how this person signs in, on one page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import arriving, entering
from accounts.access import app_password_for, person, session_for
from accounts.callers import caller_of
from accounts.forms.recovery import NewPasswordForm
from accounts.forms.security import PasswordForm
from accounts.models import User
from accounts.services import app_passwords, passwords, second_factor, sessions
from accounts.services.ending import Kept
from accounts.views.guessing import QUARTER, Guesses

#: A session left open is none to try passwords in.
_GUESSES = Guesses("old-password", limit=20, seconds=QUARTER)


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Password, second step, app passwords and sessions."""
    return _page(request)


def _page(
    request: HttpRequest, password_form: PasswordForm | None = None, status: int = 200
) -> HttpResponse:
    user, now = person(request), timezone.now()
    context = {
        "password_form": password_form or PasswordForm(user),
        "standing": second_factor.standing(user),
        "app_passwords": list(user.app_passwords.all()),
        "sessions": list(sessions.of(user, now=now)),
        "here": request.session.session_key,
    }
    return render(request, "accounts/security.html", context, status=status)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; what of the old one goes on is asked in the same form."""
    if request.method != "POST":
        return redirect("security")
    user = person(request)
    form = PasswordForm(user, request.POST)
    if not _GUESSES.allows(str(user.pk), timezone.now()):
        form.errors.clear()
        form.add_error("old_password", _("Too many tries. You can try again in 15 minutes."))
        return _page(request, form, 429)
    if not form.is_valid():
        return _page(request, form, 422)
    values, kept = form.cleaned_data, _here(request, user)
    if values["keep_sessions"]:
        kept |= set(user.signed_in.values_list("pk", flat=True))
    programs = user.app_passwords.all() if values["keep_programs"] else ()
    passwords.change(
        user=user,
        password=values["new_password1"],
        keep=Kept(frozenset(kept), frozenset(one.pk for one in programs)),
        now=timezone.now(),
        caller=caller_of(request),
    )
    entering.renew(request, user)
    messages.success(request, _("Your password is changed."))
    return redirect("security")


def _here(request: HttpRequest, user: User) -> set[int]:
    key = request.session.session_key or ""
    return set(user.signed_in.filter(key=key).values_list("pk", flat=True))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest) -> HttpResponse:
    """An own password in place of one that somebody else chose."""
    user = person(request)
    if not user.password_is_given:
        return redirect("security")
    form = NewPasswordForm(request.POST or None, user=user)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "accounts/choose_password.html", {"form": form}, status=status)
    if user.check_password(form.cleaned_data["password"]):
        form.add_error("password", _("Choose another one than the one you were given."))
        return render(request, "accounts/choose_password.html", {"form": form}, status=422)
    kept = Kept(frozenset(_here(request, user)))
    passwords.change(
        user=user,
        password=form.cleaned_data["password"],
        keep=kept,
        now=timezone.now(),
        caller=caller_of(request),
    )
    entering.renew(request, user)
    return redirect(arriving.page_for(request, user, reverse("mail")))


@require_http_methods(["GET", "HEAD", "POST"])
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one of this person's browsers out."""
    user = person(request)
    row = session_for(user, pk)
    if request.method != "POST":
        return confirm(
            request,
            _("Sign out %(client)s?") % {"client": row.client or _("this browser")},
            _("Whoever uses it has to sign in again. What was being written there is kept."),
            _("Sign out"),
        )
    if row.key == request.session.session_key:
        return redirect("security")
    sessions.end(session=row, now=timezone.now(), caller=caller_of(request))
    messages.success(request, _("Signed out there."))
    return redirect("security")


@require_http_methods(["GET", "HEAD", "POST"])
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    user = person(request)
    if request.method != "POST":
        return confirm(
            request,
            _("Sign out everywhere else?"),
            _("Every other browser has to sign in again. App passwords go on working."),
            _("Sign out everywhere else"),
        )
    keep, now = request.session.session_key, timezone.now()
    sessions.end_others(user=user, keep=keep, by=user, now=now, caller=caller_of(request))
    messages.success(request, _("You are signed in here alone now."))
    return redirect("security")


@require_http_methods(["GET", "HEAD", "POST"])
def remove_app_password(request: HttpRequest, pk: int) -> HttpResponse:
    """End one app password."""
    row = app_password_for(person(request), pk)
    if request.method != "POST":
        return confirm(
            request,
            _("Remove the app password %(name)s?") % {"name": row.name},
            _("The program that uses it cannot sign in any more, at once and for good."),
            _("Remove"),
        )
    app_passwords.remove(app_password=row, now=timezone.now(), caller=caller_of(request))
    messages.success(request, _("The app password is removed."))
    return redirect("security")


def confirm(request: HttpRequest, title: str, text: str, button: str) -> HttpResponse:
    """Ask before something that cannot be taken back."""
    context = {"title": title, "text": text, "button": button}
    return render(request, "accounts/security_confirm.html", context)
