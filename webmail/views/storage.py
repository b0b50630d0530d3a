"""Settings, Storage: how much space is used, and by what."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from webmail.access import person
from webmail.storage_page import storage_of


@require_safe
def storage(request: HttpRequest) -> HttpResponse:
    """What is used of what there is; by folder, account and kind of file; the largest messages."""
    return render(
        request, "webmail/settings_storage.html", {"storage": storage_of(person(request))}
    )
