"""What is wrong with a filter somebody wants, in words for each place of the form."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Domain, User
from filtering import questions
from filtering.actions import OF_DOMAINS, ROLES, Action, Do
from filtering.conditions import BARE, OPERATORS, Condition, Field, Op
from filtering.patterns import MAX_LENGTH, PatternRefused, finder
from mailstore.models import Folder, FolderRole, Label, Source
from mailstore.text import one_line

MAX_NAME = 120
MAX_CONDITIONS = 30
MAX_ACTIONS = 15
MAX_FORWARDS = 3
MAX_WORDS = 200
MAX_TEXT = 500
#: Characters of all conditions of a filter as its row keeps them: they are read for every batch of
#: mail that comes in.
MAX_SIZE = 20_000
#: Regular expressions of all filters of one owner together: each may cost a third of a second for
#: a message that was made for it.
MAX_PATTERNS = 50
#: Nothing is moved there: what lies in these has a row of its own beside it.
CLOSED = (FolderRole.DRAFTS, FolderRole.SNOOZED)

Owner = User | Domain
_HEADER_NAME = re.compile(r"[!-9;-~]{1,100}")
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[^\s@<>()\[\]\\,;:\"]{1,253}")
_NUMBERS = (Op.OVER, Op.UNDER, Op.OLDER, Op.NEWER)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter as somebody wants it."""

    name: str
    conditions: Sequence[Condition]
    actions: Sequence[Action]
    is_any: bool = False
    is_on: bool = True


class FilterRefused(Exception):
    """A filter cannot be saved. ``errors`` are sentences by what they are about: "name",
    "conditions", "conditions.0" (its place), "actions", "actions.1"; fit to be shown."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


class _Wrong(Exception):
    """One sentence about one condition or action."""


def check(owner: Owner, wanted: Wanted) -> None:
    """Raise FilterRefused unless the filter can be saved as it is."""
    errors: dict[str, str] = {}
    name = one_line(wanted.name, MAX_NAME + 1)
    if not name:
        errors["name"] = _("Please give the filter a name.")
    elif len(name) > MAX_NAME:
        errors["name"] = _("The name can have at most %d characters.") % MAX_NAME
    errors |= _conditions(owner, wanted.conditions) | _actions(owner, wanted.actions)
    if errors:
        raise FilterRefused(errors)


def _conditions(owner: Owner, conditions: Sequence[Condition]) -> dict[str, str]:
    if not conditions:
        return {"conditions": _("Add at least one condition.")}
    if len(conditions) > MAX_CONDITIONS:
        sentence = ngettext(
            "A filter can have at most %d condition.",
            "A filter can have at most %d conditions.",
            MAX_CONDITIONS,
        )
        return {"conditions": sentence % MAX_CONDITIONS}
    errors: dict[str, str] = {}
    for place, one in enumerate(conditions):
        try:
            _condition(owner, one)
        except _Wrong as wrong:
            errors[f"conditions.{place}"] = str(wrong)
    if not errors and len(json.dumps([one.as_row for one in conditions])) > MAX_SIZE:
        return {"conditions": _("This filter is too long. Make several of it.")}
    return errors


def patterns(conditions: Sequence[Condition]) -> int:
    """How many regular expressions there are in conditions."""
    return sum(one.op == Op.MATCHES for one in conditions)


def _condition(owner: Owner, one: Condition) -> None:
    if one.op not in OPERATORS[one.field]:
        raise _Wrong(_("This comparison does not go with what is compared."))
    if one.field == Field.HEADER and not _HEADER_NAME.fullmatch(one.name):
        raise _Wrong(_("Enter the name of a header field, such as X-Priority."))
    if one.op in BARE:
        return
    if one.field == Field.ACCOUNT:
        _account(owner, one)
    elif one.op in _NUMBERS:
        _number(one)
    elif one.op == Op.BETWEEN:
        _days(one)
    elif one.op == Op.MATCHES:
        _pattern(one)
    else:
        _words(one)
    try:
        questions.question(one)
    except (ValueError, TypeError) as error:
        raise _Wrong(_("This condition is not complete.")) from error


def _account(owner: Owner, one: Condition) -> None:
    if isinstance(owner, Domain):
        raise _Wrong(_("A filter for the whole domain cannot ask for somebody's account."))
    wanted = set(one.value if isinstance(one.value, tuple) else (one.value,))
    if not wanted or not all(type(key) is int for key in wanted):
        raise _Wrong(_("Choose an account."))
    keys = [key for key in wanted if isinstance(key, int)]
    if Source.objects.filter(user=owner, pk__in=keys).count() != len(wanted):
        raise _Wrong(_("This account is not there any more. Choose another."))


def _number(one: Condition) -> None:
    value = one.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Wrong(_("Enter a number."))
    least = -1000.0 if one.field == Field.SPAM_SCORE else 0.0
    most = 36500.0 if one.field == Field.DATE else float(2**50)
    if not least <= value <= most:
        raise _Wrong(_("This number is too small or too large."))


def _days(one: Condition) -> None:
    value = one.value if isinstance(one.value, tuple) else ()
    try:
        first, last = (date.fromisoformat(str(day)) for day in value)
    except ValueError as error:
        raise _Wrong(_("Enter the first and the last day.")) from error
    if last < first:
        raise _Wrong(_("The last day is before the first."))


def _pattern(one: Condition) -> None:
    _storable(str(one.value))
    try:
        finder(str(one.value))
    except PatternRefused as refused:
        raise _Wrong(_refusals(refused)) from refused


def _refusals(refused: PatternRefused) -> str:
    words = {
        "empty": _("Enter what to look for."),
        "long": _("A regular expression can have at most %d characters.") % MAX_LENGTH,
        "large": _("This regular expression repeats too much. Use smaller numbers."),
    }
    sentence = _(
        "This regular expression cannot be used: %(reason)s. Looking ahead or back (?=…) and "
        "repeating what was found (\\1) do not exist here."
    )
    return words.get(refused.cause) or sentence % {"reason": refused.detail}


def _words(one: Condition) -> None:
    words = one.value if isinstance(one.value, tuple) else (one.value,)
    found = [word for word in words if isinstance(word, str) and word.strip()]
    if not found or len(found) != len(words):
        raise _Wrong(_("Enter what to look for."))
    if len(found) > MAX_WORDS or any(len(word) > MAX_TEXT for word in found):
        raise _Wrong(_("This is too long."))
    _storable(*found)


def _storable(*texts: str) -> None:
    """Refuse what no database keeps as text, as pasted scripts may hold it."""
    if any("\0" in text or not _is_whole(text) for text in texts):
        raise _Wrong(_("There are characters in it that no mail has."))


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _actions(owner: Owner, actions: Sequence[Action]) -> dict[str, str]:
    if not actions:
        return {"actions": _("Choose what to do with these messages.")}
    if len(actions) > MAX_ACTIONS:
        return {"actions": _("A filter can do at most %d things.") % MAX_ACTIONS}
    errors: dict[str, str] = {}
    placed = forwards = 0
    for place, one in enumerate(actions):
        placed += one.do in (Do.MOVE, Do.DELETE, Do.KEEP)
        forwards += one.do == Do.FORWARD
        try:
            _action(owner, one)
            if placed > 1 and one.do in (Do.MOVE, Do.DELETE, Do.KEEP):
                raise _Wrong(_("A message can lie in one place only: move, delete or keep it."))
            if forwards > MAX_FORWARDS and one.do == Do.FORWARD:
                raise _Wrong(_("A filter can forward to at most %d addresses.") % MAX_FORWARDS)
        except _Wrong as wrong:
            errors[f"actions.{place}"] = str(wrong)
    return errors


def _action(owner: Owner, one: Action) -> None:
    if isinstance(owner, Domain):
        _of_domain(one)
    elif one.do in (Do.MOVE, Do.COPY):
        _folder(owner, one)
    elif one.do == Do.LABEL:
        if not (
            isinstance(one.target, int) and Label.objects.filter(user=owner, pk=one.target).exists()
        ):
            if not one.target:
                raise _Wrong(_("Choose a label."))
            raise _Wrong(_("This label is not there any more. Choose another."))
    elif one.do == Do.FORWARD:
        _forward(owner, str(one.target))


def _of_domain(one: Action) -> None:
    if one.do not in OF_DOMAINS:
        raise _Wrong(_("A filter for the whole domain cannot forward mail: others would read it."))
    if one.do in (Do.MOVE, Do.COPY) and one.target not in ROLES:
        raise _Wrong(_("Choose a folder that everybody has."))
    if one.do == Do.LABEL and not (isinstance(one.target, str) and one_line(one.target, 60)):
        raise _Wrong(_("Enter the name of a label."))


def _folder(owner: User, one: Action) -> None:
    mine = Folder.objects.filter(user=owner)
    found = mine.filter(pk=one.target).first() if isinstance(one.target, int) else None
    if found is None:
        if not one.target:
            raise _Wrong(_("Choose a folder."))
        raise _Wrong(_("This folder is not there any more. Choose another."))
    if found.role in CLOSED:
        raise _Wrong(_("Nothing can be moved to “%s”. Choose another folder.") % found.label)


def _forward(owner: User, address: str) -> None:
    _storable(address)
    if not _ADDRESS.fullmatch(address) or len(address) > 320:
        raise _Wrong(_("“%s” is not a mail address.") % address[:100])
    if address.casefold() == owner.email.casefold():
        raise _Wrong(_("This is your own address: the mail is here already."))
