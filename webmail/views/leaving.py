"""Asking before a link leads elsewhere than it says."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from mailstore import links

_WHY: Final = {
    links.OTHER: _("The text of the link names another place than the one it leads to."),
    links.USER: _("Before the @ of this address stands a name that is not where it leads."),
    links.NUMBER: _("It leads to a bare network address instead of a name."),
    links.LETTERS: _("The name holds letters that look like others."),
    links.BROKEN: _("This address names no place that can be read."),
}


@require_safe
def leaving(request: HttpRequest) -> HttpResponse:
    """The page of a marked link; 404 for addresses we did not write."""
    found = links.target(request.GET.get("to", ""))
    if found is None:
        raise Http404
    url, why = found
    context = {
        "frame": "webmail/_dialog_page.html",
        "url": url,
        "host": links.host_of(url),
        "why": _WHY.get(why, ""),
    }
    answer = render(request, "webmail/leaving.html", context)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer
