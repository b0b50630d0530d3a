"""Settings > Filters: the list, the editor, what is done to one of them.

Each view is told whose filters it is about (`filter_place.Place`); the addresses say whose.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.reauthentication import recent
from filtering.models import Filter
from filtering.services import applying, filters
from filtering.services.filters import FilterRefused, Wanted
from webmail import filter_lines, filter_proof, filter_templates, filter_words, undoing
from webmail.dialogs import in_page
from webmail.filter_place import Place
from webmail.filter_proposals import proposed
from webmail.filter_runs import shown
from webmail.filter_trial import try_out
from webmail.forms.filters import FilterForm


@require_safe
def page(request: HttpRequest, place: Place) -> HttpResponse:
    """All filters in the order they are applied in."""
    return render(request, "webmail/filters/list.html", _list(place))


def _list(place: Place) -> dict[str, Any]:
    rows = filter_lines.lines(place)
    runs = [] if place.domain else applying.recent(place.actor, now=timezone.now())
    return {
        "place": place,
        "rows": rows,
        "runs": shown(runs, now=timezone.now()),
        "is_applied": any(one.state in applying.OPEN for one in runs),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, place: Place) -> HttpResponse:
    """Make a filter; with ``id`` of messages in the address one that meets messages like these,
    with ``template`` as one that is ready to be filled in."""
    if request.method != "POST":
        if typed := filter_proof.kept(request, place.new_url):
            return _editor(request, place, typed, None, {"is_kept": True})
        if like := proposed(place, request.GET):
            return _editor(request, place, like[0], None, {"ways": like[1]})
        key = request.GET.get("template", "")
        form = filter_templates.begun(key) or FilterForm.new()
        return _editor(request, place, form, None, {"templates": filter_templates.offered(key)})
    return _edited(request, place, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, place: Place, key: int) -> HttpResponse:
    """Change a filter."""
    row = place.filter(key)
    if request.method != "POST":
        if typed := filter_proof.kept(request, place.url("edit", row.pk)):
            return _editor(request, place, typed, row, {"is_kept": True})
        return _editor(request, place, FilterForm.of(filters.wanted_of(row)), row)
    return _edited(request, place, row)


def _edited(request: HttpRequest, place: Place, row: Filter | None) -> HttpResponse:
    """One step of writing it: ``step`` names a line that comes or goes, "try", or it is saved."""
    form, step = FilterForm.sent(request.POST), request.POST.get("step", "")
    if step not in ("", "apply", "try"):
        form.take(step)
        return _editor(request, place, form, row)
    try:
        wanted = _wanted(place, form)
        if step == "try":
            return _editor(request, place, form, row, try_out(place, wanted, request.POST))
        filters.check(place.owner, wanted)
        if filter_proof.is_needed(request, wanted, row):
            return filter_proof.ask(request, place.url("edit", row.pk) if row else place.new_url)
        saved = filters.save(place.owner, wanted, row=row, actor=place.actor, now=timezone.now())
    except FilterRefused as refused:
        form.refuse(refused.errors)
        return _editor(request, place, form, row, status=422)
    notes.success(request, _("The filter “%s” is saved.") % saved.name)
    is_next = step == "apply" and place.domain is None
    return redirect(place.url("apply", saved.pk) if is_next else place.list_url)


def _wanted(place: Place, form: FilterForm) -> Wanted:
    wanted = form.wanted(of_domain=place.domain is not None)
    if wanted.name.strip():
        return wanted
    return replace(wanted, name=filter_words.name_of(wanted.conditions, place.names()))


def _editor(
    request: HttpRequest,
    place: Place,
    form: FilterForm,
    row: Filter | None,
    more: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    name = "webmail/filters/_form.html" if in_page(request) else "webmail/filters/edit.html"
    context = {
        "place": place,
        "form": form,
        "row": row,
        "url": place.url("edit", row.pk) if row else place.new_url,
        "tried_in": request.POST.get("try_in", ""),
        **place.choices(),
        **(more or {}),
    }
    return render(request, name, context, status=status)


@require_POST
def do(request: HttpRequest, place: Place, key: int, do: str) -> HttpResponse:
    """One thing to one filter: "on", "off", "up", "down", "copy" or "delete"."""
    row = place.filter(key)
    now = timezone.now()
    if do == "on" and filter_proof.sends(filters.wanted_of(row).actions):
        return cast("HttpResponse", _sent_on(request, place, row))
    if do in ("on", "off"):
        filters.switch(row, is_on=do == "on", actor=place.actor, now=now)
    elif do in ("up", "down"):
        _shift(place, row, -1 if do == "up" else 1)
    elif do == "copy":
        _copy(request, place, row)
    elif do == "delete":
        _delete(request, place, row)
    else:
        raise Http404
    return _back(request, place)


def _back(request: HttpRequest, place: Place) -> HttpResponse:
    if in_page(request):
        return render(request, "webmail/filters/_list.html", _list(place))
    return redirect(place.list_url)


@recent
def _sent_on(request: HttpRequest, place: Place, row: Filter) -> HttpResponse:
    """Switch on a filter that sends mail on."""
    filters.switch(row, is_on=True, actor=place.actor, now=timezone.now())
    return _back(request, place)


def _shift(place: Place, row: Filter, by: int) -> None:
    keys = [one.pk for one in Filter.objects.all().owned_by(place.owner)]
    at = keys.index(row.pk)
    keys.insert(max(0, at + by), keys.pop(at))
    filters.reorder(place.owner, keys, actor=place.actor, now=timezone.now())


def _copy(request: HttpRequest, place: Place, row: Filter) -> None:
    try:
        made = filters.copy(row, actor=place.actor, now=timezone.now())
    except FilterRefused as refused:
        notes.error(request, " ".join(refused.errors.values()))
        return
    notes.success(request, _("“%s” is there, switched off.") % made.name)


def _delete(request: HttpRequest, place: Place, row: Filter) -> None:
    name = row.name
    kept = filters.delete(row, actor=place.actor, now=timezone.now())
    step = ["filter-gone", place.domain.pk if place.domain else None, kept]
    text = _("The filter “%s” is deleted. What it did stays as it is.") % name
    notes.success(request, text, extra_tags=undoing.token(place.actor, [step]))


@require_POST
def order(request: HttpRequest, place: Place) -> HttpResponse:
    """Put the filters into the order of ``keys``, as a script sends it."""
    sent = request.POST.get("keys", "").split(",")[: filters.MOST * 2]
    keys = [int(one) for one in sent if one.isdecimal() and len(one) < 19]
    filters.reorder(place.owner, keys, actor=place.actor, now=timezone.now())
    return render(request, "webmail/filters/_list.html", _list(place))
