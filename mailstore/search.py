"""Search: from what a person typed to a page of messages, and from messages to the index."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import User
from mailstore import index, listing, query
from mailstore.index import Entry
from mailstore.listing import Cursor, Page
from mailstore.mime import IndexText
from mailstore.models import Folder, Message
from mailstore.query import Query
from mailstore.tokens import tokens

MAX_BODY_WORDS = 20_000
MAX_FIELD_WORDS = 1_000


def search(
    user: User,
    typed: str,
    *,
    folder: Folder | None = None,
    before: Cursor | None = None,
    limit: int = listing.PAGE,
) -> Page:
    """A page of the user's messages that match, newest first. See `query.parse` for operators.

    Mail that arrived in the last seconds may not be indexed yet.
    """
    wanted = query.parse(typed, zone=timezone.get_current_timezone())
    found = matching(user, wanted)
    if folder is not None:
        found = found.filter(folder=folder)
    return listing.cut(found.select_related("folder"), before=before, size=limit)


def matching(user: User, wanted: Query) -> QuerySet[Message]:
    """The user's messages that match, in no order."""
    found = Message.objects.filter(user=user)
    if wanted.terms or wanted.without:
        sql, parameters = index.current().matching(user.pk, wanted)
        found = found.filter(pk__in=RawSQL(sql, parameters))  # noqa: S611 - the SQL is a constant
    exact = {
        "is_seen": wanted.is_seen,
        "is_flagged": wanted.is_flagged,
        "has_attachments": wanted.has_attachments,
        "sort_at__gte": wanted.since,
        "sort_at__lt": wanted.until,
        "size__gt": wanted.size_over,
        "size__lt": wanted.size_under,
        "folder__in": _named(user, wanted.folder) if wanted.folder else None,
    }
    return found.filter(**{name: value for name, value in exact.items() if value is not None})


def _named(user: User, name: str) -> list[Folder]:
    """The folders meant by `in:`; by name or label in any case, or by special use."""
    mine = Folder.objects.filter(user=user)
    return [one for one in mine if name in (one.name.casefold(), one.label.casefold(), one.role)]


def entry(message: Message, said: IndexText) -> Entry:
    """The index entry of a message."""
    return Entry(
        message_id=message.pk,
        user_id=message.user_id,
        sender=tokens(said.sender, MAX_FIELD_WORDS),
        recipients=tokens(said.recipients, MAX_FIELD_WORDS),
        subject=tokens(said.subject, MAX_FIELD_WORDS),
        body=tokens(said.body, MAX_BODY_WORDS),
        files=tokens(said.files, MAX_FIELD_WORDS),
    )


def put(entries: Sequence[Entry]) -> None:
    """Add entries to the index."""
    index.current().put(entries)


def remove(message_ids: Sequence[int]) -> None:
    """Take messages out of the index."""
    index.remove(message_ids)
