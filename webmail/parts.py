"""The one way from an address to a part of a message: whose message, which part, what it holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from accounts.models import User
from lib.filenames import safe_filename
from mailstore import nested
from mailstore.models import Message
from mailstore.nested import Found, NotOpened
from mailstore.services import blobs, winmail
from webmail.access import message_for, person


@dataclass(frozen=True)
class Opened:
    """A part somebody asks for."""

    user: User
    message: Message
    found: Found

    @property
    def name(self) -> str:
        """Its name, harmless."""
        return safe_filename(self.found.part.filename)

    @property
    def path(self) -> str:
        """Its path as addresses have it."""
        return nested.write_path(self.found.path)


def raw_of(message: Message) -> bytes:
    """The bytes of a message, or 404."""
    try:
        return blobs.read(message.blob)
    except blobs.BlobUnreadable as error:
        raise Http404 from error


def find(message: Message, path: str) -> Found:
    """A part of a message, or 404."""
    try:
        return nested.find(raw_of(message), nested.parse_path(path), winmail.unpack)
    except NotOpened as error:
        raise Http404 from error


def part_for(request: HttpRequest, pk: int, path: str) -> Opened:
    """A part of a message of the signed-in user, or 404."""
    user = person(request)
    message = message_for(user, pk)
    return Opened(user, message, find(message, path))


def message_in(opened: Opened) -> bytes:
    """The message that a part holds, or 404."""
    try:
        return nested.inside(opened.found, winmail.unpack)
    except NotOpened as error:
        raise Http404 from error
