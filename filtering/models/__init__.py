"""What people and domains decided about mail that comes in, and what came of it."""

from filtering.models.decisions import Decision, DecisionKind
from filtering.models.filters import Filter, FilterQuerySet, Match
from filtering.models.forwards import ForwardDue, ForwardState
from filtering.models.runs import FilterRun, RunState, RunStep
from filtering.models.senders import SenderRule
from filtering.models.spam import (
    BayesScope,
    BayesToken,
    LearnDue,
    Learned,
    SpamAction,
    SpamPolicy,
)

__all__ = [
    "BayesScope",
    "BayesToken",
    "Decision",
    "DecisionKind",
    "Filter",
    "FilterQuerySet",
    "FilterRun",
    "ForwardDue",
    "ForwardState",
    "LearnDue",
    "Learned",
    "Match",
    "RunState",
    "RunStep",
    "SenderRule",
    "SpamAction",
    "SpamPolicy",
]
