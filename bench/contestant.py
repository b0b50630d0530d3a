"""Tributary as a contestant of the retrieval benchmark, driven by its operator commands.

    python bench/contestant.py setup|count imap|pop

Reads the BENCH_* variables the benchmark sets. ``setup`` runs before the clock and prints the
command that is timed, as JSON. ``count`` writes every message out as Maildir, to be compared with
the corpus, and prints how many there are.
"""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PERSON = "bench@bench.test"


def settings() -> dict[str, str]:
    """The settings of an installation that lives in this run's state folder."""
    return {
        "DATA_DIR": str(Path(os.environ["BENCH_STATE"]) / "data"),
        "ENV_FILE": os.devnull,
        "CONNECTIVITY_ALLOWED_NETWORKS": "127.0.0.0/8",
        "CONNECTIVITY_CA_FILE": os.environ.get("BENCH_CAFILE", ""),
        "LOG_LEVEL": "ERROR",
    }


def manage(*words: str, typed: str = "") -> str:
    """One operator command; its output."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words],
        env={**os.environ, **settings()},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def setup(kind: str) -> None:
    """A person with one task for the benchmark's mailbox."""
    _compile()
    protocol = "IMAP" if kind == "imap" else "POP3"
    tls = os.environ["BENCH_TLS"] == "1"
    port = os.environ[f"BENCH_{protocol}{'S' if tls else ''}_PORT"]
    manage("migrate", "-v0")
    manage("domain", "add", "bench.test")
    manage("user", "add", PERSON, "--password-stdin", typed="a quiet river in spring\n")
    manage(
        *("retrieval", "add", PERSON, "--type", kind, "--server", os.environ["BENCH_HOST"]),
        *("--port", port, "--security", "ssl" if tls else "none", "--no-test"),
        *("--username", os.environ["BENCH_USER"], "--password-stdin", "--method", "manual"),
        *(("--leave-on-server",) if kind == "pop" else ()),
        typed=os.environ["BENCH_PASSWORD"] + "\n",
    )


def _compile() -> None:
    """Have bytecode of every module, as an installed program does, whoever looks at this tree."""
    for room in sorted(place.parent for place in ROOT.glob("*/__init__.py")):
        compileall.compile_dir(room, quiet=1)


def command() -> list[str]:
    """What is timed: the operator command, without a process of ours before it."""
    told = [f"{name}={value}" for name, value in settings().items()]
    manager = str(ROOT / "manage.py")
    return ["env", *told, sys.executable, manager, "retrieval", "run", "1", "--json"]


def count() -> None:
    """How many messages are here; all of them written out for comparison."""
    target = os.environ["BENCH_DEST"]
    stats = json.loads(manage("mailbox", "stats", PERSON, "--json"))
    rows = stats["folders"] if isinstance(stats, dict) else stats
    if os.environ["BENCH_PHASE"] == "new":
        manage("mailbox", "export", PERSON, "--format", "maildir", target)
    sys.stdout.write(f"{sum(row['messages'] for row in rows)}\n")


if __name__ == "__main__":
    verb, kind = sys.argv[1:3]
    if verb == "setup":
        setup(kind)
        sys.stdout.write(json.dumps(command()))
    else:
        count()
