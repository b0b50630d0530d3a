"""The figures of docs/benchmarks.md: pulls beside other programs, and the message list.

    python bench/run.py [--tools FOLDER] [--messages N] [--runs N] [--latency MS]
                        [--skip-pulls] [--skip-list]

The rivals, their mailbox and their private server come from the benchmark tools, a folder that
is not part of this project; without it only the message list is measured.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RIVALS = "floor-imap-all,mbsync,getmail-imap,getmail-pop3"
CONTESTANT = [sys.executable, str(ROOT / "bench" / "contestant.py")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tools", type=Path, default=ROOT.parent / "shared" / "bench", help="benchmark tools"
    )
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--transport", default="plain,tls")
    parser.add_argument("--rivals", default=RIVALS, help="which of the tools' programs run too")
    parser.add_argument("--patience", type=int, default=60, help="seconds to wait for quiet")
    parser.add_argument("--latency", default="", help="milliseconds each way, by commas")
    parser.add_argument("--slow", type=int, default=60, help="seconds; slower ones run once")
    parser.add_argument("--skip-pulls", action="store_true")
    parser.add_argument("--skip-list", action="store_true")
    options = parser.parse_args()
    if not options.skip_pulls:
        pulls(options)
    if not options.skip_list:
        subprocess.run([sys.executable, "-m", "bench.message_list"], cwd=ROOT, check=True)


def pulls(options: argparse.Namespace) -> None:
    """Initial pull, nothing new, 100 new: IMAP and POP, beside mbsync and getmail6."""
    folder = options.tools / "retrieval"
    if not folder.is_dir():
        sys.stderr.write(f"{folder} is not there: pulls are not measured.\n")
        return
    sys.path.insert(0, str(folder))
    tools = importlib.import_module("bench")
    for name, kind, proto, scope in (
        ("tributary", "imap", "imap", "all"),
        ("tributary-pop3", "pop", "pop3", "inbox"),
    ):
        tools.peer(name, kind="contestant", proto=proto, scope=scope)(_setup(kind))
    checks = [
        f"--check={name}={' '.join(CONTESTANT)} count {kind}"
        for name, kind in (("tributary", "imap"), ("tributary-pop3", "pop"))
    ]
    sys.argv = [
        "bench.py",
        f"--only={options.rivals},tributary,tributary-pop3",
        f"--messages={options.messages}",
        f"--runs={options.runs}",
        f"--transport={options.transport}",
        f"--patience={options.patience}",
        f"--slow={options.slow}",
        *([f"--latency={options.latency}"] if options.latency else []),
        *checks,
    ]
    tools.main()


def _setup(kind: str) -> Any:
    def prepare(env: dict[str, str]) -> list[str]:
        told = {name: value for name, value in env.items() if not name.startswith("_")}
        ready = subprocess.run(
            [*CONTESTANT, "setup", kind],
            env={**os.environ, **told},
            check=True,
            stdout=subprocess.PIPE,
        )
        command: list[str] = json.loads(ready.stdout)
        return command

    return prepare


if __name__ == "__main__":
    # This folder is named like the tools' module, which has to win here.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
    main()
