"""The copy of what was sent from here does not pass for mail that was fetched."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Message, Source
from mailstore.services import folders
from protocols.body import Body
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.test_receipts import letter
from tests.webmail import test_came_back

pytestmark = pytest.mark.django_db
copy = test_came_back.copy


def test_it_says_who_took_it_and_not_that_it_was_fetched(
    user: User, browser_client: Client, copy: Message
) -> None:
    """Its account has a mailbox that mail is retrieved from."""
    source = Source.objects.create(user=user, name="Provider", address="mara@provider.test")
    Message.objects.filter(pk=copy.pk).update(source=source)
    page = test_came_back.page_of(browser_client, copy)
    assert "Taken by localhost for 2 recipients" in page
    assert "via Provider, fetched" not in page
    incoming = Incoming(Body.of(letter()), folders.special(user, "inbox"), source=source)
    (fetched,) = deliver([incoming], now=NOW)
    assert "via Provider, fetched" in test_came_back.page_of(browser_client, fetched)
