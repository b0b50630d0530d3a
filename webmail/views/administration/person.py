"""One person, as administrators look after them (A169-A172): never their mail, never as them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import administrator, person_for
from accounts.callers import caller_of
from accounts.models import AuditEntry, SignIn, User
from accounts.reauthentication import recent
from accounts.services import audit, second_factor
from webmail.forms.administration import NewPersonForm, PasswordForm, ProfileForm
from webmail.logs import audit as log
from webmail.services import managing, removing, roster
from webmail.services.managing import NotAllowed
from webmail.services.removing import RemovalRefused
from webmail.views.administration.users import Place, place_of

#: How many of the last sign-ins and of the last lines of the log stand on the page.
SHOWN = 10
LOOKED: Final = "person-seen"
#: Of an administrator who looks at the same person again and again, one line is enough.
SEEN_EVERY: Final = timedelta(hours=1)


@sensitive_post_parameters("password")
@recent
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add a person to a domain."""
    admin = administrator(request)
    place = place_of(admin, pk)
    posted = request.POST if request.method == "POST" else None
    form = NewPersonForm(posted, by=admin, domain=place.domain)
    if posted is not None and form.is_valid():
        answer = _added(request, admin, place, form)
        if answer is not None:
            return answer
    context = {"form": form, "place": place}
    status = 422 if form.errors else 200
    return render(request, "webmail/administration/user_new.html", context, status=status)


@sensitive_variables("password")
def _added(
    request: HttpRequest, admin: User, place: Place, form: NewPersonForm
) -> HttpResponse | None:
    """Add who is in the form; None where something speaks against it, which the form says."""
    password, now = form.chosen, timezone.now()
    try:
        user = managing.prepared(
            email=form.cleaned_data["email"],
            domain=place.domain,
            profile=form.profile,
            password=password,
            by=admin,
            now=now,
        )
        managing.store(user=user, by=admin, now=now, caller=caller_of(request))
    except ValidationError as error:
        form.take(error)
        return None
    except NotAllowed as error:
        form.add_error("role", str(error))
        return None
    if form.is_made:
        return _shown_once(request, place, user, password, is_new=True)
    messages.success(request, _("%(name)s is added.") % {"name": user.name})
    return redirect("domain-user", user.pk)


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """What an administrator may know and say of a person."""
    admin = administrator(request)
    user = person_for(admin, pk)
    if request.method != "POST":
        return _page(request, admin, user, ProfileForm(by=admin, user=user))
    form = ProfileForm(request.POST, by=admin, user=user)
    if form.is_valid():
        try:
            changed = managing.change(user=user, profile=form.profile, now=timezone.now())
        except ValidationError as error:
            form.take(error)
        except NotAllowed as error:
            form.add_error("role", str(error))
        else:
            said = _("Saved. %(name)s is told.") if changed else _("Nothing was changed.")
            messages.success(request, said % {"name": user.name})
            return redirect("domain-user", pk)
    return _page(request, admin, User.objects.get(pk=pk), form, status=422)


@sensitive_post_parameters("password")
@recent
@require_POST
def password(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person a new password."""
    admin = administrator(request)
    user = person_for(admin, pk)
    form = PasswordForm(request.POST)
    if form.is_valid():
        chosen = form.chosen
        try:
            managing.check_other(user)
            managing.set_password(user=user, password=chosen, now=timezone.now())
        except ValidationError as error:
            form.add_error("password", error)
        except NotAllowed as error:
            form.add_error(None, str(error))
        else:
            if form.is_made:
                place = place_of(admin, user.domain_id)
                return _shown_once(request, place, user, chosen, is_new=False)
            messages.success(request, _("%(name)s has a new password.") % {"name": user.name})
            return redirect("domain-user", pk)
    profile = ProfileForm(by=admin, user=user)
    return _page(request, admin, user, profile, form, status=422)


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def deed(request: HttpRequest, pk: int, do: str) -> HttpResponse:
    """Disable, enable, delete, keep, or remove the second step: asked first, then done."""
    admin = administrator(request)
    user = person_for(admin, pk)
    if do not in DEEDS:
        raise Http404
    context: dict[str, object] = {"person": user, "do": do, "grace": removing.GRACE.days}
    if request.method != "POST":
        return render(request, "webmail/administration/user_sure.html", context)
    try:
        managing.check_other(user)
        said = DEEDS[do](request, user, timezone.now())
    except (NotAllowed, RemovalRefused) as error:
        context["refused"] = str(error)
        return render(request, "webmail/administration/user_sure.html", context, status=422)
    messages.success(request, said % {"name": user.name})
    return redirect("domain-user", pk)


def _disable(request: HttpRequest, user: User, now: datetime) -> str:
    managing.set_active(user=user, active=False, now=now)
    return _("%(name)s is disabled and signed out everywhere.")


def _enable(request: HttpRequest, user: User, now: datetime) -> str:
    managing.set_active(user=user, active=True, now=now)
    return _("%(name)s can sign in again.")


def _delete(request: HttpRequest, user: User, now: datetime) -> str:
    managing.mark(user=user, now=now)
    return _("%(name)s is marked for deletion. You can take it back until then.")


def _keep(request: HttpRequest, user: User, now: datetime) -> str:
    if managing.take_back(user=user, now=now):
        return _("%(name)s is kept.")
    return _("It is too late: %(name)s is being deleted.")


def _second_step(request: HttpRequest, user: User, now: datetime) -> str:
    if managing.clear_second_step(user=user, now=now):
        return _("%(name)s signs in with the password alone now.")
    return _("%(name)s had no second step.")


DEEDS: Final[Mapping[str, Callable[[HttpRequest, User, datetime], str]]] = {
    "disable": _disable,
    "enable": _enable,
    "delete": _delete,
    "keep": _keep,
    "second-step": _second_step,
}


def _page(
    request: HttpRequest,
    admin: User,
    user: User,
    form: ProfileForm,
    password_form: PasswordForm | None = None,
    status: int = 200,
) -> HttpResponse:
    _note_look(admin, user, timezone.now())
    # What was changed: that somebody looked stands in the log alone.
    changes = AuditEntry.objects.filter(subject=user.pk).exclude(action=LOOKED)
    context = {
        "person": user,
        "place": place_of(admin, user.domain_id),
        "form": form,
        "password_form": password_form or PasswordForm(),
        "is_self": user.pk == admin.pk,
        "line": roster.line(user),
        "has_second_step": second_factor.is_on(user),
        "sign_ins": list(SignIn.objects.filter(user=user)[:SHOWN]),
        "trail": log.lines_of(list(changes[:SHOWN])),
    }
    return render(request, "webmail/administration/user.html", context, status=status)


def _note_look(admin: User, user: User, now: datetime) -> None:
    """Tell the log, and thereby the person, that an administrator saw the page."""
    since = now - SEEN_EVERY
    if admin.pk == user.pk or audit.seen_lately(LOOKED, actor=admin, subject=user, since=since):
        return
    audit.note(LOOKED, now=now, subject=user)


@sensitive_variables("secret")
def _shown_once(
    request: HttpRequest, place: Place, user: User, secret: str, *, is_new: bool
) -> HttpResponse:
    context = {"person": user, "place": place, "secret": secret, "is_new": is_new}
    return render(request, "webmail/administration/user_password.html", context)
