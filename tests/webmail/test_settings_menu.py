"""The menu of the settings and the search in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Domain, Role, User
from webmail import settings_menu, settings_pages


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


#: What people type, and where each role is led by it.
LOOKED_FOR = {
    "authenticated": {"connectivity-ips"},
    "ip": {"connectivity-ips"},
    "layout": {"settings-appearance"},
    "push": {"notifications"},
    "certificate": {"certificates"},
    "quota": {"settings-storage"},
    "sign-in": {"security", "connectivity-ips"},
    "device": {"security", "notifications"},
    "export": {"settings-export"},
    "limits": {"settings-storage"},
    "audit": {"settings-activity"},
    "captcha": {"settings-account"},
}
BY_DOMAIN_ADMINS = {
    "certificate": {"domain-settings"},
    "quota": {"domain-limits"},
    "limits": {"domain-limits"},
    "pause": {"domain-health"},
    "audit": {"domain-logs"},
    "export": {"domain-logs"},
    "sign-in": {"domain-logs"},
    "branding": {"domain-branding"},
    "logo": {"domain-branding"},
}
BY_SYSTEM_ADMINS = {
    "certificate": {"system-features"},
    "quota": {"system-limits"},
    "limits": {"system-limits"},
    "pause": {"system-health"},
    "audit": {"system-logs"},
    "export": {"system-logs"},
    "sign-in": {"system-logs", "oauth-clients"},
}
IN_GERMAN = {
    "ip": {"connectivity-ips"},
    "aufteilung": {"settings-appearance"},
    "exportieren": {"settings-export"},
    "grenzen": {"domain-limits", "system-limits"},
    "anmeldungen": {"domain-logs", "system-logs"},
    "anhalten": {"domain-health", "system-health"},
    "audit": {"domain-logs", "system-logs"},
    "erscheinungsbild": {"domain-branding"},
    "logo": {"domain-branding"},
}


def led_to(role: Role, word: str) -> set[str]:
    menu = settings_menu.groups(User(role=role, domain=Domain(name="example.test")))
    return {hit.url for hit in settings_menu.search(menu, word)}


def test_what_people_call_a_setting_leads_to_its_page() -> None:
    tables = {
        Role.USER: [LOOKED_FOR],
        Role.DOMAIN_ADMIN: [LOOKED_FOR, BY_DOMAIN_ADMINS],
        Role.SYSTEM_ADMIN: [LOOKED_FOR, BY_DOMAIN_ADMINS, BY_SYSTEM_ADMINS],
    }
    missed = [
        (role, word, url)
        for role, known in tables.items()
        for table in known
        for word, urls in table.items()
        for url in urls - led_to(role, word)
    ]
    assert missed == []


def test_german_words_lead_there_in_german() -> None:
    with translation.override("de"):
        found = {word: led_to(Role.SYSTEM_ADMIN, word) for word in IN_GERMAN}
    assert {
        word: urls - found[word] for word, urls in IN_GERMAN.items() if urls - found[word]
    } == {}


def test_every_page_of_its_own_can_be_opened(
    user: User, client_for: Callable[[User], Client]
) -> None:
    """An entry with an address leads there from the result, not to the page it is listed under."""
    web = client_for(user)
    own = [entry.url for item in settings_pages.MINE for entry in item.entries if entry.url]
    assert "certificates" in own
    for name in own:
        assert web.get(reverse(name)).status_code == 200
    page = web.get(reverse("settings"), {"q": "certificates"}).content.decode()
    assert f'href="{reverse("certificates")}"' in page
