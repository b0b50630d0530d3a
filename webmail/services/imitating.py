"""Senders who look like people of one's own house, and are not proven to be."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _

from accounts.models import User
from mailstore import verdict
from mailstore.models import Message
from mailstore.verdict import Findings
from smtp_accounts.models import Identity, OutboxRecipient


def warning(user: User, message: Message, found: Findings) -> str:
    """A plain warning, empty for most. At most three small queries."""
    domain = message.from_address.rpartition("@")[2].lower()
    if not domain:
        return ""
    if domain == user.domain.name.lower():
        if message.source_id is None or found.state == verdict.PASSES:
            return ""
        return _("This names an address of your own domain, but nothing proves that.")
    return _namesake(user, message)


def _namesake(user: User, message: Message) -> str:
    name = _plain(message.from_name)
    if " " not in name:
        # A first name alone is many people's.
        return ""
    people = User.objects.filter(domain=user.domain, is_active=True)
    named = people.filter(display_name__iexact=" ".join(message.from_name.split()))
    if not any(_plain(one.display_name) == name for one in named[:5]):
        return ""
    # One's own other addresses, and those one has written to, are known.
    address = message.from_address
    is_own = Identity.objects.filter(user=user, address__iexact=address).exists()
    written = OutboxRecipient.objects.filter(outbox__user=user, address__iexact=address)
    if is_own or written.exists():
        return ""
    return _("Somebody in your domain has this name, but writes from another address.")


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
