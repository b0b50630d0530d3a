"""Where in messages the words stand that were searched for."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.safestring import SafeString

from accounts.models import User
from mailstore.highlight import passage
from mailstore.index_text import index_text
from mailstore.models import Message
from mailstore.query import Term
from mailstore.services import blobs

#: Larger messages are not read for this, in bytes.
MAX_READ = 4 * 1024 * 1024


def of(user: User, ids: Sequence[int], terms: Sequence[Term]) -> dict[int, SafeString]:
    """The words around the first hit in the text of each message, as HTML with marks. Messages
    that are somebody else's, unreadable, or without a hit in their text are left out."""
    rows = Message.objects.filter(user=user, pk__in=ids, size__lte=MAX_READ)
    found: dict[int, SafeString] = {}
    for message in rows.select_related("blob__segment") if terms else ():
        try:
            text = index_text(blobs.read(message.blob)).body
        except blobs.BlobUnreadable:
            continue
        if said := passage(text, terms):
            found[message.pk] = said
    return found
