"""What a search asks of the rows of messages, as conditions on them."""

from collections.abc import Sequence
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from mailstore.models import Folder, Label, MessageLabel, Source
from mailstore.query import Fact

T = TypeVar("T")
_FLAGS = {
    "seen": "is_seen",
    "flagged": "is_flagged",
    "answered": "is_answered",
    "forwarded": "is_forwarded",
    "draft": "is_draft",
    "attachments": "has_attachments",
}
_BOUNDS = {"since": "sort_at__gte", "until": "sort_at__lt", "over": "size__gt", "under": "size__lt"}
#: `in:` of these looks everywhere, in Junk and Deleted Items too.
ANYWHERE = ("anywhere", "all", "everywhere")
_ALSO = {"spam": "junk", "deleted": "trash", "bin": "trash"}


def condition(user: User, fact: Fact) -> Q:
    """The condition; one that nothing passes where a name is nobody's."""
    if fact.name in _FLAGS:
        return Q(**{_FLAGS[fact.name]: fact.value})
    if fact.name in _BOUNDS:
        return Q(**{_BOUNDS[fact.name]: fact.value})
    if fact.name == "muted":
        return Q(thread__muted_at__isnull=not fact.value)
    if fact.name == "labelled":
        return Q(Exists(MessageLabel.objects.filter(message=OuterRef("pk"))))
    name = str(fact.value)
    if fact.name == "folder":
        return Q() if name in ANYWHERE else Q(folder__in=[one.pk for one in folders(user, name)])
    if fact.name == "account":
        return Q(source__in=[one.pk for one in sources(user, name)])
    ids = [one.pk for one in labels(user, name)]
    return Q(Exists(MessageLabel.objects.filter(message=OuterRef("pk"), label__in=ids)))


def is_known(user: User, fact: Fact) -> bool:
    """Whether there is what a fact names."""
    name = str(fact.value)
    if fact.name == "folder":
        return name in ANYWHERE or bool(folders(user, name))
    if fact.name == "account":
        return bool(sources(user, name))
    return fact.name != "label" or bool(labels(user, name))


def folders(user: User, name: str) -> list[Folder]:
    """The folders meant by `in:`: by name or label in any case, by special use, or by path; else
    those whose names begin so."""
    mine = {one.pk: one for one in Folder.objects.filter(user=user)}
    return _meant([(one, _names(one, mine)) for one in mine.values()], _ALSO.get(name, name))


def _meant(known: Sequence[tuple[T, Sequence[str]]], name: str) -> list[T]:
    exact = [one for one, names in known if name in names]
    return exact or [one for one, names in known if any(each.startswith(name) for each in names)]


def _names(folder: Folder, mine: dict[int, Folder]) -> list[str]:
    names = [folder.name.casefold(), folder.label.casefold()]
    if above := mine.get(folder.parent_id or 0):
        names.append(f"{above.label}/{folder.label}".casefold())
    return [*names, *(one.replace(" ", "-") for one in names), folder.role]


def sources(user: User, name: str) -> list[Source]:
    """The accounts meant by `account:`: part of a name or address."""
    mine = Source.objects.filter(user=user)
    return [one for one in mine if name in one.name.casefold() or name in one.address.casefold()]


def labels(user: User, name: str) -> list[Label]:
    """The labels meant by `label:`, by name in any case; else those that begin so."""
    mine = [(one, one.name.casefold()) for one in Label.objects.filter(user=user)]
    return _meant([(one, [own, own.replace(" ", "-")]) for one, own in mine], name)
