"""Why is it here? Which filter, sender or score put a message where it is, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from filtering.models import DecisionKind
from filtering.services import why
from filtering.services.why import Told
from filtering.verdict import Reason
from filtering.whys import SenderHit
from mailstore.models import FolderRole, Message
from webmail.filter_words import listed, quoted

#: What was found, in words; "%s" is its detail where it has one.
REASONS: Final[dict[str, str | Promise]] = {
    "learned": gettext_lazy("Compared with what you called junk and not junk: %s %% like junk"),
    "learned-here": gettext_lazy("Compared with what others here called junk: %s %% like junk"),
    "proven": gettext_lazy("The sender is proven"),
    "forged": gettext_lazy("The sender is not who it claims to be"),
    "allowed": gettext_lazy("You let this sender through, but it is not proven who wrote this"),
    "x-spam-flag": gettext_lazy("The provider it came through calls it spam"),
    "x-forefront": gettext_lazy("The provider it came through (Microsoft) calls it spam"),
    "x-spam-status": gettext_lazy("The provider it came through gave it points"),
    "scl": gettext_lazy("The provider it came through (Microsoft) gave it the level %s"),
}
_SCORER: Final = "scorer-"


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that was decided or found, its points in words, and where it is changed."""

    words: str
    points: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """The sentence about a message and what unfolds under it. An empty sentence: nothing was done
    to it. ``url`` is where this is changed, ``tone`` "" or "warn"; ``offer`` is the action that
    says otherwise: "junk", "not-junk" or ""."""

    words: str
    details: tuple[Detail, ...]
    url: str = ""
    tone: str = ""
    offer: str = ""


def context(message: Message) -> dict[str, Any]:
    """For `_why_here.html`: one query for a message nothing was decided about."""
    told = why.of(message)
    return {"here": here(told, message.folder.role) if told else None}


def here(told: Told, role: str) -> Here:
    """A decision in words; ``role`` is that of the folder the message lies in now."""
    is_spam = told.kind == DecisionKind.SPAM
    return Here(
        words=_words(told),
        details=tuple(_details(told)),
        url=_change(told),
        tone="warn" if told.kind == DecisionKind.VIRUS else "",
        offer="not-junk" if role == FolderRole.JUNK else "junk" if is_spam else "",
    )


def _words(told: Told) -> str:
    said = told.why
    if told.kind == DecisionKind.VIRUS:
        return _("A virus was found in it: %s. It lies in Junk for that reason.") % said.virus
    if told.kind == DecisionKind.PERSON:
        return _("You decided about this message yourself.")
    if told.kind == DecisionKind.SENDER and said.sender is not None:
        return _sender(said.sender)
    if told.kind == DecisionKind.FILTER and said.filters:
        names = listed([quoted(one.name) for one in said.filters])
        sentence = ngettext(
            "Sorted by the filter %s.", "Sorted by the filters %s.", len(said.filters)
        )
        return sentence % names
    if told.kind == DecisionKind.SPAM and _is_spam(told):
        return _("Judged as junk.")
    return ""


def _is_spam(told: Told) -> bool:
    score, threshold = told.why.score, told.why.threshold
    return score is not None and threshold is not None and score >= threshold


def _sender(rule: SenderHit) -> str:
    named = {"sender": rule.sender.removeprefix("@")}
    if rule.is_allowed:
        if rule.is_domain:
            return _("Mail from %(sender)s is always let through here.") % named
        return _("You always let mail from %(sender)s through.") % named
    if rule.is_domain:
        return _("Mail from %(sender)s is blocked here.") % named
    return _("You blocked mail from %(sender)s.") % named


def _details(told: Told) -> Iterator[Detail]:
    said = told.why
    for one in said.filters:
        name = {"name": one.name}
        if one.is_domain:
            yield Detail(_("It met the filter “%(name)s” of your domain.") % name)
        elif one.id in told.filters_left:
            words = _("It met your filter “%(name)s”.") % name
            yield Detail(words, url=reverse("filters-edit", args=[one.id]))
        else:
            yield Detail(_("It met your filter “%(name)s”, which is deleted by now.") % name)
    if said.sender is not None:
        yield Detail(_sender(said.sender))
    if said.score is not None and said.threshold is not None:
        values = {"score": _figure(said.score), "threshold": _figure(said.threshold)}
        yield Detail(_("Spam score: %(score)s. From %(threshold)s on it is junk.") % values)
    yield from (Detail(reason(one), _points(one)) for one in said.reasons)


def reason(one: Reason) -> str:
    """One reason of a score, in words."""
    if one.name.startswith(_SCORER):
        name = {"name": one.name.removeprefix(_SCORER), "detail": one.detail}
        if one.detail:
            return _("The spam filter %(name)s says: %(detail)s") % name
        return _("The spam filter %(name)s judged it") % name
    words = str(REASONS.get(one.name, one.name))
    return words % one.detail if "%s" in words else words


def _points(one: Reason) -> str:
    figure = _figure(one.points)
    return f"+{figure}" if one.points > 0 else figure.replace("-", "\u2212")


def _figure(number: float) -> str:
    return str(number_format(round(number, 1)))


def _change(told: Told) -> str:
    """Where this is changed: the filter that is the first of them and one's own, or the settings
    of junk mail."""
    if told.kind == DecisionKind.FILTER:
        own = [one.id for one in told.why.filters if one.id in told.filters_left]
        return reverse("filters-edit", args=[own[0]]) if own else ""
    if told.kind == DecisionKind.SENDER:
        return reverse("settings-junk") + "#senders"
    return reverse("settings-junk") if told.kind == DecisionKind.SPAM else ""
