"""What costs much has an end, for everybody apart; and what says so is a page of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import Tries, User
from accounts.pacing import paced
from accounts.services import tries
from tests.security.test_routes import (
    Arguments,
    belongings,  # noqa: F401 # a fixture is found by its name here
    routes,
)

#: Route, method, counter, limit, and the stretch in seconds.
PACED = [
    ("mail-unsubscribe", "post", "unsubscribe", 60, 3600),
    ("identity-alignment", "post", "alignment", 60, 3600),
    ("mail-attachments", "get", "attachments", 120, 600),
    ("retrieval-history", "get", "history", 60, 600),
    ("settings-export-start", "post", "export", 6, 86_400),
]


@pytest.mark.parametrize(("name", "method", "counter", "limit", "seconds"), PACED)
def test_what_costs_much_has_an_end(
    user: User,
    belongings: Callable[[str], Arguments],  # noqa: F811 # the fixture
    client_for: Callable[[User], Client],
    name: str,
    method: str,
    counter: str,
    limit: int,
    seconds: int,
) -> None:
    address, browser = _address(name, belongings), client_for(user)
    now = timezone.now()
    # In this stretch and the next, as one may end while the test runs.
    for at in (now, now + timedelta(seconds=seconds)):
        for _ in range(limit):
            assert tries.allow(counter, str(user.pk), limit=limit, seconds=seconds, now=at)
    answer = getattr(browser, method)(address)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= seconds
    assert b"That was too often" in answer.content
    assert b"Traceback" not in answer.content


def _address(name: str, belongings: Callable[[str], Arguments]) -> str:  # noqa: F811 # the fixture
    taken = dict(routes())[name]
    return reverse(name, kwargs=belongings(name) if taken else {})


def test_one_more_than_the_limit_is_one_too_many(user: User, other_user: User) -> None:
    asked: list[HttpRequest] = []

    @paced("tested", limit=3, seconds=10**9, methods=("POST",))
    def view(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return HttpResponse()

    def ask(person: User, method: str = "post") -> int:
        request = getattr(RequestFactory(), method)("/")
        request.user = person
        return view(request).status_code

    assert [ask(user) for _ in range(5)] == [200, 200, 200, 429, 429]
    assert ask(user, "get") == 200  # looking is not counted
    assert ask(other_user) == 200  # and nobody else is kept out
    assert len(asked) == 5


def test_reading_is_never_counted(user: User, client_for: Callable[[User], Client]) -> None:
    browser = client_for(user)
    for address in ("/", "/search/?q=a", "/settings/account/", "/starred/"):
        assert browser.get(address).status_code == 200
    assert not Tries.objects.exists()
