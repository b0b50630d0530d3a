"""The steps of a connection test, lit one by one while it runs in another request."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connectivity.access import person
from connectivity.services import progress

Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]


@require_safe
@never_cache
def testing(request: HttpRequest) -> HttpResponse:
    """How far the test is that the form with the key ``watch`` asked for; nothing of others'."""
    key = _key(request.GET.get("watch", ""))
    return JsonResponse({"stage": progress.stage(person(request), key) if key else ""})


def watched(view: View[Params]) -> View[Params]:
    """Let the page see how far a test is that this view makes (``_running.html``)."""

    @wraps(view)
    def watching(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        key = _key(request.POST.get("watch", ""))
        if key is None:
            return view(request, *args, **kwargs)
        with progress.watched(person(request), key, now=timezone.now()):
            return view(request, *args, **kwargs)

    return watching


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
