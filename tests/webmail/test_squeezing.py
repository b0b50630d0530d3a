"""Lists are small on their way, where nobody can learn from how small they are."""

from __future__ import annotations

import gzip
import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from mailstore.models import Folder
from tests.webmail.samples import Mailbox, letter, put
from webmail.squeezing import PADDING, squeeze

pytestmark = pytest.mark.django_db

TAKES = {"Accept-Encoding": "gzip, deflate, br"}


def asked(**meta: str) -> HttpRequest:
    request = HttpRequest()
    request.META.update(meta)
    return request


def test_a_list_is_small_and_complete(browser_client: Client, mailbox: Mailbox) -> None:
    for address, headers in (
        ("/", {}),
        (f"/folder/{mailbox.lease.folder_id}/", {}),
        ("/?sort=oldest", {"X-Part": "rows"}),
        ("/?unread=1", {"X-Part": "list"}),
        ("/mail/news/?in=all", {"X-Known": ""}),
    ):
        plain = browser_client.get(address, headers=headers)
        small = browser_client.get(address, headers={**headers, **TAKES})
        assert "Content-Encoding" not in plain.headers
        assert small["Content-Encoding"] == "gzip"
        assert int(small["Content-Length"]) == len(small.content) < 0.4 * len(plain.content) + 500
        text = [_calm(one) for one in (plain.content, gzip.decompress(small.content))]
        assert text[0] == text[1]
        assert "Accept-Encoding" in small["Vary"]


def _calm(body: bytes) -> str:
    """Without the tokens, which are other ones each time."""
    return re.sub(r"[A-Za-z0-9]{64}", "", body.decode())


def test_what_a_stranger_can_write_into_is_not(browser_client: Client, mailbox: Mailbox) -> None:
    """An address another site leads to, and what stands beside signed addresses."""
    pk = mailbox.newsletter.pk
    for address, headers in (
        ("/search/?q=lease", {}),
        ("/?guess=lease", {}),
        (f"/message/{pk}/", {}),
        (f"/message/{pk}/?in=all", {"X-Part": "read"}),
        (f"/message/{pk}/frame/", {}),
    ):
        answer = browser_client.get(address, headers={**headers, **TAKES})
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("takes", "is_small"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("br", False), ("", False)],
)
def test_only_where_the_browser_takes_it(takes: str, is_small: bool) -> None:
    answer = HttpResponse("word " * 1000)
    squeeze(asked(HTTP_ACCEPT_ENCODING=takes), answer)
    assert ("Content-Encoding" in answer.headers) == is_small
    short = HttpResponse("word")
    squeeze(asked(HTTP_ACCEPT_ENCODING=takes), short)
    assert short.content == b"word"


def test_its_length_says_little() -> None:
    lengths = set()
    for _ in range(60):
        answer = HttpResponse("word " * 1000)
        squeeze(asked(HTTP_ACCEPT_ENCODING="gzip"), answer)
        lengths.add(len(answer.content))
    assert len(lengths) > 10
    assert max(lengths) - min(lengths) <= PADDING


def test_news_leave_out_what_is_known(browser_client: Client, mailbox: Mailbox) -> None:
    """Of a page that is here only what came since is told."""
    page = browser_client.get("/").content.decode()
    known = re.findall(r'data-id="(\d+)" data-mark="([0-9a-f]+)"', page)
    have = {"X-Known": ",".join("-".join(one) for one in known)}
    put(Folder.objects.get(pk=mailbox.lease.folder_id), letter("Fresh"), at=timezone.now())
    news = browser_client.get("/mail/news/?in=all", headers=have).json()["rows"]
    assert re.findall(r"<b>(.*?)</b>", news) == ["Fresh"]
    assert [pk for pk, _mark in known] == re.findall(r'data-id="(\d+)" data-same', news)
    odd = {"X-Known": "x-1,9-zz,-,--,9-ffffffffff" + known[0][0] + "-0"}
    assert "data-same" not in browser_client.get("/mail/news/?in=all", headers=odd).json()["rows"]
