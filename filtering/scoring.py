"""Points for what was found out about a message, and what they come to. Pure.

Names of reasons are put into words by `filtering.why_words`. Five points are the usual threshold,
so each figure here says how far one finding alone may lead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from filtering import bayes
from filtering.verdict import THRESHOLD, Reason, Verdict

#: The evidence that is worth the threshold: on the corpus of ``bench.spam``, 95 % of spam and
#: less than one ham in a thousand have more.
SURE: Final = 6.5
MOST: Final = 6.5
LEAST: Final = -4.0
#: What was learned by the whole domain counts less beside what the person taught.
BESIDE: Final = 0.5
#: And by itself it stays under the threshold, by this share of it: whoever shares a domain may
#: teach it anything, and must not decide what is junk to others.
HELD: Final = 0.8
PROVEN: Final = -0.5
FORGED: Final = 3.5
ALLOWED: Final = -4.0


def of_bayes(
    evidence: float, name: str = "learned", weight: float = 1.0, most: float = MOST
) -> tuple[Reason, ...]:
    """What learned mail says, ``most`` points at the most either way; nothing where that is
    nothing."""
    points = weight * max(LEAST, min(MOST, evidence * THRESHOLD / SURE))
    points = max(-most, min(most, points))
    if round(points, 1) == 0:
        return ()
    return (Reason(name, round(points, 1), str(bayes.percent(evidence))),)


def of_proof(*, passes: bool, fails: bool, allowed: bool) -> tuple[Reason, ...]:
    """What it says about a message that its sender is proven, is not who it says, or is allowed
    without being proven."""
    said = (("proven", PROVEN, passes), ("forged", FORGED, fails), ("allowed", ALLOWED, allowed))
    return tuple(Reason(name, points) for name, points, holds in said if holds)


def judged(reasons: Iterable[Reason], threshold: float = THRESHOLD) -> Verdict:
    """Reasons as a verdict; the strongest first."""
    held = tuple(sorted(reasons, key=lambda one: (-abs(one.points), one.name, one.detail)))
    score = round(sum(one.points for one in held), 1)
    return Verdict(score, score >= threshold, held)
