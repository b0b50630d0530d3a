"""Mail that filters forward, put into the outbox. `filtering.models.ForwardDue` is the queue.

The message goes along whole, in a message of its owner's: sent on in its writer's name it would
fail that domain's DMARC policy at the next server (RFC 7960 section 2.1).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.services import limits
from filtering.models import ForwardDue, ForwardState
from lib.checkpoints import checkpoint
from mailstore import headers
from mailstore.models import Message
from mailstore.services import blobs, messages
from mailstore.services.blobs import BlobUnreadable
from protocols.body import Body
from smtp_accounts import addresses, build, dating, looping
from smtp_accounts.addresses import Mailbox
from smtp_accounts.build import Attachment, Content
from smtp_accounts.header_lines import Unsafe
from smtp_accounts.models import DraftKind
from smtp_accounts.services import identities, made, sizes
from smtp_accounts.services.identities import SendFrom

log = logging.getLogger(__name__)

BATCH: Final = 50
#: Of one person in a day: more is a filter gone wrong, or somebody else's use of it.
DAILY: Final = 200
MAX_TRIES: Final = 6
WAIT: Final = timedelta(minutes=2)
KEPT: Final = timedelta(days=30)
# Enough for the header of any message.
_HEAD = headers.MAX_BLOCK + headers.MAX_PRELUDE


class _NotForwarded(Exception):
    """Why not: "loop", "automatic", "too-many", "sender", "gone", "large" or "address"."""


def send_due(*, now: datetime) -> int:
    """Put what is due into the outbox; how many. Each is put there once, whoever looks."""
    rows = ForwardDue.objects.filter(state=ForwardState.WAITING, next_at__lte=now)
    found = rows.select_related("user__domain", "message__blob__segment", "message__source")
    return sum(_one(row, now) for row in found.order_by("next_at", "pk")[:BATCH])


def _one(row: ForwardDue, now: datetime) -> bool:
    try:
        with translation.override(row.user.language):
            return _forward(row, now)
    except _NotForwarded as reason:
        mine = ForwardDue.objects.filter(pk=row.pk, state=ForwardState.WAITING)
        mine.update(state=ForwardState.REFUSED, cause=str(reason))
    except Exception:  # the next one may be fine
        log.exception("forward %s could not be made", row.pk)
        _later(row, now)
    return False


def _later(row: ForwardDue, now: datetime) -> None:
    last = row.tries + 1 >= MAX_TRIES
    ForwardDue.objects.filter(pk=row.pk).update(
        tries=F("tries") + 1,
        next_at=now + WAIT * 2**row.tries,
        state=ForwardState.REFUSED if last else ForwardState.WAITING,
        cause="broken" if last else "",
    )


def _forward(row: ForwardDue, now: datetime) -> bool:
    user, message = row.user, row.message
    if not user.is_active:
        raise _NotForwarded("sender")
    _may_go(row, now)
    sender = identities.for_new(user, source_id=message.source_id).send_from
    if sender.disabled_reason:
        raise _NotForwarded("sender")
    content = _content(row, sender, now)
    batch = blobs.write([_body(row, sender, content)])
    checkpoint("forward: bytes durable")
    with transaction.atomic():
        mine = ForwardDue.objects.filter(pk=row.pk, state=ForwardState.WAITING)
        if not mine.update(state=ForwardState.SENT, next_at=now):
            return False
        made.enter(
            user,
            sender,
            row.to,
            blob=blobs.adopt(batch)[0],
            message_id=content.message_id,
            subject=content.subject,
            now=now,
            kind=DraftKind.FORWARD,
            is_automatic=True,
            # The mail itself is here: nobody looks for it in Sent.
            sent_copied_at=now,
        )
        messages.set_flags(user, [message.pk], forwarded=True)
    return True


def _may_go(row: ForwardDue, now: datetime) -> None:
    own = row.user.email
    try:
        head = next(iter(blobs.stream(row.message.blob)), b"")[:_HEAD]
    except BlobUnreadable as error:
        raise _NotForwarded("gone") from error
    if reason := looping.refusal(headers.parse(head), own):
        raise _NotForwarded(reason)
    if addresses.same(own, row.to):
        raise _NotForwarded("loop")
    sent = ForwardDue.objects.filter(user=row.user, state=ForwardState.SENT)
    if sent.filter(next_at__gt=now - timedelta(days=1)).count() >= _most(row):
        raise _NotForwarded("too-many")


def _most(row: ForwardDue) -> int:
    """Of a day; never more than an administrator lets this person send."""
    allowed = limits.of_person(row.user).daily_sends
    return DAILY if allowed is None else min(DAILY, allowed)


def _content(row: ForwardDue, sender: SendFrom, now: datetime) -> Content:
    message = row.message
    to = addresses.normal(row.to)
    if not to:
        raise _NotForwarded("address")
    words = {"filter": row.filter_name, "sender": message.from_address or "?"}
    text = _("A filter of mine, “%(filter)s”, forwards this message from %(sender)s to you.")
    return Content(
        sender=sender.mailbox,
        to=(Mailbox("", to),),
        cc=(),
        subject=_("Fwd: %s") % " ".join(message.subject.split())[:900],
        body=text % words + "\n",
        message_id=build.new_message_id(sender.mailbox.domain),
        date=now.astimezone(dating.zone(row.user.time_zone)),
        attachments=(_whole(message),),
        reply_to=_answers_to(message),
        auto_submitted=looping.AUTO,
        loop=row.user.email,
        allows_8bit=sender.account is None or bool(sender.account.facts.get("8bitmime")),
    )


def _whole(message: Message) -> Attachment:
    name = build.safe_filename(message.subject[:80] or "message")
    return Attachment(f"{name}.eml", build.MESSAGE, lambda: blobs.stream(message.blob))


def _answers_to(message: Message) -> tuple[Mailbox, ...]:
    address = addresses.normal(message.from_address)
    return (Mailbox(message.from_name, address),) if address else ()


def _body(row: ForwardDue, sender: SendFrom, content: Content) -> Body:
    limit = sizes.limit_of(sender.account, sizes.allowed(row.user))
    if row.message.size > limit.files:
        raise _NotForwarded("large")
    try:
        return Body.gather(build.pieces(content))
    except Unsafe as error:
        raise _NotForwarded("address") from error
    except BlobUnreadable as error:
        raise _NotForwarded("gone") from error


def tidy(*, now: datetime) -> int:
    """Forget what was forwarded or refused long ago; how many."""
    old = ForwardDue.objects.filter(made_at__lt=now - KEPT).exclude(state=ForwardState.WAITING)
    return old.delete()[0]
