"""Bringing in a list of people: given, looked at line by line, brought in, answered with a list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import administrator, domain_for
from accounts.models import ImportState, PeopleImport, User
from accounts.reauthentication import recent
from webmail import nudge, people_list
from webmail.people_list import UnreadableError
from webmail.services import importing
from webmail.services.importing import Lost
from webmail.views.administration.users import place_of

#: Lines of each kind that are shown; the rest is counted.
SHOWN = 100


@sensitive_post_parameters("text")
@recent
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Where a list is uploaded or pasted."""
    admin = administrator(request)
    place = place_of(admin, pk)
    context = {
        "place": place,
        "columns": list(people_list.COLUMNS),
        "example": f"email,name,role,quota\nada@{place.domain.name},Ada Lovelace,user,5",
        "error": "",
    }
    if request.method != "POST":
        return render(request, "webmail/administration/import.html", context)
    try:
        text = _given(request)
        row = importing.read(text=text, domain=place.domain, by=admin, now=timezone.now())
    except UnreadableError as error:
        context["error"] = str(error)
        return render(request, "webmail/administration/import.html", context, status=422)
    return redirect("domain-user-import-list", row.pk)


def _given(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is None:
        text = request.POST.get("text", "")
        return people_list.decoded(text.encode("utf-8", "replace"))
    if (file.size or 0) > people_list.MAX_BYTES:
        raise UnreadableError(_("The list is larger than 1 MB. Bring it in in parts."))
    return people_list.decoded(file.read())


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """What would become of each line, then how far it is, then what became of it."""
    admin = administrator(request)
    row = import_for(admin, pk)
    if request.method == "POST":
        if importing.start(row=row, now=timezone.now()):
            nudge.import_waits(row.pk)
        return redirect("domain-user-import-list", pk)
    context: dict[str, object] = {"row": row, "place": place_of(admin, row.domain_id)}
    if row.state == ImportState.READ:
        try:
            judged = importing.judged(row)
        except Lost:
            messages.error(request, _("This list cannot be read any more. Give it once more."))
            return redirect(place_of(admin, row.domain_id).bring)
        groups = {
            "wrong": [one for one in judged if one.wrong],
            "new": [one for one in judged if one.is_new],
            "there": [one for one in judged if one.is_there],
        }
        context |= {name: found[:SHOWN] for name, found in groups.items()}
        context["count"] = {name: len(found) for name, found in groups.items()}
        return render(request, "webmail/administration/import_look.html", context)
    return render(request, "webmail/administration/import_done.html", context)


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, for the page that waits."""
    row = import_for(administrator(request), pk)
    return render(request, "webmail/administration/_import_state.html", {"row": row})


@recent
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What became of each line, with the passwords that were made: once."""
    row = import_for(administrator(request), pk)
    lines = importing.taken(row=row, now=timezone.now())
    if lines is None:
        messages.error(request, _("The answer was taken already. It is kept nowhere else."))
        return redirect("domain-user-import-list", pk)
    found = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    found.headers["Content-Disposition"] = 'attachment; filename="imported-users.csv"'
    return found


def import_for(admin: User, pk: int) -> PeopleImport:
    """A list this very administrator brought. Raises `Http404`, also for a colleague's."""
    found = PeopleImport.objects.select_related("domain", "made_by")
    row = get_object_or_404(found, pk=pk if pk < 2**63 else 0, made_by=admin)
    domain_for(admin, row.domain_id)
    return row
