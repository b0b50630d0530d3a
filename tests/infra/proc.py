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


def of_installation(data_dir: Path) -> list[Running]:
    """Processes started with this DATA_DIR, or at work inside it.

    Both, as Valkey writes its title over its environment.
    """
    entry = f"DATA_DIR={data_dir}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            inside = (folder / "cwd").readlink().is_relative_to(data_dir)
            if not inside and entry not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if state != "Z" and int(folder.name) != os.getpid():
            found.append(Running(int(folder.name), int(parent), command))
    return found
