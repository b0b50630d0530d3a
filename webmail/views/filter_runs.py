"""A filter applied to mail that is here: asked for, watched, stopped, undone."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from filtering.models import FilterRun
from filtering.services import applying, filters
from filtering.services.applying import RunRefused
from webmail import filter_words, nudge, screen
from webmail.access import person
from webmail.dialogs import dialog, go_to, in_page
from webmail.filter_place import Place
from webmail.filter_runs import shown
from webmail.filter_trial import folder_named


@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, key: int) -> HttpResponse:
    """Ask where to apply a filter, and have it done."""
    user = person(request)
    place = Place(user)
    row = place.filter(key)
    told = next((one for one in filters.listed(user) if one.filter.pk == row.pk), None)
    values = {
        "row": row,
        "place": place,
        "words": filter_words.sentence(told) if told else "",
        "folders": [(str(one.folder.pk), one.path) for one in screen.desk(user).tree.targets],
        "chosen": request.POST.get("folder", ""),
    }
    if request.method != "POST":
        return dialog(request, "webmail/filters/apply.html", values)
    folder = folder_named(user, request.POST.get("folder", ""))
    try:
        run = applying.request(user, row, folder=folder, now=timezone.now())
    except RunRefused as refused:
        return dialog(request, "webmail/filters/apply.html", {**values, "error": str(refused)}, 422)
    nudge.filter_waits(run.pk)
    return go_to(request, place.list_url)


@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """How far they are; the page asks again by itself."""
    return _runs(request, person(request))


@require_POST
def do(request: HttpRequest, key: int, do: str) -> HttpResponse:
    """One thing to a run: "stop" it, or "undo" what it did."""
    user = person(request)
    run = get_object_or_404(FilterRun, user=user, pk=key if key < 2**63 else 0)
    now = timezone.now()
    if do == "stop":
        applying.stop(run, now=now)
    elif do == "undo":
        if applying.undo(run, now=now):
            nudge.filter_waits(run.pk)
        else:
            notes.error(request, _("This cannot be undone any more."))
    else:
        raise Http404
    return _runs(request, user)


def _runs(request: HttpRequest, user: User) -> HttpResponse:
    if not in_page(request):
        return redirect("filters")
    found = shown(applying.recent(user, now=timezone.now()), now=timezone.now())
    values = {"runs": found, "is_applied": any(one.is_going for one in found)}
    return render(request, "webmail/filters/_runs.html", values)
