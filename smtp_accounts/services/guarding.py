"""Before a message goes out from the wrong address: what to ask, and what to write from instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from connectivity.providers import PROVIDERS
from mailstore import headers, mime
from mailstore.mime import ParsedMail
from mailstore.models import Message
from mailstore.services import blobs
from mailstore.services.blobs import BlobUnreadable
from smtp_accounts import addresses, rules
from smtp_accounts.models import Identity, OutboxMessage
from smtp_accounts.rules import Danger, Own, Recipient
from smtp_accounts.services import arrivals, correspondents

SHARED = frozenset(domain for provider in PROVIDERS for domain in provider.domains)


@dataclass(frozen=True, slots=True)
class Warning:
    """What speaks against a From. ``instead`` is the identity these people know, if one is."""

    danger: str
    sentence: str
    instead: Identity | None = None


def warning(
    user: User, identity: Identity, *, original: Message | None, to: Sequence[str]
) -> Warning | None:
    """What to ask before ``identity`` is used for these recipients; None where nothing is.

    ``original`` is the message answered, None for a message of its own: whoever a message is
    passed on to has seen nothing of the conversation.
    """
    known = arrivals.candidates(user.pk)
    chosen = rules.candidate_of(known, str(identity.pk))
    if chosen is None or not to:
        return None
    own = Own(known)
    strangers = [one for one in to if not own.holds(one)]
    used = correspondents.identities_used(user, strangers)
    people = [Recipient(one, str(used.get(addresses.key(one), ""))) for one in strangers]
    seen = _seen(user, original, own) if original is not None else []
    found = rules.danger(chosen, known, seen=seen, to=people, shared_domains=SHARED)
    if found is None:
        return None
    instead = Identity.objects.filter(user=user, pk=int(seen[0])).first() if seen else None
    return Warning(found.value, _sentence(found, identity, instead), instead)


def _sentence(danger: Danger, identity: Identity, instead: Identity | None) -> str:
    if danger == Danger.SWITCH and instead is not None:
        words = _("In this conversation you are %(known)s. Nobody in it has seen %(address)s.")
        return words % {"known": instead.address, "address": identity.address}
    words = _("%(address)s is private, and everybody you write to is known from work.")
    return words % {"address": identity.address}


def _seen(user: User, original: Message, own: Own) -> list[str]:
    """The keys of the identities that the people of a conversation know, the likeliest first."""
    try:
        raw = blobs.read(original.blob)
    except BlobUnreadable:
        return []
    found = arrivals.original_of(original, _head(raw))
    # Whoever got it by list or as a blind copy shows nothing by it: then nobody is surprised.
    seen = [
        one.key
        for address in (*found.named, found.from_address)
        for one in (own.exactly(address) or own.by_pattern(address)[:1])
    ]
    chain = [original.message_id, original.in_reply_to, *original.references.split()]
    sent = OutboxMessage.objects.filter(user=user, message_id__in=[one for one in chain if one])
    earlier = sent.exclude(identity=None).order_by("-pk").values_list("identity", flat=True)[:10]
    return list(dict.fromkeys([*seen, *map(str, earlier)]))


def _head(raw: bytes) -> ParsedMail:
    """The headers of a message, its text left aside."""
    return mime.parse(raw[: headers.body_start(raw)])
