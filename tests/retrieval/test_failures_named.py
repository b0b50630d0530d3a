"""Every failed run says why, by the cause its server's words mean."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.causes import CAUSES, UNKNOWN
from connectivity.models import UnknownFailure
from connectivity.services import credentials
from mailstore.models import Source
from retrieval import retry
from retrieval.models import RetrievalTask
from standin.certs import TlsFiles
from standin.hostile import Hostile
from tests.connectivity.unkind import UNKIND, Unkind, encrypted, imap
from tests.retrieval.conftest import run
from tests.retrieval.failing import hurry
from tests.retrieval.test_retry_classes import ends_with

pytestmark = pytest.mark.django_db

RECEIVING = {name: row for name, row in UNKIND.items() if row.kind != "smtp"}


def task_for(user: User, row: Unkind, port: int) -> RetrievalTask:
    return RetrievalTask.objects.create(
        user=user,
        source=Source.objects.create(user=user, name="Odd"),
        credential=credentials.store(user=user, secret="a remote password"),
        type=row.kind,
        host="localhost",
        port=port,
        security=row.security,
        require_ssl=False,
        username="mara@provider.test",
        next_at=timezone.now(),
    )


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("name", RECEIVING)
def test_a_failed_run_has_the_cause_of_its_servers_words(
    user: User,
    tls_files: TlsFiles,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    row = RECEIVING[name]
    settings.CONNECTIVITY_CA_FILE = "" if row.pair == "unknown" else tls_files.ca_file
    hurry(monkeypatch, 4.0)
    with Hostile(encrypted(row.pair, tls_files, row.script)) as server:
        task = task_for(user, row, server.port)
        done = run(task, expect_failure=True)
    assert (done.cause, task.cause) == (row.cause, row.cause)
    assert done.outcome == ("waited" if retry.waits(row.cause) else "failed")
    assert task.state == ends_with(row.cause)[0]
    assert CAUSES[done.cause].title != UNKNOWN.title
    assert not UnknownFailure.objects.exists()


def test_words_nobody_knows_are_stored_as_they_are_and_counted(user: User) -> None:
    with Hostile(imap("NO quux 17 flarp for mara@provider.test")) as server:
        task = task_for(user, UNKIND["refused"], server.port)
        done = run(task, expect_failure=True)
    assert (done.cause, task.state) == ("login-refused", "backoff")
    assert task.server_line == "quux 17 flarp for mara@provider.test"
    counted = UnknownFailure.objects.get()
    assert (counted.protocol, counted.stage, counted.count) == ("imap", "login", 1)
    assert counted.line == "quux # flarp for <address>"
