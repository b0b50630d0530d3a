"""Back in after a forgotten password, from the sign-in page through a real Postfix."""

from __future__ import annotations

import email
import re
import tempfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from captcha.models import CaptchaStore
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts import nudge
from accounts.models import AppPassword, User, UserSession
from accounts.tasks import work_off_recoveries
from smtp_accounts.tasks import send_system_mail
from standin.certs import TlsFiles
from standin.postfix import Postfix
from tests.accounts.recovering import BACKUP, NEW, with_backup
from tests.waiting import wait_until

_LINK = re.compile(r"https?://\S+/recover/link/[\w-]+/")


@pytest.fixture
def relay(settings: Settings, server_folder: Path, tls_files: TlsFiles) -> Iterator[Postfix]:
    """What the installation sends through, and the maildir in which its mail arrives."""
    folder = Path(tempfile.mkdtemp(prefix="postfix-", dir=server_folder))
    # Its daemons are other users.
    folder.chmod(0o755)
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    with Postfix(folder, {"tributary": "korrekt-pferd"}, tls=tls_files) as server:
        settings.RELAY_URL = f"smtp+starttls://tributary:korrekt-pferd@localhost:{server.port}"
        yield server


def answer_of(page: Page) -> str:
    key = page.locator("[name=challenge]").input_value()
    return str(CaptchaStore.objects.get(hashkey=key).response)


def arrived(relay: Postfix) -> EmailMessage:
    """The one message that came to the backup mailbox since the last one was read."""
    wait_until(relay.kept, "the message lies in the mailbox")
    (kept,) = relay.kept()
    assert kept.recipient == BACKUP
    relay.forget()
    return email.message_from_bytes(kept.raw, policy=default)


def mailed(relay: Postfix) -> str:
    """What the workers do, and the link in the message that arrives."""
    work_off_recoveries()
    send_system_mail()
    message = arrived(relay)
    assert message["To"] == BACKUP
    body = message.get_content()
    found = _LINK.search(body)
    assert found, body
    return found[0]


@pytest.mark.accept("A160", "A161", "A162", "A163", "A164")
def test_from_the_forgotten_password_to_the_mail(
    page: Page,
    live_server: LiveServer,
    user: User,
    relay: Postfix,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    problems: list[str],
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
) -> None:
    # Workers are called below, so that nothing depends on a broker that is not there.
    monkeypatch.setattr(nudge, "recoveries", lambda: None)
    settings.SITE_URL = live_server.url
    now = timezone.now()
    with_backup(user, now)
    elsewhere = Client()
    elsewhere.force_login(user)
    UserSession.objects.update_or_create(
        key=elsewhere.session.session_key,
        defaults={"user": user, "client": "Firefox 140 on Linux", "started_at": now,
                  "seen_at": now, "address": "203.0.113.7"},
    )  # fmt: skip
    AppPassword.objects.create(user=user, name="Phone", secret_hash="x", made_at=now)

    page.goto(live_server.url + "/sign-in/")
    page.get_by_role("link", name="Forgot your password?").click()
    expect(page.get_by_role("heading", name="Forgot your password?")).to_be_visible()
    expect(page.get_by_role("img", name="Five letters")).to_have_js_property("complete", True)
    no_barriers()
    shot("recovery")
    address = page.get_by_label("Email Address")
    address.fill(user.email)

    # Another one, and then one in words, without the page being loaded anew or anything lost.
    first = page.locator("[name=challenge]").input_value()
    page.get_by_role("button", name="New picture").click()
    expect(page.locator("[name=challenge]")).not_to_have_value(first)
    page.get_by_role("button", name="Answer a question instead").press("Enter")
    expect(page.get_by_label("What is")).to_be_focused()
    no_barriers()
    shot("recovery-question")
    page.get_by_label("What is").fill("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("That was not right. Here is another one.")).to_be_visible()
    expect(address).to_have_value(user.email)
    page.get_by_label("What is").fill(answer_of(page))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Check your other mailbox")).to_be_visible()
    no_barriers()
    shot("recovery-sent")

    link = mailed(relay)
    page.goto(link)
    expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    expect(page).to_have_url(f"{live_server.url}/recover/new-password/")
    expect(page.get_by_text("Firefox 140 on Linux")).to_be_visible()
    expect(page.get_by_label("Phone")).not_to_be_checked()
    no_barriers()
    shot("recovery-choose")
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password, once more").fill(NEW)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your password is new")).to_be_visible()
    no_barriers()
    shot("recovery-done")
    assert elsewhere.get("/").status_code == 302
    assert not AppPassword.objects.exists()
    send_system_mail()
    told = arrived(relay)
    assert (told["To"], "was changed" in str(told["Subject"])) == (BACKUP, True)

    page.goto(link)
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    shot("recovery-over")
    page.get_by_role("link", name="Back to sign in").click()
    page.get_by_label("Email Address").fill(user.email)
    page.get_by_label("Password").fill(NEW)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_have_count(0)
    # A link that is over answers 410, which the console tells of.
    assert [one for one in problems if "410" not in one and "422" not in one] == []
