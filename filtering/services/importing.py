"""Bringing mail in from files, through the same door as everything else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore import archive
from mailstore.archive import Found
from mailstore.models import Folder
from mailstore.services import folders

BATCH = 50
BATCH_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class Imported:
    """What an import brought in; `refused` names files that could not be read, and why."""

    messages: int = 0
    bytes: int = 0
    refused: list[str] = field(default_factory=list)


def import_paths(
    user: User, paths: Iterable[Path], *, folder: Folder | None, now: datetime, limit: int
) -> Imported:
    """Import eml and mbox files, maildirs, exports and folders of those.

    Inner folders come to lie under `folder`; without one, an export goes back where it came
    from and everything else into the Inbox. Messages over `limit` bytes and empty ones are
    refused. Importing the same files twice files the messages twice.
    """
    done = Imported()
    places = _Places(user, folder)
    for batch in _batches(_readable(paths, done, limit)):
        filed = deliver(
            [
                Incoming(
                    body=one.body,
                    folder=places.of(one),
                    internal_at=one.internal_at,
                    flags=one.flags,
                    backfill=True,
                )
                for one in batch
            ],
            now=now,
        )
        done.messages += len(filed)
        done.bytes += sum(message.size for message in filed)
    return done


def _readable(paths: Iterable[Path], done: Imported, limit: int) -> Iterator[Found]:
    for path in paths:
        try:
            for found in archive.read(path):
                if 0 < found.body.size <= limit:
                    yield found
                else:
                    done.refused.append(f"{found.path}: {found.body.size} bytes")
        except (OSError, ValueError, KeyError) as error:
            done.refused.append(f"{path.name}: {error}")


def _batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    batch: list[Found] = []
    size = 0
    for one in found:
        batch.append(one)
        size += one.body.size
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Places:
    """Which folder a found message goes to; each is looked up once."""

    def __init__(self, user: User, folder: Folder | None) -> None:
        self._user = user
        self._folder = folder
        self._known: dict[tuple[str, tuple[str, ...]], Folder] = {}

    def of(self, found: Found) -> Folder:
        key = (found.role, found.folder)
        if key not in self._known:
            self._known[key] = self._find(found)
        return self._known[key]

    def _find(self, found: Found) -> Folder:
        if self._folder is None and found.role:
            return folders.special(self._user, found.role)
        if not found.folder or (self._folder is not None and found.role == "inbox"):
            return self._folder or folders.special(self._user, "inbox")
        return folders.ensure_path(self._user, found.folder, parent=self._folder)
