"""What runs on this machine, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Running:
    pid: int
    parent: int
    command: str


def of_installation(data_dir: Path, folder: Path) -> list[Running]:
    """Processes started with this DATA_DIR, at work inside it, or named a file in ``folder``.

    All three, as Valkey writes its title over its environment and Dovecot empties it.
    """
    entry = f"DATA_DIR={data_dir}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            inside = (place / "cwd").readlink().is_relative_to(data_dir)
            named = f"{folder}/" in command
            if not (inside or named or entry in (place / "environ").read_bytes().split(b"\0")):
                continue
            state, parent = (place / "stat").read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if state != "Z" and int(place.name) != os.getpid():
            found.append(Running(int(place.name), int(parent), command))
    return found
