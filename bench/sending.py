"""How fast one worker sends, and how long a click on Send takes.

    python -m bench.sending [--messages N] [--size BYTES] [--repeat N]

Uses the database of DATABASE_URL, by default a SQLite file in a temporary folder; run it under
``python -m tests.postgres`` for PostgreSQL. The server is `standin.sink`, in a process of its own:
with TLS, a sign-in and pipelining, as submission servers have them. What it took is counted, and
every message has to have its copy in Sent.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse
from django.utils import timezone

from accounts.models import Domain, User
from mailstore.models import Folder, FolderRole
from mailstore.services import folders
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import accounts, drafts, identities, outbox, queue, rounds
from smtp_accounts.services.accounts import AccountValues
from standin import certs
from standin.sink import Sink

USER, SECRET = "bench@provider.test", "a secret of the bench"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def server() -> Iterator[Sink]:
    """A server that takes everything from one user."""
    with TemporaryDirectory() as folder:
        tls = certs.make(Path(folder))
        settings.CONNECTIVITY_CA_FILE = str(tls.ca_file)
        settings.CONNECTIVITY_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        with Sink(tls.good) as sink:
            yield sink


def person() -> User:
    user = User(email="bench@bench.test", domain=Domain.objects.create(name="bench.test"))
    user.set_unusable_password()
    user.save()
    folders.provision(user)
    return user


def account_of(user: User, port: int) -> SmtpAccount:
    values = AccountValues("Bench", "localhost", port, "ssl", USER, True, USER, SECRET)
    stored = accounts.save(user=user, values=values, now=timezone.now(), test=False).account
    if stored is None:
        raise SystemExit("the account was not stored")
    return stored


def written(user: User, account: SmtpAccount, number: int, size: int) -> Draft:
    identity = next(one for one in identities.send_from(user) if one.account == account)
    values = drafts.DraftValues(
        identity=identity.identity,
        to=f"person{number}@elsewhere.test",
        subject=f"Letter {number} about the river",
        body=f"Letter {number}.\n"
        + "A line of an ordinary length, as letters have.\n" * (size // 47),
    )
    return drafts.save(user=user, key=uuid4(), values=values, version=0, now=timezone.now())


def throughput(user: User, account: SmtpAccount, sink: Sink, total: int, size: int) -> None:
    """Messages a second of one worker, from the first claim to the last record."""
    for number in range(total):
        outbox.submit(user=user, draft=written(user, account, number, size), now=timezone.now())
    started, spent = time.perf_counter(), time.process_time()
    while claims := queue.claim_due(now=timezone.now()):
        for pk, fence in claims:
            rounds.deliver(outbox_id=pk, fence=fence, clock=timezone.now)
    seconds, busy = time.perf_counter() - started, time.process_time() - spent
    states = set(OutboxMessage.objects.values_list("state", flat=True))
    copies = Folder.objects.get(user=user, role=FolderRole.SENT).total
    taken = sink.taken()
    if (states, copies, taken) != ({OutboxState.SENT}, total, total):
        raise SystemExit(f"sent {states}, {copies} copies, {taken} taken, of {total}")
    say(
        f"sent {total} messages of {size} bytes in {seconds:.1f} s ({total / seconds:.0f}/s), "
        f"{busy / total * 1000:.1f} ms of processor time each"
    )


def click(user: User, account: SmtpAccount, repeat: int, size: int) -> None:
    """Server time of the request behind Send, until the message is queued."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    identity = next(one for one in identities.send_from(user) if one.account == account)
    times: list[float] = []
    for number in range(repeat):
        before = OutboxMessage.objects.count()
        form = {
            "sender": identity.key,
            "to": f"person{number}@elsewhere.test",
            "subject": f"Letter {number} by hand",
            "body": "A line of an ordinary length, as letters have.\n" * (size // 47),
            "version": "0",
            "kind": "new",
        }
        address = reverse("compose-send", args=[uuid4()])
        started = time.perf_counter()
        client.post(address, form)
        times.append((time.perf_counter() - started) * 1000)
        if OutboxMessage.objects.count() != before + 1:
            raise SystemExit("a click on Send queued nothing")
    say(f"click on Send to queued: median {statistics.median(times):.1f} ms, max {max(times):.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--size", type=int, default=4000)
    parser.add_argument("--repeat", type=int, default=21)
    options = parser.parse_args()
    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    say(f"database: {connection.vendor}")
    user = person()
    with server() as sink:
        account = account_of(user, sink.port)
        throughput(user, account, sink, options.messages, options.size)
        click(user, account, options.repeat, options.size)


if __name__ == "__main__":
    main()
