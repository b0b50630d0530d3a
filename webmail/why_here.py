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

from accounts.models import User
from filtering.models import DecisionKind, SpamAction
from filtering.services import policies, why
from filtering.services.why import Told
from filtering.verdict import Reason
from filtering.whys import FilterHit, SenderHit
from mailstore.models import FolderRole, Message
from webmail import why_forwarded, why_undecided
from webmail.filter_words import listed, quoted
from webmail.why_detail import Detail

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
class Where:
    """Where a message lies now, and who looks at it. ``action`` is what becomes of this person's
    junk mail, a `SpamAction`."""

    role: str
    message_id: int = 0
    action: str = SpamAction.JUNK
    is_admin: bool = False


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


def context(user: User, message: Message) -> dict[str, Any]:
    """For `_why_here.html`: one query for a message nothing was decided about, and None: what there
    is to say of it is found out when somebody asks (`unfolded`)."""
    told = why.of(message)
    return {"here": _of(user, message, told) if told is not None else None}


def unfolded(user: User, message: Message) -> dict[str, Any]:
    """The same for who asks, whether something was decided or not."""
    found: dict[str, Any] = context(user, message)
    if found["here"] is None:
        found["here"] = Here("", why_undecided.details(user, message))
    return {**found, "is_unfolded": True}


def _of(user: User, message: Message, told: Told) -> Here:
    role, action = message.folder.role, str(SpamAction.JUNK)
    if role != FolderRole.JUNK and _is_spam(told):
        action = policies.of([user])[user.pk].action
    return here(told, Where(role, message.pk, action, user.is_domain_admin))


def here(told: Told, where: Where) -> Here:
    """A decision in words."""
    is_virus = told.kind == DecisionKind.VIRUS
    refused = why_forwarded.summary(told)
    said = _words(told, where)
    is_marked = said and _is_marked(told, where)
    return Here(
        words=f"{said} {refused}".strip(),
        details=tuple(_details(told, where)),
        url=_change(told, where),
        tone="warn" if is_virus or refused or is_marked else "",
        offer=_offer(told, where.role),
    )


def _offer(told: Told, role: str) -> str:
    if told.kind == DecisionKind.VIRUS:
        return ""
    if role == FolderRole.JUNK:
        return "not-junk"
    return "junk" if told.kind == DecisionKind.SPAM else ""


def _is_marked(told: Told, where: Where) -> bool:
    """Whether it is junk that was left where it came in, with a warning."""
    is_left = where.role != FolderRole.JUNK and where.action == SpamAction.MARK
    return is_left and told.kind == DecisionKind.SPAM and _is_spam(told)


def _words(told: Told, where: Where) -> str:
    said = told.why
    if told.kind == DecisionKind.VIRUS:
        found = _("A virus was found in it: %s. Do not open what is attached.")
        return found % said.virus
    if told.kind == DecisionKind.PERSON:
        return _("You decided about this message yourself.")
    if told.kind == DecisionKind.SENDER and said.sender is not None:
        return _sender(said.sender)
    if told.kind == DecisionKind.FILTER and said.filters:
        names = listed([quoted(one.name) for one in said.filters])
        sentence = ngettext(
            "Handled by the filter %s.", "Handled by the filters %s.", len(said.filters)
        )
        return sentence % names
    if told.kind == DecisionKind.SPAM:
        return _judged(told, where)
    return ""


def _judged(told: Told, where: Where) -> str:
    is_there = where.role == FolderRole.JUNK
    if not _is_spam(told):
        return _("Moved to Junk later: it was not judged as junk.") if is_there else ""
    if is_there:
        return _("Judged as junk.")
    return {
        SpamAction.MARK: _("Judged as junk, and left here, as your settings say."),
        SpamAction.NONE: "",
    }.get(SpamAction(where.action), _("Judged as junk, and moved here since."))


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


def _details(told: Told, where: Where) -> Iterator[Detail]:
    said = told.why
    for one in said.filters:
        yield _filter(one, told, where)
    for fate in why_forwarded.fates(told, where.message_id):
        yield Detail(fate.words, url=fate.url, link=fate.link, is_wrong=fate.is_refused)
    if said.sender is not None:
        yield Detail(_sender(said.sender))
        if said.sender.is_domain:
            yield Detail(_("Your domain says so. What you say about this sender goes before it."))
    if said.virus:
        yield Detail(_("It was put into Junk when it came in, whatever filters say."))
    if said.score is not None and said.threshold is not None:
        values = {"score": _figure(said.score), "threshold": _figure(said.threshold)}
        yield Detail(_("Spam score: %(score)s. From %(threshold)s on it is junk.") % values)
    yield from (Detail(reason(one), _points(one)) for one in said.reasons)


def _filter(one: FilterHit, told: Told, where: Where) -> Detail:
    name = {"name": one.name}
    link = _("Change this filter")
    if one.is_domain:
        if where.is_admin:
            words = _("It met the filter “%(name)s” of your domain.") % name
            # The list also tells where it is gone by now.
            return Detail(words, url=f"{reverse('domain-filters')}#filter-{one.id}", link=link)
        words = _("It met the filter “%(name)s” of your domain. Its administrators can change it.")
        return Detail(words % name)
    if one.id in told.filters_left:
        words = _("It met your filter “%(name)s”.") % name
        return Detail(words, url=reverse("filters-edit", args=[one.id]), link=link)
    return Detail(_("It met your filter “%(name)s”, which is deleted by now.") % name)


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


def _change(told: Told, where: Where) -> str:
    """Where this is changed: the filter that alone did it, the list of several or of a domain's
    for who looks after it, or the very setting of junk mail."""
    if told.kind == DecisionKind.FILTER:
        own = [one.id for one in told.why.filters if one.id in told.filters_left]
        if len(own) == 1:
            return reverse("filters-edit", args=own)
        return reverse("filters") if own else ""
    if told.kind == DecisionKind.SENDER:
        return reverse("settings-junk") + "#senders"
    if told.kind != DecisionKind.SPAM:
        return ""
    # From how many points on it is junk; for what was left all the same, what happens to junk.
    is_left = where.role != FolderRole.JUNK and _is_spam(told)
    return reverse("settings-junk") + ("#id_action" if is_left else "#id_threshold")
