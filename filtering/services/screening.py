"""What becomes of messages that come in: viruses, senders, filters, spam, in this order.

Whatever goes wrong here, mail is delivered as it was asked for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from accounts.models import User
from accounts.zones import zone_of
from filtering import rules
from filtering.actions import Action, Do
from filtering.facts import Facts
from filtering.models import DecisionKind, SenderRule, SpamAction
from filtering.rules import Outcome, Rule
from filtering.screen import Screen
from filtering.services import active, policies, proving, senders, spam, viruses
from filtering.services.decided import Decided
from filtering.services.policies import Policy
from filtering.services.proving import UNPROVEN, Doubted, Proof
from filtering.services.senders import Book
from filtering.services.spam import Suspect
from filtering.verdict import CLEAN, Verdict
from filtering.whys import FilterHit, SenderHit, Why
from mailstore.mime import Summary
from mailstore.models import Folder, FolderRole, Source
from mailstore.services import folders
from mailstore.verdict import FAILS, PASSES

log = logging.getLogger(__name__)

#: Seconds of processor time that all filters together may take for a batch of somebody's mail: what
#: is not asked by then is delivered without, so that nobody's expressions hold up others' mail.
BUDGET = 30.0


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message that comes in. ``read`` gives its bytes, or the beginning of a large one;
    ``pieces`` all of them, in order; ``host`` is the server it was fetched from."""

    user_id: int
    folder: Folder
    said: Summary
    read: Callable[[], bytes]
    sha256: bytes
    size: int
    arrived_at: datetime
    source: Source | None = None
    screen: Screen = Screen.NOTHING
    pieces: Callable[[], Iterable[bytes]] = tuple
    host: str = ""


@dataclass(slots=True)
class _Person:
    """What is in force for somebody, read once for a batch."""

    user: User
    filters: Sequence[Rule]
    book: Book
    policy: Policy
    spent: float = 0.0
    _folders: dict[int | str, Folder] = field(default_factory=dict)

    def folder(self, named: int | str) -> Folder:
        """A folder by its key or its role."""
        if named not in self._folders:
            self._folders[named] = (
                Folder.objects.get(user=self.user, pk=named)
                if isinstance(named, int)
                else folders.special(self.user, named)
            )
        return self._folders[named]


@dataclass(slots=True)
class _Case:
    """A message and what is known of it by now."""

    arriving: Arriving
    sender: SenderRule | None = None
    proven: Proof = UNPROVEN
    verdict: Verdict | None = None
    virus: str = ""

    @property
    def is_blocked(self) -> bool:
        return self.sender is not None and not self.sender.is_allowed

    def proof(self) -> str:
        """As `Facts` asks for it."""
        return self.proven.state


def screen(batch: Sequence[Arriving], *, now: datetime) -> list[Decided]:
    """What is decided about each message, in order. Outside any transaction; never raises."""
    decided = [Decided(one.folder) for one in batch]
    wanted = [at for at, one in enumerate(batch) if one.screen is not Screen.NOTHING]
    if not wanted:
        return decided
    try:
        people = _people({batch[at].user_id for at in wanted})
    except Exception:  # mail comes in whatever is wrong with filters
        log.exception("filters could not be read; mail is delivered without them")
        return decided
    for user_id, person in people.items():
        places = [at for at in wanted if batch[at].user_id == user_id]
        some = _safely_screened(person, [batch[at] for at in places], now)
        for at, one in zip(places, some, strict=True):
            decided[at] = one
    return decided


def _safely_screened(person: _Person, batch: Sequence[Arriving], now: datetime) -> list[Decided]:
    """One by one where all at once fails: a message made to break this breaks nobody else's."""
    try:
        return _screened(person, batch, now)
    except Exception:  # as above
        log.exception("mail could not be screened")
    if len(batch) == 1:
        return [Decided(batch[0].folder)]
    return [decided for one in batch for decided in _safely_screened(person, [one], now)]


def _people(keys: Collection[int]) -> Mapping[int, _Person]:
    users = list(User.objects.filter(pk__in=keys))
    filters, books, found = active.of(users), senders.books(users), policies.of(users)
    return {one.pk: _Person(one, filters[one.pk], books[one.pk], found[one.pk]) for one in users}


def _screened(person: _Person, batch: Sequence[Arriving], now: datetime) -> list[Decided]:
    cases = [_case(person, one) for one in batch]
    for case, virus in zip(cases, _viruses(batch), strict=True):
        case.virus = virus
    _prove([one for one in cases if not (one.virus or one.is_blocked)])
    _judge(person, [one for one in cases if not one.virus])
    return [replace(_decided(person, one, now), findings=one.proven.findings) for one in cases]


def _viruses(batch: Sequence[Arriving]) -> list[str]:
    try:
        return viruses.look([(one.size, one.pieces) for one in batch])
    except Exception:  # as above
        log.exception("mail could not be looked at for viruses; it is delivered without")
        return ["" for _ in batch]


def _case(person: _Person, one: Arriving) -> _Case:
    is_whole = one.screen is Screen.ALL
    return _Case(one, person.book.about(one.said.from_address) if is_whole else None)


def _prove(cases: Sequence[_Case]) -> None:
    try:
        found = proving.prove([_doubted(one.arriving) for one in cases])
    except Exception:  # as above
        log.exception("it could not be found out who sent mail; nobody is taken for proven")
        return
    for case, proven in zip(cases, found, strict=True):
        case.proven = proven


def _doubted(one: Arriving) -> Doubted:
    return Doubted(one.said, one.pieces, one.size, one.arrived_at, one.source, one.host)


def _judge(person: _Person, cases: Sequence[_Case]) -> None:
    """Have those judged that nobody blocked, and nobody allowed who is proven."""
    if not person.policy.is_on:
        return
    asked: list[_Case] = []
    for one in cases:
        if one.arriving.screen is not Screen.ALL or one.is_blocked:
            continue
        if one.sender is None or one.proof() != PASSES:
            asked.append(one)
    if not asked:
        return
    suspects = [_suspect(one) for one in asked]
    try:
        found = spam.judge(person.user, person.policy, suspects)
    except Exception:  # as above
        log.exception("mail could not be judged; it is delivered as no spam")
        return
    for one, verdict in zip(asked, found, strict=True):
        one.verdict = verdict


def _suspect(one: _Case) -> Suspect:
    arriving = one.arriving
    is_allowed = one.sender is not None and one.proof() != FAILS
    return Suspect(
        arriving.said, arriving.read, arriving.sha256, arriving.source, one.proof, is_allowed
    )


def _decided(person: _Person, one: _Case, now: datetime) -> Decided:
    try:
        if one.virus:
            return _infected(person, one)
        if one.is_blocked:
            return _blocked(person, one)
        return _placed(person, one, _outcome(person, one, now))
    except Exception:  # as above
        log.exception("a message could not be screened; it is delivered as it came")
        return Decided(one.arriving.folder)


def _infected(person: _Person, one: _Case) -> Decided:
    """Whatever filters say: nothing is copied or forwarded, and nothing is lost."""
    why = Why(virus=one.virus)
    return Decided(person.folder(FolderRole.JUNK), kind=DecisionKind.VIRUS, why=why)


def _blocked(person: _Person, one: _Case) -> Decided:
    why = Why(sender=_hit(one.sender))
    return Decided(person.folder(FolderRole.JUNK), kind=DecisionKind.SENDER, why=why)


def _hit(found: SenderRule | None) -> SenderHit | None:
    if found is None:
        return None
    return SenderHit(found.pk, found.sender, found.is_allowed, found.domain_id is not None)


def _outcome(person: _Person, one: _Case, now: datetime) -> Outcome:
    if not person.filters or person.spent > BUDGET:
        return rules.NOTHING
    arriving = one.arriving
    zone = zone_of(person.user.time_zone)
    facts = Facts(
        arriving.said,
        arriving.read,
        size=arriving.size,
        arrived_at=arriving.arrived_at.astimezone(zone),
        now=now,
        source=arriving.source.pk if arriving.source else None,
        proof=one.proof,
        score=one.verdict.score if one.verdict else None,
    )
    began = time.thread_time()
    found = rules.apply_filters(person.filters, facts)
    person.spent += time.thread_time() - began
    if person.spent > BUDGET:
        log.warning(
            "the filters of person %s take too long; the batch goes on without", person.user.pk
        )
    return found


def _placed(person: _Person, one: _Case, outcome: Outcome) -> Decided:
    verdict = one.verdict or CLEAN
    is_spam = verdict.is_spam and not outcome.beats_spam
    is_spam = is_spam and person.policy.action != SpamAction.NONE
    is_junk = is_spam and person.policy.action == SpamAction.JUNK
    junk = person.folder(FolderRole.JUNK) if is_junk else None
    folder = junk or _folder(person, outcome.place) or one.arriving.folder
    # What is spam goes nowhere else, also where it is only marked.
    copies = tuple(person.folder(named) for named in (() if is_spam else outcome.copies))
    is_told = outcome.met or one.verdict is not None or one.sender is not None
    return Decided(
        folder=folder,
        flags=_flags(outcome),
        copies=tuple(place for place in copies if place.pk != folder.pk),
        labels=outcome.labels,
        forwards=() if is_spam else outcome.forwards,
        kind=_kind(outcome, one, is_spam) if is_told else "",
        why=_why(person, one, outcome) if is_told else None,
    )


def _folder(person: _Person, place: Action | None) -> Folder | None:
    if place is None or place.do == Do.KEEP:
        return None
    return person.folder(FolderRole.TRASH if place.do == Do.DELETE else place.target)


def _flags(outcome: Outcome) -> frozenset[str]:
    marks = (("\\Seen", outcome.is_read), ("\\Flagged", outcome.is_starred))
    return frozenset(flag for flag, is_set in marks if is_set)


def _kind(outcome: Outcome, one: _Case, is_spam: bool) -> str:
    if outcome.met and not is_spam:
        return DecisionKind.FILTER
    if one.verdict is not None:
        return DecisionKind.SPAM
    return DecisionKind.SENDER


def _why(person: _Person, one: _Case, outcome: Outcome) -> Why:
    return Why(
        filters=tuple(FilterHit(rule.pk, rule.name, rule.is_domain) for rule in outcome.met),
        sender=_hit(one.sender),
        score=one.verdict.score if one.verdict else None,
        threshold=person.policy.threshold if one.verdict else None,
        reasons=one.verdict.reasons if one.verdict else (),
    )
