"""Settings > Activity: who changed what about one's own account, administrators included."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from webmail.access import person
from webmail.logs import audit
from webmail.logs.asking import PAGE, asked_by


@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """The lines of the audit log that concern this person, newest first."""
    user = person(request)
    asked = asked_by(request.GET, domain=None, outcomes={})
    lines = audit.lines_of(audit.about(user, asked), reader=user)
    context = {
        "log": audit.AUDIT,
        "asked": asked,
        "lines": lines[:PAGE],
        "older": asked.onward(lines[PAGE - 1].cursor) if len(lines) > PAGE else "",
        "address": reverse("settings-activity"),
        "fixed": {},
    }
    return render(request, "webmail/settings_activity.html", context)
