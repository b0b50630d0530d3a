"""What the world will think of an address: looked up when somebody looks, and by a button."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.pacing import HOUR, paced
from connectivity.access import person
from smtp_accounts import alignment_words
from smtp_accounts.access import identity_for
from smtp_accounts.services import aligning


@paced("alignment", limit=60, seconds=HOUR, methods=("POST",))
@require_http_methods(["POST"])
def alignment(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask DNS about an address and show what it said; without a script, on the address's page.

    With ``due`` only where that was not done for a day: the page asks so by itself.
    """
    identity = identity_for(person(request), pk)
    now = timezone.now()
    row = None
    if request.GET.get("due") != "1" or alignment_words.shown(identity, now=now).is_due:
        row = aligning.check_again(identity, now)
    if not request.headers.get("HX-Request"):
        return redirect("identity-edit", pk=pk)
    context = {"alignment": alignment_words.shown(identity, now=now, row=row), "is_fresh": True}
    return render(request, "smtp_accounts/_alignment.html", context)
