"""What a window asks for while it is written: people, what belongs to a sender, templates."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from mailstore.models import Message
from mailstore.text import tidy
from smtp_accounts import access, addresses, outgoing_html
from smtp_accounts.addresses import Mailbox
from smtp_accounts.models import MessageTemplate, Signature
from smtp_accounts.services import correspondents, guarding, identities, signatures, templates
from smtp_accounts.services.identities import SendFrom
from smtp_accounts.services.signatures import Region
from smtp_accounts.services.templates import (
    NameTakenError,
    TemplateValues,
    TooManyTemplatesError,
)
from webmail.access import person

MAX_QUERY = 200
MAX_TO = 500
NO_SIGNATURE = "0"


@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """People whose name or address holds ``q``; POST ``forget`` suggests an address no more."""
    user = person(request)
    if request.method == "POST":
        correspondents.hide(user, tidy(request.POST.get("forget", "")[:320]))
        return JsonResponse({})
    query = tidy(request.GET.get("q", "")).strip()[:MAX_QUERY]
    found = correspondents.suggest(user, query) if query else []
    return JsonResponse(
        {
            "people": [
                {
                    "name": one.name,
                    "address": one.address,
                    "text": str(Mailbox(one.name, one.address)),
                }
                for one in found
            ]
        }
    )


@require_safe
def sender(request: HttpRequest, key: UUID) -> HttpResponse:
    """What comes with an identity: its signature, its address for replies, a warning if due.

    ``was`` is how the signature that stands in the text (``signed``) is kept, to tell an edited
    one from it.
    """
    user, asked = person(request), request.GET
    access.key_free_for(user, key)
    chosen = identities.by_key(user, asked.get("identity", ""))
    if chosen is None:
        raise Http404
    region = _region(user, chosen, asked.get("kind", "new"), asked.get("signature", ""))
    return JsonResponse(
        {
            "signature": {"id": region.signature_id, "html": region.html, "text": region.text},
            "was": _kept(user, asked.get("signed", "")),
            "reply_to": chosen.reply_to,
            "warning": _warning(request, user, chosen),
            "usual": _usual(request, user, chosen),
        }
    )


@require_http_methods(["GET", "POST"])
def message_templates(request: HttpRequest) -> HttpResponse:
    """The user's templates, or what is in the one with ``id``; POST keeps one more."""
    user = person(request)
    if request.method == "POST":
        return _keep(request, user)
    if (wanted := request.GET.get("id", "")) != "":
        pk = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
        one = get_object_or_404(MessageTemplate, user=user, pk=pk)
        text = outgoing_html.to_text(one.html)
        return JsonResponse({"subject": one.subject, "html": one.html, "text": text})
    lines = templates.lines_of(user)
    listed = [{"id": one.pk, "name": one.name, "hint": one.hint} for one in lines]
    return JsonResponse({"templates": listed})


def _keep(request: HttpRequest, user: User) -> HttpResponse:
    sent = request.POST
    html = sent.get("html", "") or outgoing_html.from_text(sent.get("text", ""))
    name = " ".join(tidy(sent.get("name", "")).split())
    if not name:
        return JsonResponse({"error": _("Give it a name.")}, status=422)
    try:
        values = TemplateValues(name=name, subject=sent.get("subject", ""), html=html)
        kept = templates.save(user=user, values=values, now=timezone.now())
    except NameTakenError:
        return JsonResponse({"error": _("You have a template of this name.")}, status=422)
    except TooManyTemplatesError:
        said = _("You have %(limit)d templates. Delete one of them first.")
        return JsonResponse({"error": said % {"limit": templates.MAX_TEMPLATES}}, status=422)
    return JsonResponse({"text": _("Saved as template “%(name)s”.") % {"name": kept.name}})


def _region(user: User, chosen: SendFrom, kind: str, signature: str) -> Region:
    if signature == NO_SIGNATURE:
        return Region()
    if signature.isdecimal() and len(signature) < 19:
        return signatures.region_of(get_object_or_404(Signature, user=user, pk=int(signature)))
    return signatures.region(chosen.identity, kind)


def _kept(user: User, signed: str) -> dict[str, str] | None:
    """A signature of the user as it is kept; None for one that is gone, or was never one."""
    pk = int(signed) if signed.isdecimal() and len(signed) < 19 else 0
    found = Signature.objects.filter(user=user, pk=pk).first()
    return {"html": found.html, "text": signatures.region_of(found).text} if found else None


def _to(request: HttpRequest) -> list[str]:
    found = [addresses.parse_one(one) for one in request.GET.getlist("to")[:MAX_TO]]
    return [one.address for one in found if one is not None]


def _usual(request: HttpRequest, user: User, chosen: SendFrom) -> dict[str, str] | None:
    """Another address that these people are used to, for a message of its own."""
    to = _to(request)
    usual = identities.usual_for(user, to) if request.GET.get("kind", "new") == "new" else None
    if usual is None or usual.key == chosen.key:
        return None
    words = _("You last wrote to them from %(address)s.")
    if len(to) == 1:
        words = _("You last wrote to %(who)s from %(address)s.")
    text = words % {"who": to[0], "address": usual.address}
    return {"text": text, "instead": usual.key, "address": usual.address}


def _warning(request: HttpRequest, user: User, chosen: SendFrom) -> dict[str, str] | None:
    """What speaks against writing to these people from this address, if anything does."""
    original = request.GET.get("original", "")
    message = None
    if original.isdecimal() and len(original) < 19:
        message = Message.objects.filter(user=user, pk=int(original)).first()
    warning = guarding.warning(user, chosen.identity, original=message, to=_to(request))
    if warning is None:
        return None
    instead = warning.instead
    return {
        "text": warning.sentence,
        "instead": str(instead.pk) if instead is not None else "",
        "address": instead.address if instead is not None else "",
    }
