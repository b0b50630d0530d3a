"""How many retrieval tasks there are, for the administrators who may switch retrieval off."""

from __future__ import annotations

from accounts.models import Domain
from connectivity.used import Used, used
from retrieval.models import RetrievalTask, TaskState


def tasks(domain: Domain | None) -> dict[int, Used]:
    """Tasks that are not paused, by domain; of one domain or of all."""
    return used(RetrievalTask.objects.exclude(state=TaskState.PAUSED), "user", domain)
