"""Filters proposed for messages: by their senders, their mailing list or their subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from filtering.conditions import Condition, Field, Op
from filtering.services.filters import Wanted
from mailstore import headers, mime, resubject
from mailstore.models import Message
from mailstore.services import blobs
from mailstore.services.blobs import BlobUnreadable
from webmail.filter_place import Place
from webmail.forms.filters import FilterForm
from webmail.wishing import ids_of

_MOST_MESSAGES: Final = 50
_MAX_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that messages have in common, and where a filter for it is proposed."""

    by: str
    label: str
    url: str
    is_current: bool


def proposed(place: Place, asked: QueryDict) -> tuple[FilterForm, Sequence[Way]] | None:
    """A filter for the messages an address names by ``id``, and the other ways to make one; ``by``
    says which is meant. None where it names none of this person, or they have nothing to go by."""
    ids = ids_of(asked)[:_MOST_MESSAGES]
    if place.domain is not None or not ids:
        return None
    found = list(
        Message.objects.filter(user=place.actor, pk__in=ids)
        .select_related("blob__segment")
        .order_by("-sort_at")
    )
    ways = _ways(found)
    if not ways:
        return None
    by = asked.get("by", "") if asked.get("by", "") in ways else next(iter(ways))
    name, condition = ways[by]
    labels = {"list": _("Mailing list"), "sender": _("Sender"), "subject": _("Subject")}
    pairs = [("id", str(pk)) for pk in ids]
    links = [
        Way(one, labels[one], f"?{urlencode([*pairs, ('by', one)])}", one == by) for one in ways
    ]
    return FilterForm.of(Wanted(name[:_MAX_NAME], (condition,), ())), links


def _ways(found: Sequence[Message]) -> dict[str, tuple[str, Condition]]:
    """The name and the condition by each thing they have; the most telling first."""
    ways: dict[str, tuple[str, Condition]] = {}
    lists = {_list_of(one) for one in found}
    if len(lists) == 1 and (name := lists.pop()):
        ways["list"] = (name, Condition(Field.LIST, Op.IS, name))
    senders = tuple(dict.fromkeys(one.from_address for one in found if one.from_address))
    if senders:
        named = found[0].from_name or senders[0]
        ways["sender"] = (named, _is(Field.FROM, senders))
    words = ""
    if found and len({resubject.base(one.subject) for one in found}) == 1:
        words = resubject.rest(found[0].subject)
    if words:
        ways["subject"] = (words, Condition(Field.SUBJECT, Op.CONTAINS, words))
    return ways


def _is(field: Field, values: tuple[str, ...]) -> Condition:
    return (
        Condition(field, Op.IS, values[0])
        if len(values) == 1
        else Condition(field, Op.ONE_OF, values)
    )


def _list_of(message: Message) -> str:
    try:
        return mime.list_address(headers.parse(blobs.read(message.blob)))
    except BlobUnreadable:
        return ""
