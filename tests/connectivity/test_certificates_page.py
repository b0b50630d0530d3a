"""The page of trusted certificates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connectivity.models import CertificatePin, Feature
from connectivity.services import features
from protocols.tls import fingerprint

PAGE = reverse("certificates")
ClientFor = Callable[[User], Client]


def pinned(user: User, host: str = "mail.college.test") -> CertificatePin:
    return CertificatePin.objects.create(
        user=user,
        host=host,
        port=993,
        sha256="ab" * 32,
        subject="CN=<b>college</b>",
        issuer="CN=college",
        not_after=datetime(2027, 1, 2, tzinfo=UTC),
    )


def text(browser: Client, address: str = PAGE) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_says_so_where_there_is_none(user: User, client_for: ClientFor) -> None:
    browser = client_for(user)
    assert "You trust no single certificate." in text(browser)
    assert PAGE not in text(browser, reverse("connectivity"))


def test_each_is_shown_with_what_it_said_of_itself(user: User, client_for: ClientFor) -> None:
    features.set_switch(user.domain, Feature.CERTIFICATE_PINS, True)
    pinned(user)
    browser = client_for(user)
    assert PAGE in text(browser, reverse("connectivity"))
    page = text(browser)
    for words in ("mail.college.test, port 993", fingerprint("ab" * 32), "2 Jan 2027"):
        assert words in page
    assert "<b>college" not in page
    assert "does not allow this any more" not in page


def test_where_they_do_not_count_the_page_says_so(user: User, client_for: ClientFor) -> None:
    pinned(user)
    assert "Your administrator does not allow this any more." in text(client_for(user))


def test_one_is_removed_and_the_other_stays(user: User, client_for: ClientFor) -> None:
    gone, kept = pinned(user), pinned(user, "other.test")
    answer = client_for(user).post(reverse("certificate-remove", args=[gone.pk]), follow=True)
    assert "is not trusted any more" in answer.content.decode()
    assert list(CertificatePin.objects.all()) == [kept]


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_reaches_those_of_others(
    user: User, other_user: User, client_for: ClientFor, method: str
) -> None:
    theirs = pinned(other_user, "theirs.test")
    browser = client_for(user)
    assert "theirs.test" not in text(browser)
    answer = getattr(browser, method)(reverse("certificate-remove", args=[theirs.pk]))
    assert answer.status_code == (404 if method == "post" else 405)
    assert CertificatePin.objects.filter(pk=theirs.pk).exists()
