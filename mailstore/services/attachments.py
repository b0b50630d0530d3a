"""What comes with messages, kept in rows: for the attachments of a folder, and for knowing the
newest version of an invitation. Everything here can be made again from the messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from lib import bulk
from mailstore import invitation, mime
from mailstore.file_kinds import KINDS, kind_of
from mailstore.invitation import Invitation
from mailstore.mime import Part
from mailstore.models import Attachment, Folder, InvitationSeen, Message
from mailstore.tokens import fold

#: Of one message.
MAX_FILES = 1000
MAX_EVENTS = 10
MAX_NAME = 255


@dataclass(frozen=True, slots=True)
class Came:
    """What came with one message."""

    files: Sequence[Part]
    events: Sequence[Invitation] = ()


def looked_at(raw: bytes, parts: Sequence[Part]) -> Came:
    """What comes with a message, told from its bytes and parts. Never raises."""
    files = [one for one in parts[:MAX_FILES] if not one.inline]
    calendars = [one for one in files if kind_of(one.content_type, one.filename) == "event"]
    # What only shows the event to mail programs is no file to people.
    files = [one for one in files if one.filename or one not in calendars]
    found = [invitation.read(mime.part_bytes(raw, one.index)) for one in calendars[:MAX_EVENTS]]
    return Came(files, [one for one in found if one is not None and one.uid])


def enter(messages: Sequence[Message], came: Mapping[int, Came]) -> None:
    """Write down what came with messages, instead of what was written before; inside the caller's
    transaction, which holds their mailboxes."""
    known = [one for one in messages if one.pk in came]
    ids = [one.pk for one in known]
    Attachment.objects.filter(message__in=ids).delete()
    InvitationSeen.objects.filter(message__in=ids).delete()
    bulk.create([_file(one, part) for one in known for part in came[one.pk].files])
    bulk.create([row for one in known for row in _events(one, came[one.pk].events)])


def _file(message: Message, part: Part) -> Attachment:
    return Attachment(
        message=message,
        index=part.index,
        name=part.filename,
        folded=fold(part.filename)[:MAX_NAME],
        kind=kind_of(part.content_type, part.filename),
        content_type=part.content_type,
        size=part.size,
    )


def _events(message: Message, events: Sequence[Invitation]) -> list[InvitationSeen]:
    # The same event usually lies in a message twice: to be shown, and as a file.
    once = {(one.uid, one.occurrence): one for one in events}
    return [
        InvitationSeen(
            user_id=message.user_id,
            message=message,
            organiser=one.organiser.address.lower() if one.organiser else "",
            uid=one.uid[: invitation.MAX_UID],
            recurrence=one.occurrence,
            sequence=one.sequence,
            stamp=one.stamp,
            is_cancelled=one.is_cancelled,
        )
        for one in once.values()
        if one.method in ("REQUEST", "CANCEL", "PUBLISH")
    ]


def of_folder(folder: Folder, *, kind: str = "", name: str = "") -> QuerySet[Attachment]:
    """The files in a folder, newest message first."""
    found = Attachment.objects.filter(message__folder=folder, message__has_attachments=True)
    if kind in KINDS:
        found = found.filter(kind=kind)
    if name:
        found = found.filter(folded__contains=fold(name))
    order = ("-message__sort_at", "-message_id", "index")
    return found.select_related("message").order_by(*order)
