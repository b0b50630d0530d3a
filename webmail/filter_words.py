"""Filters in words: what each asks of a message and does with it, as a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from filtering.actions import NAMING, Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.services.filters import Listed
from mailstore.models import FolderRole

Text = str | Promise

FIELDS: Final[Mapping[Field, Text]] = {
    Field.FROM: pgettext_lazy("filter", "Sender"),
    Field.TO: pgettext_lazy("filter", "To"),
    Field.CC: pgettext_lazy("filter", "Cc"),
    Field.TO_OR_CC: pgettext_lazy("filter", "To or Cc"),
    Field.SUBJECT: pgettext_lazy("filter", "Subject"),
    Field.HEADER: pgettext_lazy("filter", "Header field"),
    Field.BODY: pgettext_lazy("filter", "Text of the message"),
    Field.ATTACHMENT_NAME: pgettext_lazy("filter", "Name of an attachment"),
    Field.ATTACHMENT_TYPE: pgettext_lazy("filter", "Type of an attachment"),
    Field.ATTACHMENT_SIZE: pgettext_lazy("filter", "Size of an attachment"),
    Field.SIZE: pgettext_lazy("filter", "Size of the message"),
    Field.DATE: pgettext_lazy("filter", "Date of arrival"),
    Field.LIST: pgettext_lazy("filter", "Mailing list"),
    Field.ACCOUNT: pgettext_lazy("filter", "Account it came through"),
    Field.AUTH: pgettext_lazy("filter", "Proof of the sender"),
    Field.SPAM_SCORE: pgettext_lazy("filter", "Spam score"),
}
OPS: Final[Mapping[Op, Text]] = {
    Op.CONTAINS: pgettext_lazy("filter", "contains"),
    Op.LACKS: pgettext_lazy("filter", "does not contain"),
    Op.IS: pgettext_lazy("filter", "is"),
    Op.IS_NOT: pgettext_lazy("filter", "is not"),
    Op.BEGINS: pgettext_lazy("filter", "begins with"),
    Op.ENDS: pgettext_lazy("filter", "ends with"),
    Op.MATCHES: pgettext_lazy("filter", "matches (regular expression)"),
    Op.EXISTS: pgettext_lazy("filter", "is there"),
    Op.IS_MISSING: pgettext_lazy("filter", "is missing"),
    Op.OVER: pgettext_lazy("filter", "is more than"),
    Op.UNDER: pgettext_lazy("filter", "is less than"),
    Op.OLDER: pgettext_lazy("filter", "is older than"),
    Op.NEWER: pgettext_lazy("filter", "is newer than"),
    Op.BETWEEN: pgettext_lazy("filter", "is between"),
    Op.ONE_OF: pgettext_lazy("filter", "is one of"),
}
PROOFS: Final[Mapping[str, Text]] = {
    "passes": gettext_lazy("it passes: the sender is proven"),
    "fails": gettext_lazy("it fails: the sender is likely forged"),
    "unknown": gettext_lazy("nobody vouches for the sender"),
}
DOES: Final[Mapping[Do, Text]] = {
    Do.MOVE: pgettext_lazy("filter", "Move to"),
    Do.COPY: pgettext_lazy("filter", "Copy to"),
    Do.LABEL: pgettext_lazy("filter", "Label"),
    Do.STAR: pgettext_lazy("filter", "Star"),
    Do.READ: pgettext_lazy("filter", "Mark read"),
    Do.FORWARD: pgettext_lazy("filter", "Forward to"),
    Do.DELETE: pgettext_lazy("filter", "Delete (to Deleted Items)"),
    Do.KEEP: pgettext_lazy("filter", "Keep in Inbox"),
    Do.NEVER_JUNK: pgettext_lazy("filter", "Never junk"),
    Do.STOP: pgettext_lazy("filter", "Stop: no further filters"),
}
_DONE: Final[Mapping[Do, Text]] = {
    Do.MOVE: gettext_lazy("move it to %s"),
    Do.COPY: gettext_lazy("copy it to %s"),
    Do.LABEL: gettext_lazy("label it %s"),
    Do.STAR: gettext_lazy("star it"),
    Do.READ: gettext_lazy("mark it read"),
    Do.FORWARD: gettext_lazy("forward it to %s"),
    Do.DELETE: gettext_lazy("delete it"),
    Do.KEEP: gettext_lazy("keep it in the Inbox"),
    Do.NEVER_JUNK: gettext_lazy("never take it for junk"),
    Do.STOP: gettext_lazy("stop there"),
}
_ASKED: Final[Mapping[Field, Text]] = {
    Field.FROM: gettext_lazy("the sender"),
    Field.TO: gettext_lazy("“To”"),
    Field.CC: gettext_lazy("“Cc”"),
    Field.TO_OR_CC: gettext_lazy("“To” or “Cc”"),
    Field.SUBJECT: gettext_lazy("the subject"),
    Field.BODY: gettext_lazy("the text"),
    Field.ATTACHMENT_NAME: gettext_lazy("the name of an attachment"),
    Field.ATTACHMENT_TYPE: gettext_lazy("the type of an attachment"),
    Field.ATTACHMENT_SIZE: gettext_lazy("an attachment"),
    Field.SIZE: gettext_lazy("the message"),
    Field.DATE: gettext_lazy("the message"),
    Field.LIST: gettext_lazy("the mailing list"),
    Field.ACCOUNT: gettext_lazy("the account"),
    Field.SPAM_SCORE: gettext_lazy("the spam score"),
}
_SAID: Final[Mapping[Op, Text]] = {
    Op.CONTAINS: gettext_lazy("%(what)s contains %(value)s"),
    Op.LACKS: gettext_lazy("%(what)s does not contain %(value)s"),
    Op.IS: gettext_lazy("%(what)s is %(value)s"),
    Op.IS_NOT: gettext_lazy("%(what)s is not %(value)s"),
    Op.BEGINS: gettext_lazy("%(what)s begins with %(value)s"),
    Op.ENDS: gettext_lazy("%(what)s ends with %(value)s"),
    Op.MATCHES: gettext_lazy("%(what)s matches %(value)s"),
    Op.EXISTS: gettext_lazy("%(what)s is there"),
    Op.IS_MISSING: gettext_lazy("%(what)s is missing"),
    Op.OLDER: gettext_lazy("%(what)s is older than %(value)s"),
    Op.NEWER: gettext_lazy("%(what)s is newer than %(value)s"),
    Op.BETWEEN: gettext_lazy("%(what)s arrived between %(value)s"),
    Op.ONE_OF: gettext_lazy("%(what)s is one of %(value)s"),
}
_SIZES: Final = (Field.SIZE, Field.ATTACHMENT_SIZE)
#: What a domain's filter calls the folders everybody has.
PLACES: Final[Mapping[str, Text]] = {
    role: FolderRole(role).label for role in ("inbox", "archive", "junk", "trash")
}
#: Of a long list or text, so much is said.
_MOST_SAID: Final = 60
_MOST_NAMED: Final = 100


def sentence(one: Listed) -> str:
    """A filter in one sentence: "If the sender is …, move it to …."."""
    return told(one.conditions, one.actions, is_any=one.filter.match == "any", names=one.names)


def told(
    conditions: Iterable[Condition],
    actions: Iterable[Action],
    *,
    is_any: bool,
    names: Mapping[str, str],
) -> str:
    """The same of conditions and actions; ``names``: see `Listed.names`."""
    asked = [condition(one, names) for one in conditions]
    done = [action(one, names) for one in actions]
    between = pgettext("between conditions", " or ") if is_any else pgettext("conditions", " and ")
    values = {"asked": between.join(asked) or "…", "done": listed(done) or "…"}
    return _("If %(asked)s: %(done)s.") % values


def name_of(conditions: Sequence[Condition], names: Mapping[str, str]) -> str:
    """What a filter without a name is called: by what it looks for first."""
    if not conditions:
        return _("Filter")
    said = condition(conditions[0], names)[:_MOST_NAMED]
    return said[:1].upper() + said[1:] + (" …" if len(conditions) > 1 else "")


def listed(words: list[str]) -> str:
    """Several things in a row."""
    if len(words) < 2:
        return "".join(words)
    values = {"some": ", ".join(words[:-1]), "last": words[-1]}
    return pgettext("a row of things", "%(some)s and %(last)s") % values


def condition(one: Condition, names: Mapping[str, str]) -> str:
    """What one condition asks."""
    if one.field == Field.AUTH:
        return _proof(one)
    if one.op in (Op.OVER, Op.UNDER):
        return _compared(one)
    what = _("the header field %s") % one.name if one.field == Field.HEADER else _ASKED[one.field]
    return str(_SAID[one.op]) % {"what": what, "value": _value(one, names)}


def _proof(one: Condition) -> str:
    words = {
        ("passes", True): _("the sender is proven"),
        ("passes", False): _("the sender is not proven"),
        ("fails", True): _("the sender is likely forged"),
        ("fails", False): _("the sender is not known to be forged"),
        ("unknown", True): _("nobody vouches for the sender"),
        ("unknown", False): _("the sender is either proven or forged"),
    }
    return words.get((str(one.value), one.op == Op.IS), "…")


def _compared(one: Condition) -> str:
    is_over = one.op == Op.OVER
    if one.field in _SIZES:
        said = _("%(what)s is larger than %(value)s"), _("%(what)s is smaller than %(value)s")
        value = filesizeformat(_number(one))
    else:
        said = _("%(what)s is over %(value)s"), _("%(what)s is under %(value)s")
        value = number_format(_number(one))
    return said[0 if is_over else 1] % {"what": _ASKED[one.field], "value": value}


def _number(one: Condition) -> float:
    return one.value if isinstance(one.value, (int, float)) else 0


def _value(one: Condition, names: Mapping[str, str]) -> str:
    several = one.value if isinstance(one.value, tuple) else (one.value,)
    if one.field == Field.ACCOUNT:
        gone = _("an account that is gone")
        return listed([quoted(names[key]) if (key := f"source:{pk}") in names else gone
                       for pk in several])  # fmt: skip
    if one.op in (Op.OLDER, Op.NEWER):
        days = int(_number(one))
        return ngettext("%d day", "%d days", days) % days
    if one.op == Op.BETWEEN:
        return _(" and ").join(_day(str(day)) for day in several)
    return listed([quoted(str(word)) for word in several[:5]] + ["…"] * (len(several) > 5))


def _day(text: str) -> str:
    try:
        return date_format(date.fromisoformat(text), "SHORT_DATE_FORMAT")
    except ValueError:
        return "…"


def quoted(words: str) -> str:
    """In quotation marks, shortened where it is long."""
    short = words if len(words) <= _MOST_SAID else words[: _MOST_SAID - 1] + "…"
    return _("“%s”") % short


def action(one: Action, names: Mapping[str, str]) -> str:
    """What one action does."""
    words = str(_DONE[one.do])
    return words % _target(one, names) if one.do in NAMING else words


def _target(one: Action, names: Mapping[str, str]) -> str:
    if one.do == Do.FORWARD or (one.do == Do.LABEL and isinstance(one.target, str)):
        return quoted(str(one.target))
    if one.do == Do.LABEL:
        name = names.get(f"label:{one.target}")
        return quoted(name) if name else _("a label that is gone")
    if isinstance(one.target, str):
        return quoted(str(PLACES.get(one.target, one.target)))
    name = names.get(f"folder:{one.target}")
    return quoted(name) if name else _("a folder that is gone")
