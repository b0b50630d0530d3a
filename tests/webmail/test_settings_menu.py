"""The menu of the settings and the search in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from webmail import settings_menu


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        (Role.USER, ["My settings"]),
        (Role.DOMAIN_ADMIN, ["My settings", "example.test"]),
        (Role.SYSTEM_ADMIN, ["My settings", "example.test", "System"]),
    ],
)
def test_everybody_sees_the_groups_of_their_role(
    make_user: Callable[..., User], role: Role, titles: list[str]
) -> None:
    person = make_user("who@example.test", role)
    assert [group.title for group in settings_menu.groups(person)] == titles


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("theme", [("Theme", "settings-appearance", "")]),
        (
            "PASS",
            [
                ("Password", "security", "password"),
                ("Passkeys", "security", "second"),
                ("App passwords", "security", "programs"),
            ],
        ),
        ("retr email", [("Email Retrieval", "connectivity", "retrieval")]),
        ("appearance", [("Appearance", "settings-appearance", "")]),
        ("domains", []),
        ("assword", []),
    ],
)
def test_the_search_finds_pages_and_what_is_on_them(
    user: User, query: str, expected: list[tuple[str, str, str]]
) -> None:
    found = settings_menu.search(settings_menu.groups(user), query)
    assert [(hit.label, hit.item.url, hit.anchor) for hit in found] == expected


def test_the_search_works_without_a_script(
    user: User, client_for: Callable[[User], Client]
) -> None:
    web = client_for(user)
    page = web.get(reverse("settings"), {"q": " theme "}).content.decode()
    assert 'value="theme"' in page
    assert page.count(f'href="{reverse("settings-appearance")}"') == 3  # rail, menu, result
    assert f'href="{reverse("connectivity")}"' not in page
    page = web.get(reverse("settings"), {"q": '"><b>x'}).content.decode()
    assert "No setting is called “&quot;&gt;&lt;b&gt;x”." in page
    assert f'href="{reverse("connectivity")}"' in page
    assert web.get(reverse("settings"), {"q": " "}).headers["Location"].endswith("/account/")


def test_an_administrator_finds_the_switches(
    make_user: Callable[..., User], client_for: Callable[[User], Client]
) -> None:
    web = client_for(make_user("sam@example.test", Role.SYSTEM_ADMIN))
    page = web.get(reverse("settings"), {"q": "feat"}).content.decode()
    assert f'href="{reverse("domain-settings")}#policies"' in page
    assert f'href="{reverse("system-features")}#policies"' in page


def test_the_page_of_one_domain_lights_the_entry_it_was_reached_by() -> None:
    assert settings_menu.page_of("system-domain") == "system-features"
    assert settings_menu.page_of("retrieval-detail") == "connectivity"
    assert settings_menu.page_of("mail") == ""
