"""The retrieval benchmark, piece by piece: ours beside other programs, and ours alone.

    python bench/retrieval.py all|PIECE... [--tools FOLDER] [--runs N] [--messages N] [--rivals …]

    pulls      10,000 messages, plain and TLS: first pull, nothing new, 100 new
    latency    1,000 messages at 0 and 40 ms each way, as a command and in a warm worker
    idle bodies memory flat discovery    see bench/engine.py
    dispatch   see bench/dispatch.py; on SQLite and on PostgreSQL

The programs to compare with, their mailbox and their proxy come from the benchmark tools, a
folder that is not part of this project; without it ``pulls`` and ``latency`` cannot be run, which
is said. Every piece prints rows for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT.parent / "shared" / "bench"
RIVALS = (
    "floor-imap-all,mbsync,mbsync-nofsync,dsync-imapc,offlineimap,getmail-imap,fetchmail-imap,"
    "floor-pop3-inbox,mpop,fetchmail-pop3,getmail-pop3"
)
ENGINE = ("idle", "bodies", "memory", "flat", "discovery")
PIECES = ("pulls", "latency", *ENGINE, "dispatch")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pieces", nargs="+", choices=["all", *PIECES], metavar="PIECE")
    parser.add_argument("--tools", type=Path, default=TOOLS, help="benchmark tools")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--messages", type=int, default=0, help="instead of a piece's own number")
    parser.add_argument("--transport", default="plain,tls", help="of pulls")
    parser.add_argument("--latency", default="0,40", help="milliseconds each way, of latency")
    parser.add_argument("--patience", type=int, default=60, help="seconds to wait for quiet")
    parser.add_argument("--slow", type=int, default=60, help="seconds; slower ones run once")
    parser.add_argument("--rivals", default=RIVALS, help="which of the tools' programs run too")
    options = parser.parse_args()
    chosen = PIECES if "all" in options.pieces else options.pieces
    failed = [piece for piece in chosen if not all(map(run, commands(piece, options)))]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def commands(piece: str, options: argparse.Namespace) -> list[list[str]]:
    """The command lines of a piece."""
    python = sys.executable
    if piece in ENGINE:
        more = [f"--messages={options.messages}"] if options.messages else []
        return [[python, "-m", "bench.engine", piece, f"--runs={options.runs}", *more]]
    if piece == "dispatch":
        ours = [python, "-m", "bench.dispatch"]
        return [ours, [python, "-m", "tests.postgres", *ours]]
    common = [
        *(python, str(ROOT / "bench" / "run.py"), "--skip-list", f"--tools={options.tools}"),
        *(f"--runs={options.runs}", f"--rivals={options.rivals}"),
        f"--patience={options.patience}",
        f"--slow={options.slow}",
    ]
    if piece == "pulls":
        return [
            [
                *common,
                f"--messages={options.messages or 10_000}",
                f"--transport={options.transport}",
            ]
        ]
    return [
        [python, "-m", "bench.engine", "latency", f"--runs={options.runs}"],
        [
            *(*common, f"--messages={options.messages or 1000}", "--transport=plain"),
            f"--latency={options.latency}",
        ],
    ]


def run(command: list[str]) -> bool:
    """Run it; whether it ended well."""
    sys.stdout.write(f"\n{' '.join(['python', *command[1:]])}\n\n")
    sys.stdout.flush()
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    main()
