"""Leaving a list: its server told by a signed message only, by mail, or by its page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailstore import headers, unsubscribe
from mailstore.models import Folder, LeftList, Message
from mailstore.unsubscribe import Leaving
from smtp_accounts.models import OutboxMessage, SmtpAccount
from tests.web.names import NameServer
from tests.web.site import Web
from tests.webmail.samples import letter, put
from tests.webmail.signing import record, signed

FIELDS = b"list-unsubscribe", b"list-unsubscribe-post"
POST = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"


def newsletter(*ways: str, post: bytes = POST) -> bytes:
    line = ", ".join(f"<{one}>" for one in ways)
    head = f"List-Id: News <news.harbourline.test>\nList-Unsubscribe: {line}\n".encode() + post
    return head + letter("News")


def read(raw: bytes, *, is_covered: bool = True) -> Leaving | None:
    return unsubscribe.read(headers.parse(raw), "a@b.test", is_covered=is_covered)


def test_what_a_message_says() -> None:
    url, mail = "https://harbourline.test/u?x=1", "mailto:leave@harbourline.test?subject=out%20x"
    found = read(newsletter(mail, url))
    assert found == Leaving(
        "news.harbourline.test", url, "leave@harbourline.test", "out x", one_click=True
    )
    for raw, is_covered in ((newsletter(url), False), (newsletter(url, post=b""), True)):
        plain = read(raw, is_covered=is_covered)
        assert plain is not None
        assert not plain.one_click
    for bad in ("http://a.test/", "https://a@b.test/", "javascript:x", "mailto:a@b.test,c@d.test"):
        assert read(newsletter(bad)) is None
    assert read(b"List-Unsubscribe: <https://evil.test/>\n" + newsletter(url)) is None


@pytest.fixture
def web(local_internet: None, name_server: NameServer, web_server: Web) -> Web:
    """The web as this installation sees it, and the sender's key."""
    name_server.add("sel._domainkey.river.test", "TXT", record())
    name_server.here("river.test")
    return web_server


def page(client: Client, message: Message) -> str:
    address = reverse("mail-verdict", args=[message.pk])
    return client.get(address, headers={"X-Part": "verdict"}).content.decode()


def test_one_click(browser_client: Client, inbox: Folder, web: Web) -> None:
    url = f"https://river.test:{web.https}/leave?u=8812"
    web.put("https://river.test/leave", b"ok")
    message = put(inbox, signed(newsletter(url), "river.test", also=FIELDS), at=timezone.now())
    address = reverse("mail-unsubscribe", args=[message.pk])
    assert address in page(browser_client, message)
    assert "river.test is told" in browser_client.get(address).content.decode()
    assert web.requests == []  # never by itself
    assert browser_client.post(address).status_code == 302
    [asked] = web.requests
    assert (asked.method, asked.target, asked.body) == (
        "POST", "/leave?u=8812", b"List-Unsubscribe=One-Click",
    )  # fmt: skip
    assert "Cookie" not in asked.headers
    assert "Unsubscribed" in page(browser_client, message)


def test_without_a_signature_over_both_nobody_is_told(
    browser_client: Client, inbox: Folder, web: Web
) -> None:
    url = f"https://river.test:{web.https}/leave"
    raw = signed(newsletter(url), "river.test", also=FIELDS[:1])
    message = put(inbox, raw, at=timezone.now())
    answer = browser_client.post(reverse("mail-unsubscribe", args=[message.pk]))
    assert answer.status_code == 422
    assert f'href="{url}"' in answer.content.decode()
    assert web.requests == []


@pytest.mark.parametrize("moved", [True, False])
def test_a_server_that_does_not_take_it(
    browser_client: Client, inbox: Folder, web: Web, moved: bool
) -> None:
    url = f"https://river.test:{web.https}/leave"
    if moved:
        web.move("https://river.test/leave", url + "2")
    message = put(inbox, signed(newsletter(url), "river.test", also=FIELDS), at=timezone.now())
    answer = browser_client.post(reverse("mail-unsubscribe", args=[message.pk]))
    assert "did not take it" in answer.content.decode()
    assert len(web.requests) == 1
    assert not LeftList.objects.exists()


def test_by_mail(browser_client: Client, inbox: Folder, web: Web, account: SmtpAccount) -> None:
    raw = newsletter("mailto:leave@river.test?subject=out%208812", post=b"")
    raw = raw.replace(b"mara@example.test", b"mara@provider.test")
    message = put(inbox, raw, at=timezone.now())
    assert browser_client.post(reverse("mail-unsubscribe", args=[message.pk])).status_code == 302
    [row] = OutboxMessage.objects.all()
    assert (row.from_address, row.subject) == ("mara@provider.test", "out 8812")
    assert row.recipients.get().address == "leave@river.test"


def test_what_is_no_list_cannot_be_left(browser_client: Client, inbox: Folder, web: Web) -> None:
    message = put(inbox, letter("Hello"), at=timezone.now())
    assert browser_client.get(reverse("mail-unsubscribe", args=[message.pk])).status_code == 404
