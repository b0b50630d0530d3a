"""The mail screen over HTTP and in Chromium: a folder of 100,000 messages, fifty people at once.

    python -m bench.web [--postgres] [--rival] [--messages N] [--users N] [--user-messages N]
                        [--reps N] [--seconds N] [--conversations] [--skip WHAT] [--when FILE]
                        [--tools FOLDER]

    --postgres       on a private PostgreSQL, else on SQLite
    --rival          afterwards the same with Roundcube, which the tools install and start
    --conversations  lists as people see them at first; the rival's show single messages
    --skip           of actions, shell, load, saturate, browser
    --when           mail is brought in at once, measured only when this file is there

The mailboxes, the load and the checks come from the benchmark tools, a folder that is not part of
this project. The processes are those of ``manage.py serve``, the mail is brought in as an operator
would, and all of it is gone afterwards but the tables and the JSON files beside them.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partialmethod
from pathlib import Path
from typing import Any

import psycopg

from bench.web_target import IN_FRAMES, target
from standin import ports
from tests.postgres import PrivatePostgres

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT.parent / "shared" / "bench" / "web"
PASSWORD = os.environ.get("WEB_BENCH_PASSWORD", "quiet-river-in-spring")


def environment(folder: Path, database: str) -> dict[str, str]:
    """Of an installation that lives in this folder."""
    known = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {
        **known,
        "DATA_DIR": str(folder / "data"),
        "BENCH_DATA_DIR": str(folder / "data"),
        "ENV_FILE": os.devnull,
        "LOG_LEVEL": "ERROR",
        **({"DATABASE_URL": database, "TEST_DATABASE_URL": database} if database else {}),
    }


def run(environ: dict[str, str], *words: str) -> None:
    """One program of ours; ends this one where it fails."""
    command = [sys.executable, *words]
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=environ, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stdout}{done.stderr}")


def as_in_life(database: str) -> None:
    """The tests' PostgreSQL never syncs and is never vacuumed; one that people use is."""
    with psycopg.connect(database, autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {name} = on")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("VACUUM ANALYZE")


def settle(environ: dict[str, str], *, conversations: bool) -> None:
    """Nobody is new here, and everybody's lists show what is to be measured."""
    change = (
        "from django.utils.timezone import now; from accounts.models import User; "
        f"User.objects.update(conversations={conversations}, welcomed_at=now())"
    )
    run(environ, "manage.py", "shell", "-v0", "-c", change)


@contextmanager
def served(folder: Path, environ: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """The whole installation, running; its address and the file with its process id."""
    [port] = ports.pick([0])
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(port)]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        pid_file = folder / "serve.pid"
        pid_file.write_text(str(process.pid))
        try:
            _wait(url)
            yield url, pid_file
        finally:
            process.terminate()
            process.wait(30)


def _wait(url: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 - our own server
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
    sys.exit("The server did not get ready within a minute.")


def measure(name: str, url: str, options: argparse.Namespace) -> None:
    """The tools' tables for one product: over HTTP, then in Chromium."""
    skipped = options.skip.split(",")
    begin = ["--target", name, "--reps", str(options.reps)]
    where = ["--url", url] if url else []
    load = ["--users", str(options.users), "--seconds", str(options.seconds)]
    over_http = ",".join(one for one in skipped if one != "browser")
    _run("measure", [*begin, *where, *load, "--skip", over_http])
    if "browser" not in skipped:
        tool: Any = importlib.import_module("browser")
        tool.Browser.context = partialmethod(_context, tool.HELPER)
        _run("browser", [*begin, *where])


def _run(tool: str, arguments: list[str]) -> None:
    sys.argv = [f"{tool}.py", *arguments]
    importlib.import_module(tool).main()


def _context(browser: Any, helper: str, state: Any = None) -> Any:
    """A window as the tools open it, in which they may evaluate their expressions: our pages
    forbid that."""
    found = browser.chromium.new_context(
        viewport={"width": 1400, "height": 900}, storage_state=state, bypass_csp=True
    )
    found.set_default_timeout(60_000)
    found.add_init_script(helper)
    found.add_init_script(IN_FRAMES)
    found.on("page", Idle)
    return found


class Idle:
    """Knows when a page waits for nothing but the stream of news, which never ends."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.open: set[Any] = set()
        page.on("request", self._began)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)
        page.wait_for_load_state = self.wait

    def _began(self, request: Any) -> None:
        if request.resource_type != "eventsource":
            self.open.add(request)

    def _ended(self, request: Any) -> None:
        self.open.discard(request)

    def wait(self, _state: str) -> None:
        """Until nothing was asked for half a second; the tools wait for nothing else."""
        quiet, end = 0, time.monotonic() + 60
        while quiet < 10 and time.monotonic() < end:
            self.page.wait_for_timeout(50)
            quiet = 0 if self.open else quiet + 1


def ours(folder: Path, options: argparse.Namespace) -> None:
    """Fill, serve and measure this product."""
    tools: Any = importlib.import_module("targets")
    with ExitStack() as stack:
        postgres = stack.enter_context(PrivatePostgres()) if options.postgres else None
        database = postgres.url if postgres else ""
        environ = environment(folder, database)
        started = time.monotonic()
        run(environ, "-m", "bench.web_fill", str(folder / "mailbox" / "mail"), PASSWORD)
        settle(environ, conversations=options.conversations)
        if database:
            as_in_life(database)
        say(f"brought in and indexed in {time.monotonic() - started:.0f} s")
        while options.when and not options.when.exists():
            time.sleep(1)
        url, pid_file = stack.enter_context(served(folder, environ))
        pid_files = [pid_file]
        if postgres:
            # The server's own file says more than its process id; the tools want that alone.
            said = (postgres.folder / "data" / "postmaster.pid").read_text()
            pid_files.append(folder / "postgres.pid")
            pid_files[-1].write_text(said.splitlines()[0])
        tools.TARGETS["tributary"] = target(tools, pid_files, PASSWORD)
        measure("tributary", url, options)


def rival(options: argparse.Namespace) -> None:
    """Start Roundcube, measure it and stop it."""
    script = str(options.tools / "roundcube.sh")
    subprocess.run([script, "start"], check=True)
    try:
        measure("roundcube", "", options)
    finally:
        subprocess.run([script, "stop"], check=True)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tools", type=Path, default=TOOLS, help="benchmark tools")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--rival", action="store_true")
    parser.add_argument("--conversations", action="store_true")
    for name, default in (
        ("messages", 100_000), ("folder-messages", 2000), ("users", 50),
        ("user-messages", 5000), ("reps", 60), ("seconds", 60),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--skip", default="")
    parser.add_argument("--when", type=Path)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if not options.tools.is_dir():
        sys.exit(f"{options.tools} is not there: nothing to measure with.")
    with tempfile.TemporaryDirectory(prefix="tributary-web-") as name:
        # Traversable by the servers of the rival, which run under accounts of their own.
        Path(name).chmod(0o755)
        os.environ["WEB_BENCH_TMP"] = name
        os.environ["WEB_BENCH_PASSWORD"] = PASSWORD
        sys.path.insert(0, str(options.tools))
        made = [
            *("--messages", str(options.messages), "--users", str(options.users)),
            *("--folder-messages", str(options.folder_messages)),
            *("--user-messages", str(options.user_messages)),
        ]
        subprocess.run([sys.executable, str(options.tools / "mailbox.py"), *made], check=True)
        ours(Path(name), options)
        if options.rival:
            rival(options)


if __name__ == "__main__":
    main()
