"""Whether messages are spam to a person, and why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from accounts.models import User
from filtering import bayes, scoring, tokens, upstream
from filtering.models import BayesScope
from filtering.services import scorers, tables
from filtering.services.policies import Policy
from filtering.verdict import THRESHOLD, Reason, Verdict
from mailstore import headers
from mailstore.mime import Summary
from mailstore.models import Source
from mailstore.verdict import FAILS, PASSES
from protocols.scores import Score

log = logging.getLogger(__name__)
#: Seconds for the operator's daemons, for a whole batch.
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Suspect:
    """A message to be judged. ``read`` gives its bytes, or the beginning of a large one;
    ``proof`` is what `proving.proof` says, asked when it is needed; ``allowed`` says that its
    sender is allowed but not proven, which takes points off."""

    said: Summary
    read: Callable[[], bytes]
    sha256: bytes
    source: Source | None
    proof: Callable[[], str]
    allowed: bool = False


def judge(user: User, policy: Policy, batch: Sequence[Suspect]) -> list[Verdict]:
    """One verdict each, in order. Never raises for what is in a message.

    What was learned is asked once for the whole batch; the operator's daemons have `PATIENCE`.
    """
    raws = [one.read() for one in batch]
    learned = _learned(user, raws, policy.threshold)
    scores = scorers.ask_all(raws, PATIENCE)
    return [
        scoring.judged(
            (
                *upstream.of(headers.parse(raw), policy.threshold),
                *_of_proof(one),
                *learned[at],
                *(_of_score(score) for score in scores[at]),
            ),
            policy.threshold,
        )
        for at, (one, raw) in enumerate(zip(batch, raws, strict=True))
    ]


def _learned(user: User, raws: Sequence[bytes], threshold: float) -> list[tuple[Reason, ...]]:
    """What the person's and the domain's mail says of each. No work where too little is known."""
    own, domains = tables.of(user)
    held = scoring.HELD * max(0.0, threshold)
    asked = [
        (kept, name, weight, most)
        for kept, name, weight, most in (
            (own, "learned", 1.0, scoring.MOST),
            (domains, "learned-here", scoring.BESIDE if _knows(own) else 1.0, held),
        )
        if kept is not None and _knows(kept)
    ]
    if not asked:
        return [() for _ in raws]
    found = [tokens.of(raw) for raw in raws]
    every = frozenset[int]().union(*found)
    made: list[list[Reason]] = [[] for _ in raws]
    for kept, name, weight, most in asked:
        counts, taught = tables.counts(kept, every), tables.taught(kept)
        for place, one in enumerate(found):
            told = bayes.evidence(one, counts, taught)
            made[place] += scoring.of_bayes(told, name, weight, most)
    return [_together(one) for one in made]


def _together(found: Iterable[Reason]) -> tuple[Reason, ...]:
    """What both say, held to what one alone may come to."""
    room = {True: scoring.MOST, False: -scoring.LEAST}
    kept: list[Reason] = []
    for one in found:
        is_spam = one.points > 0
        points = min(abs(one.points), room[is_spam])
        room[is_spam] -= points
        if points > 0:
            kept.append(Reason(one.name, round(points if is_spam else -points, 1), one.detail))
    return tuple(kept)


def _knows(kept: BayesScope | None) -> bool:
    return tables.taught(kept).is_enough


def _of_proof(one: Suspect) -> tuple[Reason, ...]:
    proof = one.proof()
    return scoring.of_proof(passes=proof == PASSES, fails=proof == FAILS, allowed=one.allowed)


def _of_score(score: Score) -> Reason:
    """A daemon's points, measured by its own threshold."""
    scale = THRESHOLD / score.threshold if score.threshold > 0 else 1.0
    points = max(scoring.LEAST, min(upstream.MOST, score.points * scale))
    return Reason(f"scorer-{score.name}", round(points, 1), _told(score))


def _told(score: Score) -> str:
    """The names of what weighed most, for those who want to know."""
    return ", ".join(one.name for one in score.symbols[:5])[:200]
