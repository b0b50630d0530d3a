"""Tasks at servers that nobody vouches for, and at servers without encryption."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity.causes import CAUSES
from connectivity.models import CertificatePin, Feature
from connectivity.services import features, pins, probing
from protocols.tls import fingerprint
from protocols.types import Endpoint, Login, Security
from retrieval.models import RetrievalTask
from retrieval.services import watching, why
from standin.certs import TlsFiles
from standin.dovecot import Dovecot
from tests.retrieval.conftest import SECRET, bodies, letter, run
from tests.retrieval.failing import MakeTask
from tests.servers import USERS
from tests.servers.imap import ImapServer
from tests.waiting import wait_until

LATER = timedelta(minutes=30)


@pytest.fixture(scope="module")
def college(server_folder: Path, tls_files: TlsFiles) -> Iterator[Dovecot]:
    """A server that vouches for itself."""
    folder = server_folder / "dovecot-college"
    pair = tls_files.self_signed
    with Dovecot(folder, USERS, tls=pair, ca_file=tls_files.ca_file) as server:
        server.add_user("student", SECRET)
        server.append("student", "INBOX", letter(1))
        yield server


@pytest.fixture
def task(college: Dovecot, make_task: MakeTask) -> RetrievalTask:
    return make_task(username="student", port=college.imaps_port)


@pytest.fixture
def allowed(domain: Domain) -> None:
    features.set_switch(domain, Feature.CERTIFICATE_PINS, True)


def pin_what_is_shown(task: RetrievalTask) -> None:
    """As the button beside a failed test does."""
    endpoint = Endpoint(task.host, task.port, Security.TLS)
    login = Login(task.username, SECRET)
    report = probing.probe("imap", endpoint, login, user=task.user)
    assert report.error is not None
    seen = report.error.certificate  # type: ignore[attr-defined] # an EncryptionFailed
    assert pins.accept(
        user=task.user,
        host=task.host,
        port=task.port,
        sha256=seen.sha256,
        report=report,
        now=timezone.now(),
    )
    assert probing.probe("imap", endpoint, login, user=task.user).ok


@pytest.mark.usefixtures("allowed")
def test_mail_comes_from_a_pinned_server(user: User, task: RetrievalTask) -> None:
    assert run(task, expect_failure=True).cause == "tls-self-signed"
    pin_what_is_shown(task)
    run(task, later=LATER)
    assert len(bodies(user)) == 1


@pytest.mark.usefixtures("allowed")
def test_a_pop_task_uses_the_pin_of_its_own_port(
    user: User, college: Dovecot, make_task: MakeTask, task: RetrievalTask
) -> None:
    pin_what_is_shown(task)
    pop = make_task("pop", username="student", port=college.pop3s_port, leave_on_server=True)
    assert run(pop, expect_failure=True).cause == "tls-self-signed"
    CertificatePin.objects.filter(user=user).update(port=college.pop3s_port)
    run(pop, later=LATER)
    assert len(bodies(user)) == 1


@pytest.mark.usefixtures("allowed")
def test_another_certificate_stops_the_task_and_shows_both(task: RetrievalTask) -> None:
    pin_what_is_shown(task)
    old, new = "0f" * 32, CertificatePin.objects.get().sha256
    CertificatePin.objects.update(sha256=old)
    done = run(task, expect_failure=True)
    assert done.cause == "tls-pin-changed"
    assert task.state == "needs-password"
    assert fingerprint(new) in task.cause_text
    assert fingerprint(old) in task.cause_text
    assert fingerprint(new) in task.server_line
    # Nothing is pinned anew by itself.
    assert CertificatePin.objects.get().sha256 == old
    assert task.next_at is not None
    assert task.next_at - timezone.now() > timedelta(hours=23)


@pytest.mark.usefixtures("allowed")
def test_where_the_domain_forbids_pins_the_server_is_not_believed_any_more(
    task: RetrievalTask, domain: Domain
) -> None:
    pin_what_is_shown(task)
    run(task)
    features.set_switch(domain, Feature.CERTIFICATE_PINS, False)
    assert run(task, later=LATER, expect_failure=True).cause == "tls-self-signed"


@pytest.mark.usefixtures("allowed")
def test_listening_uses_the_pin(task: RetrievalTask) -> None:
    pin_what_is_shown(task)
    run(task)
    RetrievalTask.objects.update(capabilities="IMAP4REV1 IDLE")
    [account] = watching.wanted()
    watching.connect(account, now=timezone.now()).close()


@pytest.mark.usefixtures("allowed")
def test_where_a_pin_counts_no_more_nobody_goes_on_listening_by_it(
    task: RetrievalTask, domain: Domain
) -> None:
    """An account with another value than before is connected to anew, and then judged anew."""
    pin_what_is_shown(task)
    run(task)
    RetrievalTask.objects.update(capabilities="IMAP4REV1 IDLE")
    before = watching.wanted()
    assert watching.wanted() == before
    features.set_switch(domain, Feature.CERTIFICATE_PINS, False)
    forbidden = watching.wanted()
    assert forbidden != before
    features.set_switch(domain, Feature.CERTIFICATE_PINS, True)
    assert watching.wanted() == before
    CertificatePin.objects.all().delete()
    assert watching.wanted() == forbidden


# Without encryption


@pytest.fixture
def bare(odd_task: MakeTask, imap_server: ImapServer) -> RetrievalTask:
    return odd_task(imap_server)


def test_clear_text_stops_before_a_byte_is_sent_where_it_is_forbidden(
    bare: RetrievalTask, imap_server: ImapServer, domain: Domain
) -> None:
    run(bare)
    wait_until(lambda: "LOGOUT" in imap_server.heard, "the server has heard the last of it")
    heard = len(imap_server.heard)
    features.set_switch(domain, Feature.CLEAR_TEXT, False)
    done = run(bare, later=LATER, expect_failure=True)
    assert (done.cause, bare.state) == ("clear-text-off", "needs-password")
    assert done.cause in CAUSES
    assert len(imap_server.heard) == heard
    features.set_switch(domain, Feature.CLEAR_TEXT, True)
    run(bare, later=2 * LATER)
    assert bare.state == "ok"


def test_nobody_looks_for_a_message_in_clear_text_where_it_is_forbidden(
    bare: RetrievalTask, imap_server: ImapServer, user: User, domain: Domain
) -> None:
    features.set_switch(domain, Feature.CLEAR_TEXT, False)
    wanted = why.sought("lease", None)
    answer = why.on_server(user=user, task=bare, wanted=wanted, clock=timezone.now)
    assert answer.problem is not None
    assert answer.problem.cause == "clear-text-off"
    assert not imap_server.heard


def test_nobody_listens_in_clear_text_where_it_is_forbidden(
    bare: RetrievalTask, task: RetrievalTask, domain: Domain, settings: Settings
) -> None:
    RetrievalTask.objects.update(
        capabilities="IMAP4REV1 IDLE", first_pass_done_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert {account.task_id for account in watching.wanted()} == {bare.pk, task.pk}
    features.set_switch(domain, Feature.CLEAR_TEXT, False)
    assert [account.task_id for account in watching.wanted()] == [task.pk]
    features.set_switch(None, Feature.CLEAR_TEXT, False)
    features.set_switch(domain, Feature.CLEAR_TEXT, True)
    assert [account.task_id for account in watching.wanted()] == [task.pk]
