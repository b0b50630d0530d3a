"""Labels: made, renamed, recoloured, deleted. Dialogs that are pages without scripts."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mailstore.services import labels
from mailstore.services.labels import COLOURS, LabelRefused
from webmail import undoing
from webmail.access import label_for, person
from webmail.dialogs import dialog, go_to


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a label."""
    user = person(request)
    name = request.POST.get("name", "")
    values = {"colours": _colours(), "name": name, "color": _colour(request)}
    if request.method != "POST":
        return dialog(request, "webmail/label_edit.html", values)
    try:
        made = labels.create(user, name, color=_colour(request))
    except LabelRefused as error:
        return dialog(request, "webmail/label_edit.html", {**values, "error": str(error)}, 422)
    notes.success(request, _("Label “%s” was made.") % made.name)
    return go_to(request, reverse("mail-label", args=[made.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a label another name or colour."""
    label = label_for(person(request), pk)
    values = {"label": label, "colours": _colours(), "name": label.name, "color": label.color}
    if request.method != "POST":
        return dialog(request, "webmail/label_edit.html", values)
    name, color = request.POST.get("name", ""), _colour(request)
    values |= {"name": name, "color": color}
    try:
        labels.change(label, name=name, color=color)
    except LabelRefused as error:
        return dialog(request, "webmail/label_edit.html", {**values, "error": str(error)}, 422)
    return go_to(request, reverse("mail-label", args=[pk]))


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a label; it can be had again, with the messages that bore it."""
    user = person(request)
    label = label_for(user, pk)
    step = ["label-gone", label.name, label.color, labels.delete(label)]
    text = _("Label “%s” was deleted. The messages stay where they are.") % label.name
    notes.success(request, text, extra_tags=undoing.token(user, [step]))
    return go_to(request, reverse("mail"))


def _colours() -> range:
    return range(1, COLOURS + 1)


def _colour(request: HttpRequest) -> int:
    text = request.POST.get("color", "")
    return int(text) if text.isdecimal() and len(text) < 3 else 0
