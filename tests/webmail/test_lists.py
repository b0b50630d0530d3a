"""The lists of the mail screen."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.webmail.samples import Mailbox


def test_all_inboxes(browser_client: Client, mailbox: Mailbox) -> None:
    page = browser_client.get("/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Lease for the Quay Street studio" in text
    assert "via" not in text or "Gmail" in text


def test_message(browser_client: Client, mailbox: Mailbox) -> None:
    page = browser_client.get(reverse("mail-message", args=[mailbox.lease.pk]))
    assert page.status_code == 200
    page = browser_client.get(reverse("mail-frame", args=[mailbox.newsletter.pk]))
    assert page.status_code == 200
    print(page.content.decode()[-1500:])
