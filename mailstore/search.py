"""Search: from what a person typed to their messages, and from messages to the index."""

from collections.abc import Sequence
from typing import Final

from django.db import connection
from django.db.models import BooleanField, Case, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import User
from mailstore import facts, index, paging, query_text, tokens
from mailstore.index_text import IndexText
from mailstore.index_words import Entry
from mailstore.listing import PAGE, Cursor
from mailstore.models import Folder, Message
from mailstore.order import ORDERS, Sort
from mailstore.paging import Page
from mailstore.query import Both, Either, Fact, Node, Not, Query, Term

MAX_BODY_WORDS = 20_000
MAX_FIELD_WORDS = 1_000
MAX_NUMBERS = 500
#: So few hits are looked up one by one and sorted; of more, lists are walked through newest
#: first, keeping those that are hits.
FEW: Final = 1_000


def search(
    user: User,
    typed: str,
    *,
    folder: Folder | None = None,
    before: Cursor | None = None,
    limit: int = PAGE,
) -> Page:
    """A page of the user's messages that match, newest first. See `query_text` for operators.

    Mail that arrived in the last seconds may not be indexed yet.
    """
    found = matching(user, understood(typed), folder=folder.pk if folder else None)
    return paging.page(found, ORDERS[Sort.NEWEST], before=before, size=limit)


def understood(typed: str) -> Query:
    """What somebody asks for, with days as they are where they live (the active time zone)."""
    zone = timezone.get_current_timezone()
    return query_text.parse(typed, zone=zone, today=timezone.localdate())


def matching(
    user: User, wanted: Query, *, folder: int | None = None, counting: bool = False
) -> QuerySet[Message]:
    """The user's messages that match, in one folder or everywhere, in no order. ``counting``: all
    of them are wanted, not the first in some order."""
    mine = Q(user=user) if folder is None else Q(user=user, folder=folder)
    if wanted.is_empty:
        return Message.objects.filter(mine)
    texts, others = _parted(wanted.node)
    found = (
        Message.objects.filter(mine)
        if texts is None
        else _hits(user, texts, mine, counting=counting)
    )
    for one in others:
        found = found.filter(_condition(user, one))
    return found


def _hits(user: User, node: Node, mine: Q, *, counting: bool) -> QuerySet[Message]:
    """The messages whose words match. Asks the index how many that are, up to `FEW`."""
    sql, parameters = index.current().matching(user.pk, node)
    if counting:
        return Message.objects.filter(mine, _among(sql, parameters))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {FEW + 1}", parameters)
        found = [row[0] for row in cursor.fetchall()]
    if len(found) <= FEW:
        return Message.objects.filter(_asked(mine), pk__in=found)
    return Message.objects.filter(mine, _asked(_among(sql, parameters)))


def _asked(condition: Q) -> Q:
    """A condition of which no planner makes the way to the rows: it would walk through a whole
    list for a few hits, or look up and sort all of many hits for the first page."""
    inside = When(condition, then=Value(True))
    return Q(Case(inside, default=Value(False), output_field=BooleanField()))


def _among(sql: str, parameters: list[str]) -> Q:
    return Q(pk__in=RawSQL(sql, parameters))  # noqa: S611 - the SQL is a constant of the index


def _parted(node: Both) -> tuple[Node | None, list[Node]]:
    """What the index answers at once, and what the rows have to be asked."""
    texts = [one for one in node.of if _is_text(one)]
    others = [one for one in node.of if not _is_text(one)]
    return (Both(tuple(texts)) if texts else None), others


def _is_text(node: Node) -> bool:
    if isinstance(node, Not):
        return _is_text(node.of)
    if isinstance(node, (Both, Either)):
        return all(_is_text(one) for one in node.of)
    return isinstance(node, Term)


def _condition(user: User, node: Node) -> Q:
    """A tree of both kinds as a condition on rows."""
    if _is_text(node):
        return _among(*index.current().matching(user.pk, node))
    if isinstance(node, Fact):
        return facts.condition(user, node)
    if isinstance(node, Not):
        return ~_condition(user, node.of)
    found = Q()
    for one in node.of if isinstance(node, (Both, Either)) else ():
        part = _condition(user, one)
        found = found | part if isinstance(node, Either) and found else found & part
    return found


def entry(message: Message, said: IndexText) -> Entry:
    """The index entry of a message."""
    fields = {
        name: tokens.tokens(getattr(said, name), MAX_FIELD_WORDS)
        for name in ("sender", "to", "cc", "subject", "files", "list", "kind")
    }
    body = tokens.tokens(said.body, MAX_BODY_WORDS)
    # At the end, so that nothing comes between words that stand side by side.
    body += tokens.numbers(said.subject, MAX_NUMBERS) + tokens.numbers(said.body, MAX_NUMBERS)
    return Entry(message.pk, message.user_id, {**fields, "body": body})


def put(entries: Sequence[Entry]) -> None:
    """Add entries to the index."""
    index.current().put(entries)


def remove(message_ids: Sequence[int]) -> None:
    """Take messages out of the index."""
    index.remove(message_ids)
