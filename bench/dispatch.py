"""How fast due tasks are claimed among a million, and what a round costs that finds none.

    python -m bench.dispatch [--tasks N] [--rounds N] [--in-flight N] [--explain]

Uses the database of DATABASE_URL, by default a SQLite file in a temporary folder; run it under
``python -m tests.postgres`` for PostgreSQL. The claimed tasks are given back after each round,
outside the time that counts. Half of the tasks are at two big providers, the others at 50,000
servers of their own.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Domain, User
from connectivity.services import credentials
from mailstore.models import Source
from retrieval.models import RetrievalTask
from retrieval.services import dispatch

PEOPLE = 10_000


def fill(tasks: int) -> None:
    """Rows by SQL alone, each like one made by the models; due at any second of ten minutes."""
    domain = Domain.objects.create(name="bench.test")
    people = [User(email=f"p{number}@bench.test", domain=domain) for number in range(PEOPLE)]
    first = User.objects.bulk_create(people, batch_size=500)[0]
    source = Source.objects.create(user=first, name="Pattern")
    pattern = RetrievalTask.objects.create(
        user=first,
        source=source,
        credential=credentials.store(user=first, secret="none"),  # noqa: S106 # opens nothing
        type="imap",
        host="imap.bench.test",
        port=993,
        security="tls",
        username="somebody",
    )
    user = f"{first.pk} + (n / 100) % {PEOPLE}"
    copy(source, tasks, {"id": f"{source.pk} + n", "user_id": user})
    host = "CASE n % 4 WHEN 0 THEN 'gmail' WHEN 1 THEN 'microsoft' ELSE 'h' || (n % 50000) END"
    values = {
        "id": f"{pattern.pk} + n",
        "user_id": user,
        "source_id": f"{source.pk} + n",
        "provider_key": host,
        "next_at": moment("n % 600"),
        "first_pass_done_at": moment("0"),
    }
    copy(pattern, tasks, values)
    pattern.delete()
    tidy()


def tidy() -> None:
    """What the database does by itself from time to time."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def moment(seconds: str) -> str:
    """So many seconds ago, in the database's words."""
    if connection.vendor == "postgresql":
        return f"now() - ({seconds}) * interval '1 second'"
    return f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({seconds}) || ' seconds')"


def copy(row: Any, count: int, values: dict[str, str]) -> None:
    """Repeat a row, with an SQL expression over ``n`` for every column that differs."""
    table = row._meta.db_table
    names = [field.column for field in row._meta.concrete_fields]
    if connection.vendor == "postgresql":
        numbers = f"(SELECT generate_series(1, {count}) AS n) AS numbers"
        series = ""
    else:
        numbers = "numbers"
        series = (
            "WITH RECURSIVE numbers(n) AS "  # noqa: S608 # our own names and numbers
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
        )
    taken = ", ".join(values.get(name, f'row."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) {series}"  # noqa: S608 # our own names and numbers
            f"SELECT {taken} FROM {numbers}, {table} AS row WHERE row.id = {row.pk}"
        )


def give_back(claims: list[dispatch.Claim]) -> None:
    """Free the tasks again, due in an hour, as if each had been pulled."""
    later = datetime.now(UTC) + timedelta(hours=1)
    done = RetrievalTask.objects.filter(pk__in=[claim.task_id for claim in claims])
    done.update(lease_until=None, next_at=later)


def timed(act: Callable[[], list[dispatch.Claim]]) -> tuple[float, list[dispatch.Claim]]:
    started = time.perf_counter()
    claims = act()
    return time.perf_counter() - started, claims


def claim(limit: int) -> list[dispatch.Claim]:
    return dispatch.claim_due(now=datetime.now(UTC), limit=limit)


def rounds(limit: int, count: int) -> None:
    """Print how many claims a second so many rounds bring, and what they cost this process."""
    seconds, worked, claimed = 0.0, 0.0, 0
    for _ in range(count):
        before = time.process_time()
        took, claims = timed(lambda: claim(limit))
        worked += time.process_time() - before
        give_back(claims)
        seconds, claimed = seconds + took, claimed + len(claims)
    each = f"{1000 * seconds / count:.1f} ms, {1000 * worked / count:.1f} of them work here"
    say(f"{limit} at once: {claimed / seconds:,.0f} claims/s (a round: {each})")


def idle(name: str, count: int) -> None:
    times = [timed(lambda: claim(200))[0] * 1000 for _ in range(count)]
    say(f"{name}: median {statistics.median(times):.1f} ms, max {max(times):.1f} ms")


def explain() -> None:
    """Print how the database finds what is due."""
    with CaptureQueriesContext(connection) as captured:
        give_back(claim(200))
    word = "EXPLAIN ANALYZE" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        for query in captured:
            if query["sql"].startswith("SELECT"):
                say(query["sql"])
                cursor.execute(f"{word} {query['sql']}".replace("%", "%%"))
                for line in cursor.fetchall():
                    say(f"    {line}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--in-flight", type=int, default=1000)
    parser.add_argument("--explain", action="store_true")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    fill(options.tasks)
    say(f"{connection.vendor}: {options.tasks:,} tasks")
    if options.explain:
        explain()
    rounds(200, options.rounds)
    rounds(options.in_flight, options.rounds)
    RetrievalTask.objects.filter(next_at__lte=datetime.now(UTC)).update(
        next_at=datetime.now(UTC) + timedelta(hours=1)
    )
    tidy()
    if options.explain:
        explain()
    idle("nothing due", options.rounds)


if __name__ == "__main__":
    main()
