"""Remote pictures of mail: shown through our site, and for whom they are shown at once."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.services import people
from lib.pictures import picture_type
from mailstore.services import trusting
from webmail.access import message_for, person
from webmail.mail_headers import SHOWN, guard_piece
from webmail.onward import local_path
from webmail.pieces import read_image
from webmail.services import pictures


@require_safe
@login_not_required
def image(request: HttpRequest, token: str) -> HttpResponse:
    """A picture from elsewhere. The signed address is the permission, as the frame has no
    session; 503 says that it is to be asked for again."""
    found = read_image(token)
    if not found or not User.objects.filter(pk=found[0], is_active=True).exists():
        raise Http404
    try:
        data = pictures.fetch(*found)
    except pictures.Busy:
        answer = HttpResponse(status=503, headers={"Retry-After": "2"})
        guard_piece(answer)
        return answer
    kind = picture_type(data or b"")
    if data is None or kind not in SHOWN:
        raise Http404
    answer = HttpResponse(data, content_type=kind)
    guard_piece(answer)
    return answer


@require_POST
def trust(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the remote pictures of a message's sender at once from now on, or those of everybody
    of its domain; this message's in any case."""
    user = person(request)
    found = message_for(user, pk)
    trusting.trust(user, found.from_address, whole_domain=request.POST.get("whom") == "domain")
    return _onward(request)


@require_POST
def dark(request: HttpRequest) -> HttpResponse:
    """Change the colours of mail for dark pages, or leave them as they are."""
    people.save_dark_mail(user=person(request), wanted=request.POST.get("dark") == "1")
    return _onward(request)


def _onward(request: HttpRequest) -> HttpResponse:
    if request.headers.get("X-Part"):
        return HttpResponse(status=204)
    return redirect(local_path(request, request.POST.get("next", "")))
