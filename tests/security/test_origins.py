"""Where a request comes from, by which method, and under which name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User

METHODS = ("trace", "put", "delete", "patch")


def strict(user: User) -> Client:
    """A browser as in life: its forms need a token, and say where they stand."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_an_origin_that_is_not_ours_is_refused(user: User) -> None:
    browser = strict(user)
    browser.get(reverse("settings-appearance"))
    token = browser.cookies["csrftoken"].value
    form = {"theme": "dark", "csrfmiddlewaretoken": token}

    def post(**head: str) -> int:
        address = reverse("set-theme")
        return browser.post(address, form, secure=True, headers=head).status_code

    ours = "https://testserver"
    assert post(origin=ours) == 302
    for origin in (
        "https://evil.test",
        "http://testserver",
        "https://testserver.evil.test",
        "null",
    ):
        assert post(origin=origin) == 403, origin
    # Without an Origin the Referer has to be ours.
    assert post(referer=f"{ours}/settings/") == 302
    for referer in ("https://evil.test/", "http://testserver/", "https://testserver@evil.test/"):
        assert post(referer=referer) == 403, referer
    assert post() == 403


def test_a_token_of_somebody_else_is_refused(user: User, other_user: User) -> None:
    mine, theirs = strict(user), strict(other_user)
    for browser in (mine, theirs):
        browser.get(reverse("settings-appearance"))
    form = {"theme": "dark", "csrfmiddlewaretoken": theirs.cookies["csrftoken"].value}
    assert mine.post(reverse("set-theme"), form).status_code == 403
    assert mine.post(reverse("set-theme"), {"theme": "dark"}).status_code == 403
    user.refresh_from_db()
    assert user.theme == "system"


def test_folders_and_odd_methods_are_not_answered(
    user: User, client_for: Callable[[User], Client]
) -> None:
    browser = client_for(user)
    for address in ("/static/", "/static/js/", "/static/../manage.py", "/static/%2e%2e/manage.py"):
        assert browser.get(address).status_code == 404, address
    for address in (
        "/.git/config",
        "/.env",
        "/docs/",
        "/admin/",
        "/accounts/login/",
        "/__debug__/",
    ):
        assert browser.get(address).status_code == 404, address
    for method in METHODS:
        for name in ("mail-news", "set-theme", "connectivity"):
            assert getattr(browser, method)(reverse(name)).status_code in {404, 405}, (method, name)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_turns_one_method_into_another(
    user: User, client_for: Callable[[User], Client], header: str
) -> None:
    browser = client_for(user)
    answer = browser.get(
        reverse("set-theme"), {"theme": "dark", "_method": "POST"}, headers={header: "POST"}
    )
    assert answer.status_code == 405
    user.refresh_from_db()
    assert user.theme == "system"


def test_a_cache_learns_nothing_from_forged_headers(
    user: User, client_for: Callable[[User], Client], settings: Settings
) -> None:
    """What a proxy might keep says nothing of what only the forger sent."""
    forged = {
        "X-Forwarded-Host": "evil.test", "X-Host": "evil.test", "X-Forwarded-Server": "evil.test",
        "Forwarded": "host=evil.test", "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil",
        "X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "666", "X-Forwarded-Scheme": "evil",
    }  # fmt: skip
    for browser, addresses in (
        (
            Client(),
            ["/", "/sign-in/", "/recover/", "/offline/", "/manifest.webmanifest", "/nowhere/"],
        ),
        (client_for(user), ["/", "/settings/", "/settings/connectivity/", "/nowhere/"]),
    ):
        for address in addresses:
            answer = browser.get(address, headers=forged)
            assert "evil" not in answer.content.decode(), address
            assert "evil" not in answer.headers.get("Location", ""), address
            assert "666" not in answer.headers.get("Location", ""), address
            assert "no-store" in answer.headers["Cache-Control"], address
    # And what depends on who asks or in which language says so.
    assert {"Accept-Language", "Cookie"} <= {
        one.strip() for one in Client().get("/sign-in/")["Vary"].split(",")
    }
