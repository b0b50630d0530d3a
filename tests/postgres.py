"""A private PostgreSQL: its own folder and port, gone when the block ends.

``python -m tests.postgres COMMAND…`` runs a command with ``TEST_DATABASE_URL`` set to one.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from standin import ports

ACCOUNT = "postgres"


class PostgresMissing(RuntimeError):
    """PostgreSQL's server programs are not installed."""


def program(name: str) -> str:
    """The path of a server program; Debian keeps them off PATH, one folder a version."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: len(str(path))
    )
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        message = "PostgreSQL is not installed: run `make system`."
        raise PostgresMissing(message)
    return path


def free_port() -> int:
    """A TCP port nobody listens on, kept for this process."""
    [port] = ports.pick([0])
    return port


class PrivatePostgres:
    """One cluster. ``url`` is what DATABASE_URL takes; the role may create databases."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tributary-pg-"))
        self.port = free_port()
        self.password = secrets.token_hex(16)

    @property
    def url(self) -> str:
        return f"postgresql://tributary:{self.password}@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Self:
        secret = self.folder / "password"
        secret.write_text(self.password)
        self._give_away()
        data = self.folder / "data"
        self._run(
            program("initdb"), "-D", str(data), "-U", "tributary", "--pwfile", str(secret),
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        with (data / "postgresql.conf").open("a") as config:
            config.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\n"
                f"unix_socket_directories = '{self.folder}'\nmax_connections = 100\n"
                # It lives for minutes and is never read again: nothing has to be durable.
                "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
                # A test's rows are never committed: statistics taken beside one say "empty", and
                # plans made from them once read all mail for each message (48 minutes).
                "autovacuum = off\n"
            )
        self._control("start", "-w", "-l", str(self.folder / "log"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._control("stop", "-m", "immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *arguments: str) -> None:
        self._run(program("pg_ctl"), "-D", str(self.folder / "data"), *arguments)

    def _give_away(self) -> None:
        """The server refuses to run as root: let Debian's own account have the folder."""
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)

    def _run(self, *command: str) -> None:
        user = ACCOUNT if os.geteuid() == 0 else None
        # A file, not a pipe: the server started by pg_ctl inherits it and would hold a pipe open.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command, user=user, group=user, extra_groups=[] if user else None,
                cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=300,
            )  # fmt: skip
            if done.returncode:
                output.seek(0)
                message = (
                    f"{Path(command[0]).name} failed: {output.read().decode(errors='replace')}"
                )
                raise RuntimeError(message)


def main() -> int:
    """Run the command given, with a private PostgreSQL in TEST_DATABASE_URL."""
    try:
        with PrivatePostgres() as postgres:
            environment = {**os.environ, "TEST_DATABASE_URL": postgres.url}
            return subprocess.run(sys.argv[1:], env=environment).returncode
    except PostgresMissing as error:
        print(error, file=sys.stderr)  # noqa: T201  # a program's own message
        return 1


if __name__ == "__main__":
    sys.exit(main())
