"""Taking a mailbox away: every message byte for byte, with its flags and dates."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from accounts.models import User
from mailstore import archive
from mailstore.models import Folder, Message
from mailstore.services import blobs, folders, returning
from mailstore.services.folders import FolderNode
from mailstore.services.messages import flags_of

FORMATS = ("maildir", "mbox", "eml")


@dataclass(slots=True)
class Exported:
    """What an export wrote. `unreadable` names messages whose bytes are damaged."""

    messages: int = 0
    bytes: int = 0
    folders: int = 0
    unreadable: list[str] = field(default_factory=list)


def export(user: User, kind: str, target: Path) -> Exported:
    """Write the whole mailbox below `target` in one of FORMATS, with a manifest.

    Raises FileExistsError if the folder holds anything already, and OSError.
    """
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise FileExistsError(f"{target} is not empty")
    write = {"maildir": _maildir, "mbox": _mbox, "eml": _eml}[kind]
    done = Exported()
    with (target / archive.MANIFEST).open("w", encoding="utf-8") as manifest:
        for path, folder in _folders(folders.tree(user), ()):
            done.folders += 1
            write(done, manifest, target, path, folder)
    return done


def _folders(
    nodes: list[FolderNode], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Folder]]:
    for node in nodes:
        path = (*above, node.folder.name)
        yield path, node.folder
        yield from _folders(node.children, path)


def _messages(folder: Folder) -> Iterator[Message]:
    found = Message.objects.filter(folder=folder).select_related("blob__segment")
    for one in found.order_by("pk").iterator(chunk_size=500):
        one.sort_at = returning.arrived_at(one)
        yield one


def _note(
    manifest: IO[str], file: Path, root: Path, path: tuple[str, ...], one: Message, **more: Any
) -> None:
    entry = {
        "path": str(file.relative_to(root)),
        "folder": path,
        "role": one.folder.role,
        "sha256": bytes(one.blob.sha256).hex(),
        "size": one.size,
        "internal_date": one.sort_at.isoformat(),
        "flags": flags_of(one),
        **more,
    }
    manifest.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _write_file(done: Exported, file: Path, one: Message) -> bool:
    """One message in a file of its own, dated as it arrived; False if its bytes are damaged."""
    try:
        with file.open("xb") as out:
            for piece in blobs.stream(one.blob):
                out.write(piece)
    except blobs.BlobUnreadable as error:
        file.unlink(missing_ok=True)
        done.unreadable.append(f"message {one.pk}: {error}")
        return False
    os.utime(file, (one.sort_at.timestamp(), one.sort_at.timestamp()))
    done.messages += 1
    done.bytes += one.size
    return True


def _maildir(
    done: Exported, manifest: IO[str], root: Path, path: tuple[str, ...], folder: Folder
) -> None:
    """Maildir++: Inbox is the root, every other folder lies in it as ".Name.Inner"."""
    name = "." + ".".join(archive.escaped(step) for step in path)
    place = root if folder.role == "inbox" else root / name
    for part in ("cur", "new", "tmp"):
        (place / part).mkdir(parents=True)
    for one in _messages(folder):
        one.folder = folder
        file = place / "cur" / archive.maildir_name(one.sort_at, one.pk, one.size, flags_of(one))
        if _write_file(done, file, one):
            _note(manifest, file, root, path, one)


def _eml(
    done: Exported, manifest: IO[str], root: Path, path: tuple[str, ...], folder: Folder
) -> None:
    place = root.joinpath(*(archive.escaped(step) for step in path))
    place.mkdir(parents=True)
    for one in _messages(folder):
        one.folder = folder
        file = place / f"{one.pk}.eml"
        if _write_file(done, file, one):
            _note(manifest, file, root, path, one)


def _mbox(
    done: Exported, manifest: IO[str], root: Path, path: tuple[str, ...], folder: Folder
) -> None:
    *above, name = (archive.escaped(step) for step in path)
    file = root.joinpath(*above) / f"{name}.mbox"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as out:
        for one in _messages(folder):
            one.folder = folder
            try:
                raw = blobs.read(one.blob)
            except blobs.BlobUnreadable as error:
                done.unreadable.append(f"message {one.pk}: {error}")
                continue
            out.write(archive.separator(one.sort_at))
            start = out.tell()
            out.writelines(archive.quoted(archive.lines(raw)))
            length = out.tell() - start
            # A blank line ends every message; the manifest knows where it really ended.
            out.write(b"\n" if raw.endswith(b"\n") or not raw else b"\n\n")
            _note(manifest, file, root, path, one, offset=start, length=length)
            done.messages += 1
            done.bytes += one.size
