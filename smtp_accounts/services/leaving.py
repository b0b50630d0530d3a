"""Asking by mail to be taken off a list (RFC 2369 section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from mailstore.services import blobs
from mailstore.unsubscribe import Leaving
from protocols.body import Body
from smtp_accounts import addresses, build
from smtp_accounts.addresses import Mailbox
from smtp_accounts.header_lines import Unsafe
from smtp_accounts.models import OutboxMessage
from smtp_accounts.services import identities, made, routes
from smtp_accounts.services.identities import SendFrom
from smtp_accounts.services.making import UnsendableError


def sender_of(user: User, written_to: Sequence[str]) -> SendFrom:
    """The sender the list knows: the one it wrote to, else the person's usual one."""
    own = identities.send_from(user)
    for address in written_to:
        for one in own:
            if addresses.same(one.address, address) and not one.disabled_reason:
                return one
    return next((one for one in own if one.is_default), own[0])


def write(user: User, list_: Leaving, sender: SendFrom, *, now: datetime) -> OutboxMessage:
    """Put the request into the outbox; it waits as long as the person's mail does for Undo.

    Raises `UnsendableError`.
    """
    to = addresses.normal(list_.address)
    if sender.disabled_reason:
        raise UnsendableError("sender", sender.disabled_reason)
    if not to:
        raise UnsendableError("sender", _("The list names no address to write to."))
    if sender.account is None and routes.relay() is None and routes.split([to]).elsewhere:
        raise UnsendableError("sender", _(routes.NO_RELAY))
    who = Mailbox(sender.display_name, sender.address)
    message_id, subject = build.new_message_id(who.domain), list_.subject or "unsubscribe"
    content = build.Content(
        sender=who, to=(Mailbox("", to),), cc=(), subject=subject, body="unsubscribe",
        message_id=message_id, date=now,
    )  # fmt: skip
    try:
        batch = blobs.write([Body.of(build.build(content))])
    except Unsafe as error:
        raise UnsendableError("sender", _("The list names no address to write to.")) from error
    due = now + timedelta(seconds=user.undo_send)
    with transaction.atomic():
        return made.enter(
            user, sender, to, blob=blobs.adopt(batch)[0], message_id=message_id, subject=subject,
            now=now, not_before=due, due_since=due,
        )  # fmt: skip
