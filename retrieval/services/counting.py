"""How many retrieval tasks there are, for the administrators who may switch retrieval off."""

from __future__ import annotations

from accounts.models import Domain
from retrieval.models import RetrievalTask, TaskState


def tasks(domain: Domain | None) -> int:
    """Tasks that are not paused, of one domain or of all."""
    rows = RetrievalTask.objects.exclude(state=TaskState.PAUSED)
    return (rows.filter(user__domain=domain) if domain else rows).count()
