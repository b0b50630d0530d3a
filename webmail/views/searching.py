"""What the search box asks for while somebody types, and lists of results once they are drawn."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from mailstore import search
from mailstore.highlight import terms_for
from mailstore.services import passages
from mailstore.text import tidy
from webmail import finding, screen
from webmail.access import person
from webmail.place import place_of
from webmail.suggesting import suggest as suggestions

MAX_WORD = 200
MAX_IDS = 50


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """What the word being typed may become."""
    found = suggestions(person(request), tidy(request.GET.get("word", "")[:MAX_WORD]))
    return _private({"suggestions": found})


@require_safe
def around(request: HttpRequest) -> HttpResponse:
    """The passages of messages that match, where those say more than how a message begins."""
    wanted = search.understood(request.GET.get("q", ""))
    given = request.GET.getlist("id")[:MAX_IDS]
    ids = [int(one) for one in given if one.isdecimal() and len(one) < 19]
    found = passages.of(person(request), ids, terms_for(wanted, "body"))
    return _private({"passages": {str(pk): html for pk, html in found.items()}})


@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many messages a search finds. Asked for once its first page is there, as counting may
    take longer than finding."""
    user = person(request)
    total, text = finding.count(user, place_of(request.GET), screen.tree_of(user))
    return _private({"total": total, "text": text})


def _private(content: dict[str, object]) -> HttpResponse:
    return JsonResponse(content, headers={"Cache-Control": "no-store"})
