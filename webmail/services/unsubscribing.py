"""Leaving a mailing list for somebody who asked for it; never by itself (RFC 8058)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from accounts.models import User
from connectivity.services.network import policy, trust
from mailstore import headers, mime, unsubscribe
from mailstore.headers import Headers
from mailstore.models import LeftList, Message
from mailstore.services import blobs
from mailstore.unsubscribe import Leaving
from mailstore.verdict import Findings
from protocols import web
from protocols.errors import MailServerError
from smtp_accounts.services import leaving

SECONDS: Final = 10.0
_FORM: Final = {"List-Unsubscribe": "One-Click"}


def fields_of(message: Message) -> Headers:
    """Its header fields. Raises BlobUnreadable."""
    return headers.parse(blobs.read(message.blob))


def ways(fields: Headers, message: Message, found: Findings) -> Leaving | None:
    """How to leave the list a message came by."""
    covered = found.covers_unsubscribing
    return unsubscribe.read(fields, message.from_address, is_covered=covered)


def left(user: User, ways: Leaving) -> datetime | None:
    """When the person asked to leave that list."""
    rows = LeftList.objects.filter(user=user, name=ways.name)
    return rows.values_list("left_at", flat=True).first()


def click(user: User, ways: Leaving, *, now: datetime) -> bool:
    """Tell the list's server; whether it took it. No redirect is followed (RFC 8058, 3.1)."""
    try:
        answer = web.post(ways.url, _FORM, policy=policy(), trust=trust(), deadline=SECONDS)
    except MailServerError:
        return False
    if not 200 <= answer.status < 300:
        return False
    _remember(user, ways, now)
    return True


def write(user: User, message: Message, ways: Leaving, *, now: datetime) -> None:
    """Write to the list's address. Raises `UnsendableError`, BlobUnreadable."""
    said = mime.summary(blobs.read(message.blob))
    known = (*said.delivered_to, *said.to_addresses, *said.cc_addresses)
    leaving.write(user, ways, leaving.sender_of(user, known), now=now)
    _remember(user, ways, now)


def _remember(user: User, ways: Leaving, now: datetime) -> None:
    LeftList.objects.update_or_create(user=user, name=ways.name, defaults={"left_at": now})
