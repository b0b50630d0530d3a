"""Whether a failed run says why: every failure the tests make has to have a named cause."""

from __future__ import annotations

from connectivity import catalogue
from connectivity.causes import CAUSES
from retrieval.models import RetrievalRun, RunOutcome

#: Causes that name nothing: what a server said there has to be understood, or be silence.
VAGUE = frozenset({"refused", "login-refused", "login-later"})
#: Words a test chose because they mean nothing.
MEANINGLESS = frozenset({"", "no", "bye"})


def is_named(run: RetrievalRun) -> bool:
    """Whether the run went well, or the catalogue knows why it did not."""
    if run.outcome not in (RunOutcome.FAILED, RunOutcome.WAITED):
        return True
    if run.outcome == RunOutcome.WAITED and not run.cause:
        return True  # it only had to wait its turn, which is nothing to know
    if run.cause not in VAGUE or run.server_line in MEANINGLESS:
        return run.cause in CAUSES
    return bool(catalogue.find(run.task.type, kind=run.cause, line=run.server_line))
