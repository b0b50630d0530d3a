"""Mail that is here already, as filters see it."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db.models import Q

from accounts.models import User
from accounts.zones import zone_of
from filtering.facts import Facts
from filtering.models import Decision
from filtering.whys import Why
from mailstore.mime import Summary
from mailstore.models import FolderRole, Message, Verdict
from mailstore.services import blobs
from mailstore.services.blobs import BlobUnreadable
from mailstore.verdict import FAILS, PASSES, UNKNOWN

#: Of a large message only the beginning is read, as when it came in.
HEAD = 1 << 20
_UNTOUCHED = (
    FolderRole.JUNK, FolderRole.TRASH, FolderRole.DRAFTS, FolderRole.SENT, FolderRole.SNOOZED,
)  # fmt: skip


def untouched() -> Q:
    """Of messages: those that "everywhere" does not mean."""
    return Q(folder__role__in=_UNTOUCHED)


def facts(user: User, message: Message, *, now: datetime) -> Facts:
    """What filters can ask about a stored message. Bytes that cannot be read are none.

    The row has the usual fields; the bytes are read only for what it lacks.
    """
    return Facts(
        _said(message),
        partial(read, message),
        size=message.size,
        arrived_at=message.sort_at.astimezone(zone_of(user.time_zone)),
        now=now,
        source=message.source_id,
        proof=partial(_proof, message),
        score=_score(message),
        is_row=True,
    )


def _said(message: Message) -> Summary:
    return Summary(
        message_id=message.message_id,
        from_name=message.from_name,
        from_address=message.from_address,
        to_text=message.to_text,
        subject=message.subject,
        snippet=message.snippet,
        sent_at=message.sent_at,
        has_attachments=message.has_attachments,
    )


def read(message: Message) -> bytes:
    """The bytes of a message, or the beginning of a large one; nothing where they cannot be
    read."""
    try:
        return blobs.read(message.blob) if message.size <= HEAD else _beginning(message)
    except BlobUnreadable:
        return b""


def _beginning(message: Message) -> bytes:
    found = bytearray()
    for piece in blobs.stream(message.blob):
        found += piece
        if len(found) >= HEAD:
            break
    return bytes(found[:HEAD])


def _proof(message: Message) -> str:
    found = Verdict.objects.filter(message=message).values_list("found", flat=True).first()
    state = found.get("state") if isinstance(found, dict) else None
    return state if state in (PASSES, FAILS) else UNKNOWN


def _score(message: Message) -> float | None:
    row: Decision | None = getattr(message, "decision", None)
    return Why.of_row(row.why).score if row is not None else None
