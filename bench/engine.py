"""The retrieval engine alone, in a warm process, against a private Dovecot.

    python -m bench.engine idle|bodies|latency|memory|flat|discovery [--messages N] [--runs N]

    idle       nothing new in 50 folders: CPU time and round trips after sign-in
    bodies     messages of 30 KB at a round trip of 100 ms: messages a second, all committed
    latency    a mailbox of 1,000 messages, 41 MB, at a round trip of 80 ms: seconds of a first pull
               and of one with nothing new, and how often they waited for the server
    memory     peak resident memory of a pull of one message of 149 MB
    flat       peak memory and rate of pulls of 10,000, 100,000 and, by IMAP, 1,000,000 small
               messages
    discovery  CPU time of entering 100,000 messages into the ledger, none of them fetched

Uses the database of TEST_DATABASE_URL (as ``python -m tests.postgres`` sets it), else a SQLite
file in a temporary folder. Prints rows for the tables of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from accounts.models import Domain, User
from bench.relay import relay
from connectivity.services import credentials, network
from mailstore.models import Source
from mailstore.services import folders
from protocols.imap import ImapSource
from protocols.types import Endpoint, Login, Security
from retrieval.models import (
    Provider,
    RemoteMessage,
    RetrievalRun,
    RetrievalTask,
)
from retrieval.services import dispatch
from retrieval.services.pull import pull
from standin.dovecot import Dovecot
from standin.maildir import SampleMessage

SECRET = "a remote password"  # noqa: S105 # of a server that lives for minutes
START = datetime(2026, 1, 1, tzinfo=UTC)
ITSELF = [sys.executable, "-m", "bench.engine"]
FLAT = (
    ("imap", 10_000), ("imap", 100_000), ("imap", 1_000_000), ("pop", 10_000), ("pop", 100_000),
)  # fmt: skip
_names = count(1)


@dataclass(frozen=True)
class Pulled:
    """One pull: its run and what it took, in seconds."""

    run: RetrievalRun
    wall: float
    cpu: float


@contextmanager
def server() -> Iterator[Dovecot]:
    """A Dovecot of our own."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name:
        Path(name).chmod(0o755)
        # A Maildir of a million messages takes more than a process of Dovecot may use by default.
        with Dovecot(Path(name) / "dovecot", {}, settings="default_vsz_limit = 0") as running:
            yield running


def mailbox(server: Dovecot, total: int, size: int, places: int = 1) -> str:
    """A user whose mailbox has so many messages of a size, in so many folders."""
    name = f"bench{next(_names)}"
    server.add_user(name, SECRET)
    rng = random.Random(1)  # noqa: S311 # content of messages

    def letters() -> Iterator[SampleMessage]:
        for number in range(total):
            place = number % places
            folder = "INBOX" if not place else f"Folder {place:02d}"
            date = START + timedelta(minutes=number)
            yield SampleMessage(letter(rng, number, size), folder, frozenset({"\\Seen"}), date)

    server.deliver_maildir(name, letters())
    return name


def letter(rng: random.Random, number: int, size: int) -> bytes:
    """A message of about so many bytes."""
    head = (
        f"From: Person {number % 97} <p{number % 97}@example.test>\r\nTo: bench@bench.test\r\n"
        f"Subject: Letter {number} about the river\r\nMessage-ID: <{number}@bench.test>\r\n"
        f"Date: Mon, 16 Nov 2026 09:00:00 +0000\r\n\r\nLetter {number}.\r\n"
    ).encode()
    line = rng.randbytes(38).hex().encode() + b"\r\n"
    return head + line * max(0, (size - len(head)) // len(line))


def task(name: str, port: int, kind: str = "imap") -> RetrievalTask:
    """A task for a mailbox, of a person of its own."""
    domain, _ = Domain.objects.get_or_create(name="bench.test")
    user = User(email=f"{name}@bench.test", domain=domain)
    user.set_unusable_password()
    user.save()
    folders.provision(user)
    return RetrievalTask.objects.create(
        user=user,
        source=Source.objects.create(user=user, name="Bench"),
        credential=credentials.store(user=user, secret=SECRET),
        type=kind,
        host="localhost",
        port=port,
        security="none",
        require_ssl=False,
        username=name,
        leave_on_server=kind == "pop",
    )


def pulled(task: RetrievalTask) -> Pulled:
    """Pull once, whatever waits there would be."""
    Provider.objects.all().delete()
    claim = dispatch.claim_one(task, now=timezone.now())
    if claim is None:
        raise SystemExit("the task is claimed")
    started, cpu = time.perf_counter(), time.process_time()
    run = pull(task_id=task.pk, fence=claim.fence, clock=timezone.now, slice_seconds=None)
    took = time.perf_counter() - started, time.process_time() - cpu
    if run is None or run.outcome != "ok":
        raise SystemExit(f"the pull failed: {run and (run.outcome, run.cause, run.cause_text)}")
    run.refresh_from_db()
    return Pulled(run, *took)


def peak_mb() -> float:
    """The most memory this process ever had resident, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def expect(wanted: int, found: int) -> None:
    """Ends the measurement where it did not do what it is to measure."""
    if wanted != found:
        raise SystemExit(f"{found} messages instead of {wanted}")


def say(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


def spread(values: list[float], digits: int) -> str:
    """A median with the extremes."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def idle(options: argparse.Namespace) -> None:
    with server() as running:
        name = mailbox(running, 500, 2000, places=50)
        warm = task(name, running.imap_port)
        pulled(warm)
        runs = [pulled(warm) for _ in range(options.runs)]
        expect(0, sum(each.run.stored for each in runs))
        cpu, wall = ([1000 * getattr(each, key) for each in runs] for key in ("cpu", "wall"))
        with relay(running.imap_port, 0) as counted:
            RetrievalTask.objects.filter(pk=warm.pk).update(port=counted.port)
            pulled(warm)
        # Of a run: how often it waited, from the first command on.
        flights = counted.told["flights"]
        with relay(running.imap_port, 0) as alone:
            sign_in(name, alone.port)
        after = flights - alone.told["flights"]
        say("nothing new, 50 folders, CPU ms", spread(cpu, 1))
        say("nothing new, 50 folders, wall ms", spread(wall, 1))
        say("nothing new, round trips in all / after sign-in", f"{flights} / {after}")


def sign_in(name: str, port: int) -> None:
    """Sign in as a pull does, and leave."""
    endpoint = Endpoint("localhost", port, Security.NONE)
    with ImapSource.open(
        endpoint, Login(name, SECRET), policy=network.policy(), trust=network.trust()
    ):
        pass


def bodies(options: argparse.Namespace) -> None:
    rtt = options.rtt or 100
    with server() as running:
        for kind in ("imap", "pop"):
            rates = []
            target = running.imap_port if kind == "imap" else running.pop3_port
            for _ in range(options.runs):
                name = mailbox(running, options.messages or 1000, 30_000)
                with relay(target, rtt / 2) as slow:
                    done = pulled(task(name, slow.port, kind))
                rates.append(done.run.stored / done.wall)
            what = f"{kind}, messages of 30 KB, round trip {rtt:g} ms, messages/s"
            say(what, spread(rates, 0))


def latency(options: argparse.Namespace) -> None:
    rtt = options.rtt or 80
    total = options.messages or 1000
    with server() as running:
        for kind in ("imap", "pop"):
            target = running.imap_port if kind == "imap" else running.pop3_port
            pulled(task(mailbox(running, 10, 1000), target, kind))
            first, again = [], []
            for _ in range(options.runs):
                name = mailbox(running, total, 41_000, places=16 if kind == "imap" else 1)
                with relay(target, rtt / 2) as slow:
                    knock(slow.port)
                    one = task(name, slow.port, kind)
                    first.append(pulled(one))
                with relay(target, rtt / 2) as quiet:
                    knock(quiet.port)
                    RetrievalTask.objects.filter(pk=one.pk).update(port=quiet.port)
                    again.append(pulled(one))
                expect(total, first[-1].run.stored)
            what = f"{kind}, {total} messages, round trip {rtt:g} ms"
            for name, runs, waited in (
                ("first pull", first, slow.told),
                ("nothing new", again, quiet.told),
            ):
                wall, cpu = ([getattr(run, key) for run in runs] for key in ("wall", "cpu"))
                flights = waited["flights"]
                say(f"{what}, {name}, s", spread(wall, 2), f"CPU {spread(cpu, 2)}", flights)


def knock(port: int) -> None:
    """Hear a greeting and leave: a relay's first connection takes it longer than all others."""
    with socket.create_connection(("localhost", port)) as sock:
        sock.recv(1)


def memory(options: argparse.Namespace) -> None:
    """One process for each protocol, as memory once used never shrinks."""
    if not options.kind:
        for kind in ("imap", "pop"):
            large = f"--megabytes={options.megabytes}"
            subprocess.run([*ITSELF, "memory", "--kind", kind, large], check=True)
        return
    with server() as running:
        name = mailbox(running, 1, 100)
        place = running.maildir(name).root / "cur"
        enlarge(next(place.iterdir()), options.megabytes)
        port = running.imap_port if options.kind == "imap" else running.pop3_port
        before = peak_mb()
        done = pulled(task(name, port, options.kind))
        expect(1, done.run.stored)
        say(
            f"{options.kind}, one message of {options.megabytes} MB, peak resident, MB",
            f"{peak_mb():.0f} ({before:.0f} before), {done.wall:.1f} s",
        )


def enlarge(file: Path, megabytes: int) -> None:
    """Add lines to a message until it is so large."""
    line = random.Random(1).randbytes(38).hex().encode() + b"\r\n"  # noqa: S311 # content
    pieces = line * 1000
    with file.open("ab") as out:
        for _ in range(megabytes * 10**6 // len(pieces)):
            out.write(pieces)


def flat(options: argparse.Namespace) -> None:
    """One process for each size, as memory once used never shrinks."""
    if not options.messages:
        for kind, total in FLAT:
            size = f"--messages={total}"
            subprocess.run([*ITSELF, "flat", "--kind", kind, size], check=True)
        return
    kind = options.kind or "imap"
    with server() as running:
        name = mailbox(running, options.messages, 1000)
        port = running.imap_port if kind == "imap" else running.pop3_port
        before = peak_mb()
        done = pulled(task(name, port, kind))
        expect(options.messages, done.run.stored)
        say(
            f"{kind}, {options.messages} messages of 1 KB, peak resident, MB",
            f"{peak_mb():.0f} ({before:.0f} before), {done.run.stored / done.wall:.0f} messages/s",
        )


def discovery(options: argparse.Namespace) -> None:
    total = options.messages or 100_000
    with server() as running, override_settings(MAX_MESSAGE_SIZE=10):
        name = mailbox(running, total, 300)
        # All are too large to be fetched, so that entering them is all there is to do.
        done = pulled(task(name, running.imap_port))
        expect(total, RemoteMessage.objects.count())
        say(f"discovery of {total} UIDs, CPU s", f"{done.cpu:.2f}, {done.wall:.2f} s in all")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    pieces = ["idle", "bodies", "latency", "memory", "flat", "discovery"]
    parser.add_argument("what", choices=pieces)
    parser.add_argument("--messages", type=int, default=0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kind", choices=["imap", "pop"], default="")
    parser.add_argument("--rtt", type=float, default=0, help="milliseconds, instead of its own")
    parser.add_argument("--megabytes", type=int, default=149)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    sys.stderr.write(f"database: {connection.vendor}\n")
    globals()[options.what](options)


if __name__ == "__main__":
    main()
