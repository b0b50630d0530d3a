"""Settings > Filters > Import and export: one's filters as a Sieve script, and filters from one."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.pacing import MINUTE, paced
from filtering.services import sieve
from filtering.services.sieve import FilterRefused, FolderRefused, LabelRefused, Looked
from filtering.sieve_map import MAX_SCRIPT
from webmail import filter_proof
from webmail.access import person
from webmail.filter_place import Place
from webmail.filter_sieve import left_lines, lines, why_left
from webmail.mail_headers import guard_download

_TYPE: Final = "application/sieve; charset=utf-8"


@paced("sieve", limit=60, seconds=10 * MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The page; a script that is sent is looked at, and taken over with ``step`` "add"."""
    user = person(request)
    if request.method != "POST":
        return _page(request, user, {})
    script = _script(request)
    found = sieve.look(user, script.encode())
    context = {"script": script, "found": found, "error": _error(script, found)}
    if context["error"]:
        return _page(request, user, context, status=422)
    if request.POST.get("step") != "add" or not found.filters:
        return _page(request, user, context)
    try:
        ready = filter_proof.switched_off(found)
        made = sieve.take_over(user, ready, actor=user, now=timezone.now())
    except FilterRefused as refused:
        context["error"] = " ".join(refused.errors.values())
    except (FolderRefused, LabelRefused) as refused:
        context["error"] = str(refused)
    else:
        words = ngettext("%d filter is added.", "%d filters are added.", len(made)) % len(made)
        notes.success(request, words)
        return redirect("filters")
    return _page(request, user, context, status=422)


@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """All filters as a script, to be saved."""
    answer = HttpResponse(sieve.exported(person(request)).script, content_type=_TYPE)
    guard_download(answer, "filters.sieve")
    return answer


def _script(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is None:
        return request.POST.get("script", "").replace("\r\n", "\n")
    sent: bytes = file.read(MAX_SCRIPT + 1)
    return sent.decode("utf-8", "replace")


def _error(script: str, found: Looked) -> str:
    if not script.strip():
        return _("Choose a file, or paste a script.")
    if found.stopped == "too large":
        return _("The script is too large: 256 KB at the most.")
    if not (found.filters or found.refused or found.left):
        if found.stopped:
            return _("This is no Sieve script: %s.") % found.stopped
        return _("There is no filter in this script.")
    return ""


def _page(
    request: HttpRequest, user: User, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    ours = sieve.exported(user)
    found: Looked | None = context.get("found")
    more = {
        "place": Place(user),
        "count": ours.script.count("# rule:["),
        "not_exported": why_left(ours.left),
        "lines": lines(found) if found else [],
        "left": left_lines(found) if found else [],
    }
    return render(request, "webmail/filters/sieve.html", {**more, **context}, status=status)
