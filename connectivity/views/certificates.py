"""The certificates a person chose to believe, of whatever accounts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from connectivity.access import certificate_for, person
from connectivity.services import pins
from protocols.tls import fingerprint


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of them, with what they said of themselves."""
    user = person(request)
    rows = [(pin, fingerprint(pin.sha256)) for pin in pins.of(user)]
    context = {"rows": rows, "allowed": pins.allowed(user)}
    return render(request, "connectivity/certificates.html", context)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop trusting one: from now on the authorities decide about that server."""
    pin = certificate_for(person(request), pk)
    pins.remove(user=pin.user, host=pin.host, port=pin.port)
    messages.success(
        request, _("The certificate of %(host)s is not trusted any more.") % {"host": pin.host}
    )
    return redirect("certificates")
