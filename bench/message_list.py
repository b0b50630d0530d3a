"""Server time and queries of the message list of a folder with 100,000 messages.

    python -m bench.message_list [--messages N] [--repeat N]

Uses the database of DATABASE_URL, by default a SQLite file in a temporary folder; run it under
``python -m tests.postgres`` for PostgreSQL. Prints medians in milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from django.urls import reverse

from accounts.models import Domain, User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Folder, FolderRole
from mailstore.services import folders
from protocols.body import Body

BATCH = 500
START = datetime(2025, 1, 1, tzinfo=UTC)


def letters(folder: Folder, total: int) -> Iterator[Incoming]:
    """Small messages, a few minutes apart."""
    for number in range(total):
        raw = (
            f"From: Person {number % 997} <p{number % 997}@example.test>\r\n"
            f"To: bench@bench.test\r\nSubject: Letter {number} about the river\r\n"
            f"Message-ID: <{number}@bench.test>\r\n\r\nLetter {number}, a few words long.\r\n"
        ).encode()
        arrived = START + timedelta(minutes=5 * number)
        flags = frozenset() if number % 10 == 0 else frozenset({"\\Seen"})
        yield Incoming(Body.of(raw), folder, internal_at=arrived, flags=flags, backfill=True)


def fill(user: User, total: int) -> Folder:
    """A folder with so many messages; says how fast they were filed."""
    folder = folders.special(user, FolderRole.INBOX)
    waiting: list[Incoming] = []
    started = time.perf_counter()
    for letter in letters(folder, total):
        waiting.append(letter)
        if len(waiting) == BATCH:
            deliver(waiting, now=datetime.now(UTC))
            waiting.clear()
    deliver(waiting, now=datetime.now(UTC))
    seconds = time.perf_counter() - started
    say(f"filed {total} messages in {seconds:.1f} s ({total / seconds:.0f}/s)")
    return folder


def measure(client: Client, name: str, address: str, part: str, repeat: int) -> None:
    """Print the median of one page, or of the part of it that the page itself asks for."""
    times: list[float] = []
    queries = 0
    for _ in range(repeat):
        with CaptureQueriesContext(connection) as captured:
            started = time.perf_counter()
            answer = client.get(address, headers={"X-Part": part} if part else None)
            times.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{name}: HTTP {answer.status_code}")
        queries = len(captured)
    median = statistics.median(times)
    say(f"{name}: median {median:.1f} ms, max {max(times):.1f} ms, {queries} queries")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=21)
    options = parser.parse_args()
    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    say(f"database: {connection.vendor}")
    user = User(email="bench@bench.test", domain=Domain.objects.create(name="bench.test"))
    user.set_unusable_password()
    user.save()
    folders.provision(user)
    folder = fill(user, options.messages)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("mail-folder", args=[folder.pk])
    for name, address, part in addresses(client, page):
        measure(client, name, address, part, options.repeat)


def addresses(client: Client, page: str) -> Iterator[tuple[str, str, str]]:
    """The pages that are measured: the list, what follows it, a filter."""
    yield "first page, whole screen", page, ""
    yield "first page, list only", page, "list"
    first = client.get(page).content.decode()
    marker = 'data-more><a class="btn btn--quiet btn--sm" href="'
    start = first.index(marker) + len(marker)
    yield "next page", first[start : first.index('"', start)].replace("&amp;", "&"), "rows"
    yield "unread only", f"{page}?unread=1", "list"


if __name__ == "__main__":
    main()
