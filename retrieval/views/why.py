"""Why wasn't this imported? A search over what is known of an account, and over its server."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from connectivity.access import person, requires
from connectivity.models import Feature
from retrieval.access import task_for
from retrieval.forms_why import WhyForm
from retrieval.services import why


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.RETRIEVAL)
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """The form; with GET what is known here, with POST also what the server shows now."""
    user = person(request)
    task = task_for(user, pk)
    is_asked = request.method == "POST" or "q" in request.GET or "day" in request.GET
    given = request.POST if request.method == "POST" else request.GET
    form = WhyForm(given) if is_asked else WhyForm()
    context: dict[str, object] = {"task": task, "form": form}
    status = 200
    if is_asked and form.is_valid():
        wanted = why.sought(form.cleaned_data["q"], form.cleaned_data["day"])
        context["here"] = why.here(task, wanted, now=timezone.now())
        if request.method == "POST":
            answer = why.on_server(user=user, task=task, wanted=wanted, clock=timezone.now)
            context["there"] = answer
            status = 422 if answer.problem is not None and not answer.items else 200
    elif is_asked:
        status = 422
    template = "retrieval/_why.html" if request.headers.get("HX-Request") else "retrieval/why.html"
    return render(request, template, context, status=status)
