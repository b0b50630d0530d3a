"""Whether messages are spam to a person, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from accounts.models import User
from filtering.services.policies import Policy
from filtering.verdict import CLEAN, Reason, Verdict
from mailstore.mime import Summary
from mailstore.models import Source


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

    So far it knows what a filter before us marked with "X-Spam-Flag: YES".
    """
    return [_judged(policy, one) for one in batch]


def _judged(policy: Policy, one: Suspect) -> Verdict:
    if not one.said.says_spam:
        return CLEAN
    return Verdict(policy.threshold, True, (Reason("x-spam-flag", policy.threshold),))
