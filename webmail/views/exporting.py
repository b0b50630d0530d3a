"""Settings, Export my data: asked for, written by a worker, downloaded."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.callers import caller_of
from accounts.models import User
from accounts.pacing import HOUR, paced
from accounts.reauthentication import recent
from mailstore.services import usage
from webmail.access import person
from webmail.dialogs import dialog, go_to
from webmail.mail_headers import guard_download
from webmail.nudge import write_export
from webmail.services import exports


@require_http_methods(["GET", "HEAD"])
def export(request: HttpRequest) -> HttpResponse:
    """What an export holds, and how far the own one is. A part of the page asks again by itself."""
    user, now = person(request), timezone.now()
    row = exports.of(user)
    context = {
        "export": row,
        "is_ready": row is not None and row.is_ready(now),
        "used": usage.used(user),
    }
    is_part = request.headers.get("HX-Request") == "true"
    name = "webmail/_export.html" if is_part else "webmail/settings_export.html"
    return render(request, name, context)


@recent
@paced("export", limit=6, seconds=24 * HOUR, methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask for an export. Shown as a page where who asks had to prove who they are."""
    if request.method != "POST":
        return render(request, "webmail/settings_export_start.html", {})
    user = person(request)
    row = exports.ask(user=user, now=timezone.now(), caller=caller_of(request))
    write_export(row.pk)
    return redirect("settings-export")


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    """Stop an export that is being written, or remove its archive, once that is meant."""
    user, now = person(request), timezone.now()
    if request.method != "POST":
        row = exports.of(user)
        if row is None or not row.is_ready(now):
            return go_to(request, reverse("settings-export"))
        return dialog(request, "webmail/export_remove.html", {"export": row})
    if exports.take_back(user=user):
        notes.success(request, _("The export is removed. Your mail stays as it is."))
    return go_to(request, reverse("settings-export"))


@recent
@require_safe
def download(request: HttpRequest) -> HttpResponseBase:
    """The archive, to be saved."""
    user, now = person(request), timezone.now()
    row = exports.of(user)
    if row is None or not row.is_ready(now):
        raise Http404
    try:
        file = (exports.folder() / row.file).open("rb")
    except OSError as error:
        raise Http404 from error
    answer = FileResponse(file, content_type="application/zip")
    guard_download(answer, _name(user, row.asked_at.date().isoformat()))
    return answer


def _name(user: User, day: str) -> str:
    return f"{user.email.replace('@', '-at-')}-{day}.zip"
