"""Beside the verdict: the list a message came by, and senders who look like one's own people."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Domain, User
from mailstore import headers, mailing_list
from mailstore.mailing_list import MailingList
from mailstore.models import Folder, Message, Source
from smtp_accounts.models import OutboxMessage, OutboxRecipient
from tests.web.names import NameServer
from tests.webmail.samples import letter, put

NAMESAKE = "Somebody in your domain has this name"
OWN = "an address of your own domain"


@pytest.fixture(autouse=True)
def names(name_server: NameServer, settings: Settings) -> None:
    settings.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{name_server.port}"]


def page(client: Client, message: Message) -> str:
    address = reverse("mail-verdict", args=[message.pk])
    return client.get(address, headers={"X-Part": "verdict"}).content.decode()


def test_a_list_in_words(browser_client: Client, inbox: Folder) -> None:
    head = (
        b"List-Id: Crew of the ferry <crew.lists.test>\nList-Post: <mailto:crew@lists.test>\n"
        b"List-Archive: <https://lists.test/crew>\nList-Help: <javascript:alert(1)>\n"
    )
    found = mailing_list.read(headers.parse(head + letter("a")))
    assert found == MailingList("Crew of the ferry", "crew@lists.test", "https://lists.test/crew")
    said = page(browser_client, put(inbox, head + letter("a"), at=timezone.now()))
    assert "Sent to the list Crew of the ferry" in said
    assert 'href="https://lists.test/crew"' in said
    assert "javascript" not in said
    assert "Sent to the list" not in page(
        browser_client, put(inbox, letter("b"), at=timezone.now())
    )


def test_a_name_of_the_house_with_another_address(
    browser_client: Client, inbox: Folder, user: User, make_user: Callable[..., User]
) -> None:
    make_user("ruth@example.test", display_name="Ruth Okafor")
    elsewhere = make_user("nils@example.test", display_name="Nils Berg")
    far = Domain.objects.create(name="far.test")
    User.objects.filter(pk=elsewhere.pk).update(domain=far)
    for sender, expected in (
        ("Ruth  OKAFOR <ruth@evil.test>", True),
        ("Ruth <ruth@evil.test>", False),
        ("Nils Berg <nils@evil.test>", False),
    ):
        message = put(inbox, letter("a", sender=sender), at=timezone.now())
        assert (NAMESAKE in page(browser_client, message)) is expected
    # Whom one has written to is known.
    outbox = OutboxMessage.objects.create(
        user=user, blob=message.blob, from_address=user.email, is_local_from=True,
        message_id="<a@b>", not_before=timezone.now(),
    )  # fmt: skip
    OutboxRecipient.objects.create(outbox=outbox, address="Ruth@evil.test")
    message = put(inbox, letter("a", sender="Ruth Okafor <ruth@evil.test>"), at=timezone.now())
    assert NAMESAKE not in page(browser_client, message)


def test_the_own_domain_from_outside(browser_client: Client, inbox: Folder, user: User) -> None:
    source = Source.objects.create(user=user, name="Gmail", address="m@gmail.com", color=2)
    raw = letter("a", sender=f"Boss <boss@{user.domain.name}>")
    message = put(inbox, raw, at=timezone.now(), source=source)
    assert OWN in page(browser_client, message)
    assert OWN not in page(browser_client, put(inbox, raw, at=timezone.now()))
