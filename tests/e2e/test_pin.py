"""A server nobody vouches for: shown, trusted alone, and left again when it shows another face."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from connectivity.models import CertificatePin, Feature
from connectivity.services import features
from mailstore.models import Message
from protocols.tls import fingerprint
from retrieval.models import RetrievalTask
from standin.certs import Pair, TlsFiles
from standin.dovecot import Dovecot
from tests.e2e.tasks import row
from tests.protocols.test_certificates import sha256_of
from tests.retrieval.conftest import letter, run

pytestmark = pytest.mark.django_db(transaction=True)
NAME, SECRET = "student", "a pass word"
Serve = Callable[[Pair], Dovecot]


@pytest.fixture
def serve(
    tmp_path_factory: pytest.TempPathFactory, server_folder: Path, tls_files: TlsFiles
) -> Iterator[Serve]:
    """Start the server of the college, always on the same ports, with a certificate."""
    running: list[Dovecot] = []

    def start(pair: Pair) -> Dovecot:
        ports = (0, 0, 0, 0)
        if running:
            before = running.pop()
            ports = (before.imap_port, before.imaps_port, before.pop3_port, before.pop3s_port)
            before.stop()
        folder = server_folder / f"college-{tmp_path_factory.mktemp('x').name}"
        server = Dovecot(
            folder, {NAME: SECRET}, tls=pair, ca_file=tls_files.ca_file, preferred=ports
        )
        running.append(server.start())
        return server

    yield start
    for server in running:
        server.stop()


def fill_in(page: Page, port: int) -> None:
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Other IMAP server").click()
    for name, value in (("host", "localhost"), ("port", port), ("username", NAME)):
        page.locator(f"[name={name}]").fill(str(value))
    page.locator("[name=password]").fill(SECRET)


def test_without_leave_of_the_domain_it_is_shown_and_not_offered(
    page: Page, settings_page: Callable[[], None], serve: Serve, tls_files: TlsFiles
) -> None:
    server = serve(tls_files.self_signed)
    settings_page()
    fill_in(page, server.imaps_port)
    page.get_by_role("button", name="Test Connection").click()
    report = page.locator("#outcome")
    expect(report).to_contain_text(fingerprint(sha256_of(tls_files.self_signed)))
    expect(page.get_by_role("button", name="Trust this certificate")).to_have_count(0)
    # Nor is it taken from somebody who knows how to ask for it.
    button = page.get_by_role("button", name="Test Connection")
    button.evaluate(
        "(one, sha) => { one.name = 'action'; one.value = `pin:${sha}` }",
        sha256_of(tls_files.self_signed),
    )
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        button.click()
    expect(report).to_contain_text("SHA-256")
    assert not CertificatePin.objects.exists()


def test_one_certificate_is_trusted_and_no_other(
    page: Page,
    live_server: LiveServer,
    settings_page: Callable[[], None],
    user: User,
    serve: Serve,
    tls_files: TlsFiles,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    features.set_switch(user.domain, Feature.CERTIFICATE_PINS, True)
    server = serve(tls_files.self_signed)
    server.append(NAME, "INBOX", letter(1))
    old = sha256_of(tls_files.self_signed)
    settings_page()
    fill_in(page, server.imaps_port)
    page.get_by_role("button", name="Test Connection").click()
    report = page.locator("#outcome")
    expect(report).to_contain_text(fingerprint(old))
    assert not CertificatePin.objects.exists()
    no_barriers()
    report.scroll_into_view_if_needed()
    shot("pin-offered")
    page.get_by_role("button", name="Trust this certificate").click()
    expect(report).to_contain_text("Everything works.")
    assert [pin.sha256 for pin in CertificatePin.objects.all()] == [old]
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("#retrieval .item.task[id]")).to_have_count(1)
    task = RetrievalTask.objects.get()
    run(task)
    assert Message.objects.filter(user=user).count() == 1

    # The operator renews it: nothing is sent, and both are told.
    serve(tls_files.expired)
    new = sha256_of(tls_files.expired)
    run(task, later=timedelta(minutes=20), expect_failure=True)
    settings_page()
    line = row(page, task.source.name)
    expect(line).to_contain_text("needs you")
    no_barriers()
    shot("pin-changed-row")
    page.goto(live_server.url + reverse("retrieval-detail", args=[task.pk]))
    expect(page.locator("#certificate")).to_contain_text(fingerprint(old))
    expect(page.locator("body")).to_contain_text(fingerprint(new))
    no_barriers()
    shot("pin-changed")

    page.get_by_role("button", name="Look at the certificate").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(fingerprint(new))
    no_barriers()
    shot("pin-looked-at")
    page.get_by_role("button", name="Trust this certificate").click()
    expect(report).to_contain_text("Everything works.")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("#outcome")).to_have_count(0)
    task.refresh_from_db()
    run(task, later=timedelta(minutes=40))
    assert task.state == "ok"

    page.goto(live_server.url + reverse("retrieval-detail", args=[task.pk]))
    expect(page.locator("#certificate")).to_contain_text(fingerprint(new))
    shot("pin-detail")
    page.goto(live_server.url + reverse("certificates"))
    expect(page.get_by_role("heading", name="localhost, port")).to_be_visible()
    no_barriers()
    shot("pin-page")
    page.go_back()
    page.get_by_role("button", name="Stop trusting").click()
    expect(page.locator("#certificate")).to_have_count(0)
    assert not CertificatePin.objects.exists()
    assert task.last_ok_at is not None
    assert task.last_ok_at > timezone.now()
    assert [text for text in problems if "422" not in text] == []
