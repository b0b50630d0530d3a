"""Every state of a row and of the page of a task, in both themes and two widths."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from connectivity.models import (
    AccountDraft,
    CertificatePin,
    Credential,
    Feature,
    OAuthClient,
    OAuthGrant,
)
from connectivity.services import features
from retrieval.models import RetrievalTask
from smtp_accounts.models import SmtpAccount
from tests.e2e.conftest import PHONE
from tests.e2e.tasks import gallery, row

pytestmark = pytest.mark.django_db(transaction=True)
SCOPES = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access openid"


@pytest.fixture
def tasks(user: User, enter: Callable[[User], None], live_server: LiveServer) -> dict[str, int]:
    """One task in each state, by name; a permission that ended, a pin, a pair and drafts."""
    made, now = gallery(user), timezone.now()
    RetrievalTask.objects.filter(pk=made["Northbank"].pk).update(
        failing_since=now - timedelta(days=3), next_at=now + timedelta(hours=20), refused_count=3
    )
    office = made["Studio"]
    client = OAuthClient.objects.create(provider="microsoft", client_id="x")
    Credential.objects.filter(pk=office.credential_id).update(kind="oauth")
    OAuthGrant.objects.create(
        credential=office.credential, client=client, address="mara@studio.test", scopes=SCOPES
    )
    RetrievalTask.objects.filter(pk=office.pk).update(
        state="needs-password", cause="oauth-password-changed", failing_since=now
    )
    SmtpAccount.objects.create(
        user=user, host="smtp.northbank.test", port=465, encryption="ssl",
        email="mara@northbank.test", use_authentication=True, username="mara@northbank.test",
        credential=made["Northbank"].credential, cause="login-refused",
    )  # fmt: skip
    RetrievalTask.objects.filter(pk=made["College"].pk).update(
        state="backoff", method="automatic", cause="app-password-needed", refused_count=1,
        next_at=now + timedelta(minutes=9), failing_since=now,
    )  # fmt: skip
    features.set_switch(user.domain, Feature.CERTIFICATE_PINS, enabled=True)
    CertificatePin.objects.create(
        user=user, host="mail.gmail.test", port=993, sha256="5f" * 32,
        subject="CN=mail.gmail.test, O=Harbourline", issuer="CN=Harbourline CA",
        not_after=now + timedelta(days=300),
    )  # fmt: skip
    for kind, cause in (("retrieval", "login-refused"), ("smtp", "no-answer")):
        AccountDraft.objects.create(user=user, kind=kind, label="mara@lagoon.test", cause=cause)
    enter(user)
    return {name: task.pk for name, task in made.items()}


def test_the_list_in_every_state(
    page: Page,
    live_server: LiveServer,
    tasks: dict[str, int],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    page.goto(live_server.url + reverse("connectivity"))
    expect(row(page, "Studio")).to_contain_text("Sign in to Microsoft again")
    expect(row(page, "College")).to_contain_text("Enter new password")
    no_barriers()
    shot("states-list")
    row(page, "Northbank").get_by_role("link", name="Enter new password").click()
    expect(row(page, "Northbank")).to_contain_text("Also mends sending as mara@northbank.test.")
    no_barriers()
    shot("states-list-field")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(live_server.url + reverse("connectivity") + "#retrieval")
    # Only the part of the address after # changed: that alone loads nothing.
    page.reload()
    shot("states-phone", (PHONE,))
    row(page, "Northbank").get_by_role("link", name="Enter new password").click()
    expect(row(page, "Northbank").get_by_role("textbox")).to_be_focused()
    no_barriers()
    shot("states-phone-field", (PHONE,))
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= PHONE[0]
    page.goto(live_server.url + reverse("connectivity") + "#smtp")
    shot("states-phone-smtp", (PHONE,))
    page.get_by_role("link", name="Enter new password for sending as").click()
    expect(page.locator("#smtp").get_by_role("textbox")).to_be_focused()
    no_barriers()
    shot("states-smtp-field")
    assert problems == []


@pytest.mark.parametrize("name", ["Northbank", "Studio", "College", "Gmail"])
def test_the_page_of_a_task_in_every_state(
    page: Page,
    live_server: LiveServer,
    tasks: dict[str, int],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
    name: str,
) -> None:
    page.goto(live_server.url + reverse("retrieval-detail", args=[tasks[name]]))
    no_barriers()
    shot(f"states-{name.lower()}", ((1440, 1500), (390, 2200)))
    if name == "Gmail":
        expect(page.get_by_text("Trusted certificate")).to_be_visible()
        page.get_by_role("button", name="Stop trusting").click()
        expect(page.locator("#toasts")).to_contain_text("judged by the authorities again")
        expect(page.get_by_text("Trusted certificate")).to_have_count(0)
        assert not CertificatePin.objects.exists()
    assert problems == []
