"""Mail of an account that was here before, known again when the account is added again.

Deleting a task takes its ledger and leaves its mail (A50). What still lies where a new task for
the same address puts its mail is told by its bytes, as after a new UIDVALIDITY: it is linked and
not stored a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from mailstore.models import Folder, Message, Source
from retrieval.models import PopMessage, PopState, RemoteState, RetrievalTask
from retrieval.services import ledger, pop_ledger
from retrieval.services.boxes import Job
from retrieval.services.session import Session

CHUNK = 2000
BEFORE = 0  # the generation before the first
_Left = tuple[int, bytes, int]  # id, SHA-256, size in bytes


def sources(task: RetrievalTask) -> list[int]:
    """The labels that deleted tasks for this task's address left on their mail."""
    same = Source.objects.filter(user=task.user_id, address__iexact=task.source.address)
    return list(same.filter(retrieval_task=None).exclude(address="").values_list("pk", flat=True))


def in_folder(session: Session, job: Job, former: Sequence[int]) -> None:
    """Let what ``former`` left in the folder of a job be an earlier generation of its ledger.

    Only where nothing is known of the remote folder yet. Raises LeaseLostError.
    """
    row = job.row
    if not former or row.uidvalidity is not None or row.generation > 1:
        return
    some: list[_Left] = []
    for some in _chunks(job.folder(session.task), former):
        rows = [
            ledger.New(
                # Its UID there is unknown, and nothing asks for those of earlier generations.
                row.pk, BEFORE, pk, RemoteState.STORED,
                size=size, sha256=sha256, message_id=pk,
            )
            for pk, sha256, size in some
        ]  # fmt: skip
        # By parts, so that nobody else waits long; a worker that dies here does it again.
        session.settle(partial(ledger.insert, rows))
    if some:
        row.generation += 1
        session.settle(lambda: row.save(update_fields=["generation"]))


def in_maildrop(task: RetrievalTask) -> None:
    """Let what was left in the folder of a new POP task stand in its ledger, by content."""
    former = sources(task)
    if not former or task.destination is None:
        return
    for some in _chunks(task.destination, former):
        pop_ledger.save(
            [
                PopMessage(
                    task=task,
                    key=f"{pop_ledger.PAST}m{pk} 0",
                    state=PopState.STORED,
                    size=size,
                    sha256=sha256,
                    message_id=pk,
                )
                for pk, sha256, size in some
            ]
        )


def _chunks(folder: Folder, former: Sequence[int]) -> Iterator[list[_Left]]:
    left = Message.objects.filter(folder=folder, source__in=former).order_by("pk")
    rows = left.values_list("pk", "blob__sha256", "size")
    last = 0
    while some := [
        (pk, bytes(sha256), size) for pk, sha256, size in rows.filter(pk__gt=last)[:CHUNK]
    ]:
        yield some
        last = some[-1][0]
