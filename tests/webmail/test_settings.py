"""The general settings pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from mailstore.models import Folder
from smtp_accounts.models import SmtpAccount
from smtp_accounts.services import identities
from tests.conftest import PASSWORD
from tests.senders import local_key
from tests.webmail.samples import letter, put

VALUES = {
    "display_name": "  Mara  L. ",
    "language": "en",
    "time_zone": "Asia/Tokyo",
}


@pytest.fixture
def values(user: User) -> dict[str, str]:
    """What the account page posts."""
    return {**VALUES, "default_from": local_key(user)}


def test_the_way_through_the_settings_icon(browser_client: Client) -> None:
    page = browser_client.get("/").content.decode()
    assert re.search(r'<a class="rail__item" href="/settings/"', page)
    page = browser_client.get("/settings/", follow=True).content.decode()
    assert re.search(r'<a class="tree__item" href="/settings/connectivity/"', page)


def test_saving_the_account_page(
    browser_client: Client, user: User, values: dict[str, str]
) -> None:
    answer = browser_client.post("/settings/account/", values, follow=True)
    assert "Saved." in answer.content.decode()
    user.refresh_from_db()
    assert (user.display_name, user.time_zone) == ("Mara L.", "Asia/Tokyo")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "xx"),
        ("time_zone", "Mars/Base"),
        ("default_from", "99"),
        ("display_name", "x" * 201),
        ("undo_send", "31"),
        ("undo_send", "-1"),
    ],
)
def test_wrong_values_store_nothing(
    browser_client: Client, user: User, values: dict[str, str], field: str, value: str
) -> None:
    answer = browser_client.post("/settings/account/", {**values, field: value})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    user.refresh_from_db()
    assert user.time_zone == "UTC"


def test_a_name_is_one_line(browser_client: Client, user: User, values: dict[str, str]) -> None:
    values |= {"display_name": "Mara\r\nBcc: x@y.test"}
    browser_client.post("/settings/account/", values)
    user.refresh_from_db()
    assert "\n" not in user.display_name
    assert "\r" not in user.display_name


def test_how_messages_start_and_leave(
    browser_client: Client, user: User, values: dict[str, str]
) -> None:
    page = browser_client.get("/settings/account/").content.decode()
    assert re.search(r'<option value="10" selected>10 seconds<', page)
    chosen = {"undo_send": "30", "writes_plain": "on"}
    browser_client.post("/settings/account/", {**values, **chosen})
    user.refresh_from_db()
    assert (user.undo_send, user.writes_plain) == (30, True)
    browser_client.post("/settings/account/", {**values, "undo_send": "0"})
    user.refresh_from_db()
    assert (user.undo_send, user.writes_plain) == (0, False)
    # Seconds that somebody set in another way stay in the list.
    User.objects.filter(pk=user.pk).update(undo_send=7)
    page = browser_client.get("/settings/account/").content.decode()
    assert re.search(r'<option value="7" selected>7 seconds<', page)


@pytest.mark.accept("A36", "A167")
def test_the_default_from_address(
    browser_client: Client, user: User, other_user: User, values: dict[str, str]
) -> None:
    mine = SmtpAccount.objects.create(user=user, host="smtp.test", email="mara@other.test")
    theirs = SmtpAccount.objects.create(user=other_user, host="smtp.test", email="o@other.test")
    here, there = identities.follow(mine), identities.follow(theirs)
    page = browser_client.get("/settings/account/").content.decode()
    assert "mara@other.test" in page
    assert "o@other.test" not in page
    browser_client.post("/settings/account/", {**values, "default_from": str(here.pk)})
    assert identities.for_new(user).send_from.address == "mara@other.test"
    page = browser_client.get("/settings/account/").content.decode()
    assert re.search(rf'<option value="{here.pk}" selected', page)
    foreign = {**values, "default_from": str(there.pk)}
    assert browser_client.post("/settings/account/", foreign).status_code == 422
    assert identities.for_new(user).send_from.address == "mara@other.test"
    browser_client.post("/settings/account/", values)
    assert identities.for_new(user).send_from.address == user.email


def test_theme_and_density(browser_client: Client, user: User) -> None:
    assert 'data-theme="' not in browser_client.get("/").content.decode()
    values = {"theme": "dark", "density": "compact", "layout": "below"}
    browser_client.post("/settings/appearance/", values)
    page = browser_client.get("/").content.decode()
    assert '<html lang="en" data-theme="dark">' in page
    assert 'data-layout="below"' in page
    browser_client.post("/settings/layout/", {"layout": "none", "next": "/starred/"})
    browser_client.post("/settings/layout/", {"layout": "sideways", "density": "huge"})
    assert 'data-layout="none"' in browser_client.get("/").content.decode()
    assert browser_client.post("/settings/appearance/", {"theme": "pink"}).status_code == 422
    browser_client.post("/settings/theme/", {"next": "/starred/"})
    user.refresh_from_db()
    assert (user.theme, user.density, user.layout) == ("light", "compact", "none")
    answer = browser_client.post("/settings/theme/", {"theme": "system", "next": "//evil.test"})
    assert answer["Location"] == "/"


def test_times_are_in_the_users_zone(browser_client: Client, user: User, inbox: Folder) -> None:
    moment = timezone.now().replace(hour=23, minute=30) - timedelta(days=200)
    put(inbox, letter("Late"), at=moment)
    User.objects.filter(pk=user.pk).update(time_zone="Asia/Tokyo")
    page = browser_client.get("/").content.decode()
    tokyo = (moment + timedelta(hours=9)).date()
    assert f"{tokyo.day} {tokyo:%b}" in page
    User.objects.filter(pk=user.pk).update(time_zone="No/Where")
    assert browser_client.get("/").status_code == 200


def test_the_language_is_the_users(browser_client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(language="de")
    answer = browser_client.get("/settings/account/")
    assert '<html lang="de"' in answer.content.decode()
    assert answer["Content-Language"] == "de"
    assert translation.get_language() == "en"


def test_the_password_is_changed_and_other_sessions_end(
    user: User, browser_client: Client, client_for: Callable[[User], Client]
) -> None:
    elsewhere = client_for(user)
    form = {"old_password": PASSWORD, "new_password1": "three calm otters", "new_password2": ""}
    refused = browser_client.post(reverse("security-password"), form)
    assert refused.status_code == 422
    assert PASSWORD not in refused.content.decode()
    assert "three calm otters" not in refused.content.decode()
    form["new_password2"] = form["new_password1"]
    wrong = browser_client.post(reverse("security-password"), {**form, "old_password": "guess"})
    assert wrong.status_code == 422
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    done = browser_client.post(reverse("security-password"), form, follow=True)
    assert "Your password is changed" in done.content.decode()
    user.refresh_from_db()
    assert user.check_password("three calm otters")
    assert browser_client.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
