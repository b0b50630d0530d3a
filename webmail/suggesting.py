"""What may be meant while something is typed into the search box."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mailstore.models import Folder, Label, Source
from mailstore.query_text import HAS, IS, OPERATORS
from mailstore.services import saved
from smtp_accounts.services import correspondents

MAX_SHOWN: Final = 8
_HINTS: Final[dict[str, str | Promise]] = {
    "from": _("Who wrote it"),
    "to": _("Who it was sent to"),
    "cc": _("Who got a copy"),
    "subject": _("Words of the subject"),
    "has": _("What is attached"),
    "is": _("Read, starred, answered"),
    "in": _("A folder"),
    "account": _("The account it came from"),
    "label": _("A label"),
    "filename": _("The name of a file"),
    "list": _("A mailing list"),
    "before": _("A day, a month or a year"),
    "after": _("A day, a month or a year"),
    "on": _("A day, a month or a year"),
    "older_than": _("7d, 2w, 3m, 1y"),
    "newer_than": _("7d, 2w, 3m, 1y"),
    "larger": _("500k, 10M"),
    "smaller": _("500k, 10M"),
}
_DATES: Final = ("today", "yesterday")
#: Spellings that say the same as another one that is offered.
_SAME: Final = frozenset(
    ("attachments", "images", "picture", "pictures", "photo", "photos", "documents", "sheet",
     "slides", "videos", "film", "sound", "music", "zip", "event", "calendar", "vcard", "list",
     "flagged", "replied")
)  # fmt: skip


@dataclass(frozen=True)
class Suggestion:
    """A text to stand in the place of the word being typed. `kind` is the name of an icon;
    `goes_on` where a value is still to be typed."""

    text: str
    label: str
    hint: str = ""
    kind: str = "search"
    goes_on: bool = False


def suggest(user: User, word: str) -> list[dict[str, object]]:
    """What the last word of a search may become. Empty for no word."""
    minus = "-" if word.startswith("-") else ""
    name, colon, value = word.removeprefix("-").partition(":")
    name, value = name.lower(), value.strip('"').casefold()
    found = _values(user, name, value) if colon else _begun(user, name)
    return [asdict(one) | {"text": minus + one.text} for one in islice(found, MAX_SHOWN) if word]


def _begun(user: User, typed: str) -> Iterator[Suggestion]:
    """Operators that begin so, saved searches and people."""
    for name in OPERATORS:
        if name.startswith(typed):
            yield Suggestion(f"{name}:", f"{name}:", str(_HINTS[name]), "filter", goes_on=True)
    if len(typed) > 1:
        for one in saved.of(user):
            if typed in one.name.casefold():
                yield Suggestion(one.query, one.name, one.query, "search")
        yield from _people(user, "from", typed)


def _values(user: User, name: str, value: str) -> Iterator[Suggestion]:
    """What may follow an operator."""
    if name in ("from", "to", "cc"):
        return _people(user, name, value)
    if name in _NAMES:
        return (one for one in _NAMES[name](user) if value in f"{one.label} {one.hint}".casefold())
    known: dict[str, Iterable[str]] = {
        "is": IS,
        "has": HAS,
        "before": _DATES,
        "after": _DATES,
        "on": _DATES,
    }
    return (
        Suggestion(f"{name}:{one}", f"{name}:{one}", kind="filter")
        for one in known.get(name, ())
        if one.startswith(value) and one not in _SAME
    )


def _folders(user: User) -> Iterator[Suggestion]:
    for one in Folder.objects.filter(user=user).order_by("name"):
        yield _named("in", one.label, "folder")
    yield Suggestion("in:anywhere", "in:anywhere", str(_("Also Junk and Deleted Items")))


def _labels(user: User) -> Iterator[Suggestion]:
    for one in Label.objects.filter(user=user).order_by("name"):
        yield _named("label", one.name, "tag")


def _accounts(user: User) -> Iterator[Suggestion]:
    for one in Source.objects.filter(user=user).order_by("name"):
        yield _named("account", one.name, "mail", one.address)


_NAMES: Final = {"in": _folders, "label": _labels, "account": _accounts}


def _people(user: User, name: str, value: str) -> Iterator[Suggestion]:
    for one in correspondents.suggest(user, value, limit=MAX_SHOWN):
        shown = one.name or one.address
        yield Suggestion(f"{name}:{one.address}", shown, one.address if one.name else "", "user")


def _named(operator: str, name: str, kind: str, hint: str = "") -> Suggestion:
    bare = name.replace('"', "")
    text = f'{operator}:"{bare}"' if " " in bare else f"{operator}:{bare}"
    return Suggestion(text, name, hint, kind)
