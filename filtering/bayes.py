"""What learned mail says about a message being spam or not. Pure.

Each token has a probability of its own: the share of spam among the messages it stood in, drawn to
the middle where it was seen seldom (Gary Robinson, "A Statistical Approach to the Spam Problem",
Linux Journal 107, 2003). Robinson joins all of them by Fisher's method, which takes tokens for
independent: a long text of harmless words then outweighs any head. So their log-odds are summed by
the kind of token, each sum divided by the root of how many there are (Stouffer's method), and the
kinds are added up. On the corpus of ``bench.spam`` that finds 95 % where Fisher finds 92 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

from filtering.tokens import Kind, kind_of

#: What a token nobody saw is worth, and how many messages that opinion counts as much as.
UNKNOWN: Final = 0.5
STRENGTH: Final = 0.45
#: How far from the middle a token has to be to be asked.
TELLING: Final = 0.1
#: How many of a kind are asked, the most telling first, and what the kind weighs.
ASKED: Final = {Kind.HEAD: 60, Kind.NAMES: 60, Kind.LOOK: 60, Kind.WORDS: 150}
WEIGHTS: Final = {Kind.HEAD: 1.0, Kind.NAMES: 1.0, Kind.LOOK: 1.0, Kind.WORDS: 0.5}
#: Nothing is said before so many of each kind were learned.
LEAST: Final = 20


@dataclass(frozen=True, slots=True)
class Taught:
    """How many messages of each kind were learned."""

    spam: int = 0
    ham: int = 0

    @property
    def is_enough(self) -> bool:
        """Whether anything can be said."""
        return min(self.spam, self.ham) >= LEAST


def probability(spam: int, ham: int, taught: Taught) -> float:
    """The probability of spam of one token seen in so many messages of each kind."""
    in_spam, in_ham = spam / max(taught.spam, 1), ham / max(taught.ham, 1)
    if not in_spam + in_ham:
        return UNKNOWN
    seen = spam + ham
    return (STRENGTH * UNKNOWN + seen * in_spam / (in_spam + in_ham)) / (STRENGTH + seen)


def evidence(tokens: Iterable[int], counts: Mapping[int, tuple[int, int]], taught: Taught) -> float:
    """How much speaks for spam (above 0) or against it (below), for a message with these tokens.

    `counts` says of each token that is known in how many spam and ham messages it stood. Nothing
    where too little was learned. What it comes to in points: `scoring.of_bayes`.
    """
    if not taught.is_enough:
        return 0.0
    kinds: dict[Kind, list[float]] = {kind: [] for kind in Kind}
    for one in tokens:
        if one in counts:
            told = probability(*counts[one], taught)
            if abs(told - UNKNOWN) >= TELLING:
                kinds[kind_of(one)].append(log(told / (1 - told)))
    return sum(WEIGHTS[kind] * joined(odds, ASKED[kind]) for kind, odds in kinds.items())


def joined(odds: list[float], most: int) -> float:
    """Log-odds as one figure: the most telling, their sum over the root of their number."""
    asked = sorted(odds, key=lambda one: (-abs(one), one))[:most]
    return sum(asked) / sqrt(1 + len(asked))


def percent(found: float) -> int:
    """Evidence as people read it: how sure that it is spam, from 0 to 100."""
    return round(100 / (1 + exp(-max(-50.0, min(50.0, found / 2)))))
