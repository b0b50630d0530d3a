"""Signed addresses for the pieces of a message that its sandboxed frame asks for.

The frame has an opaque origin, so the browser sends no session cookie with its requests: the
address itself carries the permission, bound to user, message and part, for one hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.urls import reverse

LIFETIME: Final = 3600
_SALT: Final = "webmail.pieces"


@dataclass(frozen=True)
class Piece:
    """One part of one message of one user: its index, or its path in a message within it."""

    user_id: int
    message_id: int
    index: int | str


def piece_url(piece: Piece) -> str:
    """An address that shows this part to whoever holds it, for an hour."""
    token = signing.dumps([piece.user_id, piece.message_id, piece.index], salt=_SALT)
    return reverse("mail-piece", args=[token])


def read_piece(token: str) -> Piece | None:
    """The part a token stands for; None where it is forged or too old."""
    try:
        user_id, message_id, index = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Piece(user_id, message_id, index)


def image_url(user_id: int, address: str) -> str:
    """An address of ours that shows a picture from elsewhere to whoever holds it, for an hour."""
    token = signing.dumps([user_id, address], salt=_SALT + ".image", compress=True)
    return reverse("mail-image", args=[token])


def read_image(token: str) -> tuple[int, str] | None:
    """The user and the address a token stands for; None where it is forged or too old."""
    try:
        user_id, address = signing.loads(token, salt=_SALT + ".image", max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(user_id), str(address)


def consent(user_id: int, message_id: int) -> str:
    """A token that says: this user asked to load the remote images of this message."""
    return signing.dumps([user_id, message_id], salt=_SALT + ".consent")


def has_consent(token: str, user_id: int, message_id: int) -> bool:
    """Whether the token was made for this user and message within the hour."""
    try:
        found = signing.loads(token, salt=_SALT + ".consent", max_age=LIFETIME)
    except signing.BadSignature:
        return False
    return bool(found == [user_id, message_id])
