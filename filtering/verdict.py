"""What was found out about a message being spam: points with named reasons. Pure."""

from __future__ import annotations

from dataclasses import dataclass

#: Points from which mail is spam where nobody decided otherwise.
THRESHOLD = 5.0


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was found: its name (`filtering.why_words` has the words), its points,
    positive for spam, and a detail such as the name of an upstream server."""

    name: str
    points: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sum of the points, whether that is spam to this person, and the reasons."""

    score: float = 0.0
    is_spam: bool = False
    reasons: tuple[Reason, ...] = ()


CLEAN = Verdict()
