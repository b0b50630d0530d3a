"""All data of a person in one ZIP archive, written by a worker.

Mail is in mbox files, one of each folder: every mail program reads them, each is written in one go
however many messages it holds, and a manifest beside them has what the format cannot hold. Single
files for each message would need the list of all of them in memory until the end. Everything else
is in JSON files. A worker that dies leaves a part of a file; the next one begins anew.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from lib.checkpoints import checkpoint
from mailstore import archive
from mailstore.models import Export, Folder, Message
from mailstore.services import folders, mboxes, usage
from mailstore.services.folders import FolderNode
from webmail.services import belongings, exports

#: Progress is written down, and the claim renewed, after so many messages or so much time.
EVERY: Final = 200
AT_LEAST_EVERY: Final = timedelta(seconds=20)
#: What is left free on the disk whatever is exported: other people's mail arrives there.
SPARE: Final = 256 * 1024 * 1024
Clock = Callable[[], datetime]
log = logging.getLogger(__name__)


def write(*, export_id: int, clock: Clock) -> bool:
    """Write a claimed or left export; False where there was nothing to do, or it failed.

    Repeated and late hints do nothing.
    """
    row = exports.claim(export_id, now=clock())
    if row is None:
        return False
    row.total = Message.objects.filter(user=row.user).count()
    try:
        if not _fits(row.user):
            exports.fail(row, cause="no-space", now=clock())
            return False
        with translation.override(row.user.language):
            _write(row, clock)
    except exports.LostClaimError:
        return False
    except OSError as error:
        log.exception("export %s could not be written", row.pk)
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        exports.fail(row, cause="no-space" if is_full else "broken", now=clock())
        return False
    return True


def _fits(user: User) -> bool:
    return shutil.disk_usage(exports.folder()).free >= usage.used(user) + SPARE


def _write(row: Export, clock: Clock) -> None:
    part = exports.folder() / f"{row.pk}-{row.fence}-{uuid4().hex}.part"
    final = exports.folder() / f"{uuid4().hex}.zip"
    try:
        with part.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            _fill(row, file, part.with_suffix(".lines"), clock)
            file.flush()
            os.fsync(file.fileno())
        row.file, row.size = final.name, part.stat().st_size
        part.rename(final)
        checkpoint("export: named")
        exports.finish(row, now=clock(), url=reverse("settings-export"))
    except BaseException:
        final.unlink(missing_ok=True)
        raise
    finally:
        part.unlink(missing_ok=True)


def _fill(row: Export, file: IO[bytes], lines: Path, clock: Clock) -> None:
    """Write the archive. The manifest grows beside it, as two files of one cannot be open."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        out.writestr("README.txt", _readme(row.user))
        for name, rows in belongings.of(row.user):
            _json(out, f"data/{name}.json", rows)
        try:
            with lines.open("w+", encoding="utf-8") as manifest:
                os.fchmod(manifest.fileno(), 0o600)
                _mail(row, out, manifest, clock)
                manifest.flush()
            out.write(lines, f"mail/{archive.MANIFEST}")
        finally:
            lines.unlink(missing_ok=True)


def _mail(row: Export, out: zipfile.ZipFile, manifest: IO[str], clock: Clock) -> None:
    told = clock()
    exports.tell_progress(row, now=told)
    for path, folder in _folders(folders.tree(row.user), ()):
        name = "/".join(archive.escaped(step) for step in path) + ".mbox"
        with out.open(f"mail/{name}", "w", force_zip64=True) as mbox:
            for entry in mboxes.write(folder, mbox.write, name):
                _note(row, manifest, path, entry)
                now = clock()
                if row.done % EVERY == 0 or now - told > AT_LEAST_EVERY:
                    exports.tell_progress(row, now=now)
                    told = now
                    checkpoint("export: some written")


def _note(
    row: Export, manifest: IO[str], path: tuple[str, ...], entry: mboxes.Entry | None
) -> None:
    row.done += 1
    if entry is None:
        row.unreadable += 1
        return
    manifest.write(json.dumps({**entry, "folder": path}, ensure_ascii=False) + "\n")


def _folders(
    nodes: list[FolderNode], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Folder]]:
    for node in nodes:
        path = (*above, node.folder.label)
        yield path, node.folder
        yield from _folders(node.children, path)


def _json(out: zipfile.ZipFile, name: str, rows: Iterator[belongings.Row]) -> None:
    """A list of objects, written one by one."""
    with out.open(name, "w", force_zip64=True) as file:
        file.write(b"[")
        for number, row in enumerate(rows):
            text = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
            file.write((",\n" if number else "\n").encode() + text.encode())
        file.write(b"\n]\n")


def _readme(user: User) -> str:
    return (
        _("All data of %(address)s.") % {"address": user.email}
        + "\n\n"
        + _(
            "mail/ holds one mbox file for each folder, which mail programs import. "
            "mail/manifest.jsonl says of each message its folder, flags, labels, dates and where "
            "it stands. data/ holds everything else as JSON. Passwords are in none of them."
        )
        + "\n"
    )
