"""Answering invitations by mail (RFC 6047): from the address that was invited, no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from mailstore import invitation_reply
from mailstore.invitation import Attendee, Invitation
from mailstore.invitation_reply import Unanswerable
from mailstore.models import Message
from mailstore.services import blobs, invitations
from protocols.body import Body
from smtp_accounts import addresses, build
from smtp_accounts.addresses import Mailbox
from smtp_accounts.header_lines import Unsafe
from smtp_accounts.models import DraftKind, OutboxMessage, OutboxState
from smtp_accounts.services import identities, made, routes, waiting
from smtp_accounts.services.identities import SendFrom
from smtp_accounts.services.making import UnsendableError

MAX_COMMENT = 1000


@dataclass(frozen=True, slots=True)
class Invited:
    """Which of a person's addresses is invited, and the identity that answers for it."""

    sender: SendFrom
    attendee: Attendee


def invited(own: Sequence[SendFrom], event: Invitation) -> Invited | None:
    """The entry of one of these senders among the attendees; None for one who is not asked."""
    # An address of one's own before one that only a pattern takes; those that can send first.
    mine = sorted(own, key=lambda one: bool(one.disabled_reason))
    for is_mine in (lambda one, to: addresses.same(one.address, to), identities.accepts):
        for one in mine:
            for attendee in event.attendees:
                if attendee.address and is_mine(one, attendee.address):
                    return Invited(one, attendee)
    return None


def is_own(own: Sequence[SendFrom], address: str) -> bool:
    """Whether somebody who invites is one of these senders."""
    return any(addresses.same(one.address, address) for one in own)


def answer(
    user: User, message: Message, event: Invitation, said: str, *, comment: str, now: datetime
) -> OutboxMessage:
    """Send an answer ("ACCEPTED", "TENTATIVE", "DECLINED") and remember it.

    It waits as long as the person's mail does for Undo. Raises `UnsendableError`.
    """
    found, host = invited(identities.send_from(user), event), event.organiser
    if found is None or host is None:
        raise UnsendableError("sender", _("None of your addresses is invited."))
    sender, to = found.sender, addresses.normal(host.address)
    _check(sender, to)
    who = Mailbox(sender.display_name, addresses.normal(found.attendee.address) or sender.address)
    subject = _words(said, event.title or message.subject)
    try:
        calendar = invitation_reply.reply(
            event, address=who.address, name=who.name, answer=said, comment=comment, now=now
        )
        message_id = build.new_message_id(who.domain)
        data = build.build(
            build.Content(
                sender=who,
                to=(Mailbox(host.name, to),),
                cc=(),
                subject=subject,
                body=f"{subject}\n\n{comment}".strip(),
                message_id=message_id,
                date=now,
                in_reply_to=next(iter(build.message_ids(message.message_id)), ""),
                references=build.thread_headers(
                    message.message_id, message.references, message.in_reply_to
                ),
                calendar=calendar,
            )
        )
    except (Unanswerable, Unsafe) as error:
        raise UnsendableError("sender", _("This invitation cannot be answered.")) from error
    batch = blobs.write([Body.of(data)])
    due = now + timedelta(seconds=user.undo_send)
    with transaction.atomic():
        invitations.remember(user, event, said, now=now)
        return made.enter(
            user,
            sender,
            to,
            blob=blobs.adopt(batch)[0],
            message_id=message_id,
            subject=subject,
            now=now,
            from_address=who.address,
            original=message,
            kind=DraftKind.REPLY,
            not_before=due,
            due_since=due,
        )


def _check(sender: SendFrom, to: str) -> None:
    if sender.disabled_reason:
        raise UnsendableError("sender", sender.disabled_reason)
    if not to:
        raise UnsendableError("sender", _("The invitation names no address to answer to."))
    if sender.account is None and routes.relay() is None and routes.split([to]).elsewhere:
        raise UnsendableError("sender", _(routes.NO_RELAY))


def _words(said: str, title: str) -> str:
    words = {
        "ACCEPTED": _("Accepted: %(title)s"),
        "TENTATIVE": _("Tentative: %(title)s"),
        "DECLINED": _("Declined: %(title)s"),
    }
    return words[said] % {"title": " ".join(title.split())[:900]}


def on_its_way(user: User, message: Message) -> OutboxMessage | None:
    """The answer to a message's invitation that can still be taken back."""
    rows = OutboxMessage.objects.filter(
        user=user, original=message, draft=None, draft_key=None, kind=DraftKind.REPLY,
        state__in=(OutboxState.QUEUED, OutboxState.RETRY), is_automatic=False,
    )  # fmt: skip
    return rows.order_by("-id").first()


def take_back(user: User, message: Message, event: Invitation, *, now: datetime) -> bool:
    """Stop the last answer, and give the one before it back. False where it is out already."""
    row = on_its_way(user, message)
    if row is None:
        return False
    waiting.cancel(message=row, now=now)
    row.refresh_from_db(fields=["state"])
    if row.state != OutboxState.CANCELLED:
        return False
    invitations.take_back(user, event)
    return True
