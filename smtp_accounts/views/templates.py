"""Settings, Templates: texts kept for messages that begin alike."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from connectivity.access import person
from smtp_accounts.access import template_for
from smtp_accounts.forms_texts import TemplateForm
from smtp_accounts.models import MessageTemplate
from smtp_accounts.outgoing_html import to_text
from smtp_accounts.services import templates
from smtp_accounts.services.templates import NameTakenError, TooManyTemplatesError
from smtp_accounts.views import pages

SNIPPET = 160


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every template with how it begins."""
    rows = [
        (one, " ".join(to_text(one.html[: SNIPPET * 20]).split())[:SNIPPET])
        for one in templates.templates_of(person(request))
    ]
    return render(request, "smtp_accounts/templates.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new template."""
    if request.method != "POST":
        return _page(request, TemplateForm(), None)
    return _store(request, TemplateForm(request.POST), None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a template."""
    template = template_for(person(request), pk)
    if request.method != "POST":
        return _page(request, TemplateForm(template=template), template)
    return _store(request, TemplateForm(request.POST, template=template), template)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a template, after a question."""
    template = template_for(person(request), pk)
    if request.method == "POST":
        templates.delete(template)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": template.name})
        return pages.go_to(request, reverse("templates"))
    context = {"template": template}
    title = _("Delete template")
    return pages.dialog(request, "smtp_accounts/_template_delete.html", context, title=title)


def _store(
    request: HttpRequest, form: TemplateForm, template: MessageTemplate | None
) -> HttpResponse:
    if not form.is_valid():
        return _page(request, form, template, status=422)
    values, user = form.values(), person(request)
    try:
        row = templates.save(user=user, values=values, now=timezone.now(), template=template)
    except NameTakenError:
        form.add_error("name", _("Another template has this name. Choose another one."))
    except TooManyTemplatesError:
        form.add_error("name", _("You have as many templates as this installation keeps."))
    else:
        messages.success(request, _("“%(name)s” is saved.") % {"name": row.name})
        return redirect("templates")
    return _page(request, form, template, status=422)


def _page(
    request: HttpRequest,
    form: TemplateForm,
    template: MessageTemplate | None,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "template": template}
    return render(request, "smtp_accounts/template.html", context, status=status)
