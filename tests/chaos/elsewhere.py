"""An installation with a database of its own, made and asked the way an operator does."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.chaos.mailbox import (
    Content,
    Mailbox,
    check_verdicts,
    compare,
    compare_at_death,
)
from tests.chaos.workers import Workers
from tests.infra.running import environment, manage
from tests.retrieval.conftest import SECRET

PERSON = "mara@example.test"


class Elsewhere:
    """One person with one task, number 1, for a remote mailbox."""

    def __init__(self, folder: Path, mailbox: Mailbox, **more: str) -> None:
        self.mailbox = mailbox
        self.environment = environment(
            folder / "data",
            CONNECTIVITY_ALLOWED_NETWORKS="127.0.0.0/8",
            CONNECTIVITY_CA_FILE=mailbox.remote.server.ca_file,
            LOG_LEVEL="CRITICAL",
            **more,
        )

    def make(self, type: str, port: int) -> None:
        """The database, the person and the task, which goes to a plain port."""
        self.manage("migrate", "-v0")
        self.manage("domain", "add", "example.test")
        self.manage("user", "add", PERSON, "--password-stdin", stdin="a quiet river in spring\n")
        self.manage(
            *("retrieval", "add", PERSON, "--type", type, "--server", "localhost"),
            *("--port", str(port), "--security", "none", "--no-test"),
            *("--username", self.mailbox.remote.name, "--password-stdin"),
            stdin=f"{SECRET}\n",
        )

    def manage(self, *words: str, stdin: str = "") -> str:
        """An operator command that has to succeed; what it printed."""
        done = manage(*words, env=self.environment, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def count(self) -> int:
        """How many messages are here."""
        rows = json.loads(self.manage("mailbox", "stats", PERSON, "--json"))
        return sum(row["messages"] for row in rows)

    def check_at_death(self, workers: Workers) -> None:
        """As `tests.chaos.mailbox.check_at_death`."""
        there = self.mailbox.on_server()
        compare_at_death(there, _content(workers.order(report=1)), self.mailbox.put)

    def check_complete(self, workers: Workers) -> None:
        """As `tests.chaos.mailbox.check_complete`."""
        report = workers.order(report=1)
        compare(_content(report), self.mailbox.put)
        check_verdicts(report["verdicts"], self.mailbox.total)
        assert report["sound"]


def _content(report: dict[str, dict[str, dict[str, int]]]) -> Content:
    return {
        folder: Counter({bytes.fromhex(digest): number for digest, number in counted.items()})
        for folder, counted in report["content"].items()
    }
