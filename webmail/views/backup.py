"""The backup e-mail address: Settings, Account (A166), and the link that confirms it (A162)."""

from __future__ import annotations

from django.contrib import messages as notes
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.callers import caller_of
from accounts.models import Purpose
from accounts.reauthentication import recent
from accounts.services import backup, links
from webmail.access import person
from webmail.dialogs import dialog, go_to
from webmail.forms.welcome import BackupForm
from webmail.site import site_of

#: Id of the link that was opened, in the session: its token leaves the address bar at once.
OPENED = "backup-link"


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Give an address, or another one."""
    user, now = person(request), timezone.now()
    if request.method != "POST":
        return _page(request, BackupForm(user=user))
    form = BackupForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        backup.ask(
            user=user,
            address=form.cleaned_data["address"],
            site=site_of(request),
            now=now,
            caller=caller_of(request),
        )
    except backup.BackupRefused as refused:
        form.add_error("address", str(refused))
        return _page(request, form, status=422)
    told = _("A message is on its way to %(address)s. Open the link in it to confirm the address.")
    notes.success(request, told % {"address": form.cleaned_data["address"]})
    return redirect("settings-account")


def _page(request: HttpRequest, form: BackupForm, status: int = 200) -> HttpResponse:
    return render(request, "webmail/settings_backup.html", {"form": form}, status=status)


@require_POST
def send_again(request: HttpRequest) -> HttpResponse:
    """Send the link once more to the address that waits for it."""
    user, now = person(request), timezone.now()
    address = backup.pending(user, now)
    if address:
        try:
            backup.ask(
                user=user,
                address=address,
                site=site_of(request),
                now=now,
                caller=caller_of(request),
            )
            told = _("A message is on its way to %(address)s.") % {"address": address}
            notes.success(request, told)
        except backup.BackupRefused as refused:
            notes.error(request, str(refused))
    return redirect("settings-account")


@require_POST
def drop(request: HttpRequest) -> HttpResponse:
    """Give up an address that was not confirmed; the one in force stays."""
    user, now = person(request), timezone.now()
    if user.backup_confirmed_at:
        backup.drop_pending(user=user, now=now)
    return redirect("settings-account")


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest) -> HttpResponse:
    """Have no backup address any more, once that was said to be meant."""
    user = person(request)
    if request.method != "POST":
        return dialog(request, "webmail/backup_remove.html", {})
    backup.forget(user=user, now=timezone.now(), caller=caller_of(request))
    notes.success(request, _("You have no backup address any more."))
    return go_to(request, "/settings/account/#backup")


@sensitive_variables("token")
@login_not_required
@never_cache
@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail. Looking at it, as programs that check mail do, uses nothing up."""
    link = links.find(token, Purpose.BACKUP, timezone.now())
    if link is None:
        return _over(request)
    request.session[OPENED] = link.pk
    return redirect("backup-confirm")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the address of the link that was opened, whoever is signed in here, if anybody."""
    now = timezone.now()
    link = links.still_good(request.session.get(OPENED, 0), Purpose.BACKUP, now)
    if link is None:
        return _over(request)
    if request.method != "POST":
        return _confirm_page(request, {"link": link})
    if not backup.confirm(link=link, now=now, caller=caller_of(request)):
        return _over(request)
    del request.session[OPENED]
    return _confirm_page(request, {"link": link, "is_done": True})


def _over(request: HttpRequest) -> HttpResponse:
    return _confirm_page(request, {"is_over": True}, status=410)


def _confirm_page(
    request: HttpRequest, context: dict[str, object], status: int = 200
) -> HttpResponse:
    return render(request, "webmail/backup_confirm.html", context, status=status)
