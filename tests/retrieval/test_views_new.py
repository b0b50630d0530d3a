"""New Retrieval Task: what the pages show and propose."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.retrieval.conftest import SECRET
from tests.retrieval.pages import NEW, Page, typed


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


@pytest.mark.accept("A40", "A41")
def test_step_one_asks_for_the_address_or_a_provider(web: Client) -> None:
    page = Page(web.get(NEW))
    assert "address" in page.order
    for tile in ("Gmail", "Yahoo", "iCloud", "Other IMAP server", "Other POP server"):
        assert tile in page.text


@pytest.mark.accept("A56")
def test_a_checklist_for_ones_own_it_is_at_hand(web: Client) -> None:
    text = Page(web.get(NEW)).text
    for needed in ("Server address", "Port", "Username", "Password", "SSL", "APOP"):
        assert needed in text


@pytest.mark.accept("A205")
def test_the_fields_come_in_their_order(web: Client) -> None:
    wanted = [
        "type",
        "host",
        "port",
        "username",
        "password",
        "method",
        "transfer",
        "destination",
        "use_apop",
        "leave_on_server",
        "require_ssl",
        "filter_enabled",
    ]
    page = Page(web.get(NEW, {"type": "pop"}))
    assert [name for name in page.order if name in wanted] == wanted
    text = web.get(NEW, {"type": "pop"}).content.decode()
    assert text.index('value="test"') < text.rindex('value="save"')


@pytest.mark.parametrize(
    ("kind", "port"),
    [
        pytest.param("imap", "143", marks=pytest.mark.accept("A76", "A79")),
        pytest.param("pop", "110", marks=pytest.mark.accept("A60", "A63")),
    ],
)
def test_the_plain_defaults(web: Client, kind: str, port: str) -> None:
    page = Page(web.get(NEW, {"type": kind}))
    assert (page.values["type"], page.values["port"]) == (kind, port)
    assert page.values["method"] == "automatic"
    assert page.values["require_ssl"] == "on"
    assert "leave_on_server" not in page.values
    assert "use_apop" not in page.values
    assert "filter_enabled" not in page.values


@pytest.mark.accept("A42", "A43", "A64", "A80", "A58", "A72", "A44")
def test_the_notes_are_shown(web: Client) -> None:
    text = Page(web.get(NEW, {"type": "pop"})).text
    for note in (
        "IMAP fetches all messages of all folders",
        "POP fetches only the Inbox, and normally deletes the originals",
        "Some providers use another port",
        "May be unnecessary if the spam filter of the other side is good",
        "Messages will be removed there.",
        "Manual",
        "Automatic",
        "Every 10 minutes",
    ):
        assert note in text


@pytest.mark.accept("A74", "A89", "A202")
def test_the_filter_switch_is_named_after_the_type(web: Client) -> None:
    source = web.get(NEW, {"type": "imap"}).content.decode()
    assert "Enable spam and content filtering" in source
    assert '<span class="for-imap">(Inbox only)</span>' in source


@pytest.mark.accept("A203")
def test_the_secure_port_is_offered_in_one_click_and_never_forced(web: Client) -> None:
    source = web.get(NEW, {"type": "imap"}).content.decode()
    assert 'value="port:993"' in source
    after = Page(web.post(NEW, typed(action="port:993", port=143)))
    assert after.values["port"] == "993"
    again = Page(web.post(NEW, typed(action="refresh", port=1143)))
    assert again.values["port"] == "1143"


def test_another_type_without_javascript(web: Client) -> None:
    response = web.post(NEW, typed(action="refresh", type="pop", port=143, host="mx.test"))
    page = Page(response)
    assert (page.values["type"], page.values["port"]) == ("pop", "110")
    assert page.values["host"] == "mx.test"
    assert SECRET not in response.content.decode()


@pytest.mark.accept("A8", "A199")
def test_a_gmail_address_brings_its_servers_and_the_app_password_note(web: Client) -> None:
    page = Page(web.get(NEW, {"address": "mara@gmail.com"}))
    assert (page.values["host"], page.values["port"]) == ("imap.gmail.com", "993")
    assert page.values["username"] == "mara@gmail.com"
    assert "app password of 16 letters" in page.text
    assert "less secure" not in page.text


def test_an_unknown_address_goes_on_with_sensible_values(web: Client) -> None:
    page = Page(web.get(NEW, {"address": "mara@remote.test"}))
    assert page.values["username"] == "mara@remote.test"
    assert "not in our list" in page.text


@pytest.mark.accept("A59")
def test_a_provider_without_pop_does_not_offer_it(web: Client) -> None:
    page = Page(web.get(NEW, {"provider": "icloud", "type": "pop"}))
    assert page.values["type"] == "imap"
    assert "iCloud does not offer POP" in page.text


def test_something_that_is_no_address(web: Client) -> None:
    response = web.get(NEW, {"address": "mara"})
    assert response.status_code == 422
    assert 'value="mara"' in response.content.decode()


def test_htmx_gets_the_dialog_alone(web: Client) -> None:
    response = web.get(NEW, headers={"HX-Request": "true"})
    assert response.content.decode().lstrip().startswith("<dialog")
    page = web.get(NEW).content.decode()
    assert "<dialog" not in page
    assert "<html" in page


def test_back_from_an_unknown_address_brings_it_along_to_be_put_right(web: Client) -> None:
    unknown = web.get(NEW, {"address": "mara@gmial.test"}).content.decode()
    back = f"{NEW}?was=mara%40gmial.test"
    assert f'href="{back}"' in unknown
    first = web.get(back)
    assert Page(first).values["address"] == "mara@gmial.test"
    assert "or pick the provider" in Page(first).text
    assert first.content.decode().count("autofocus") == 1


def test_everything_that_is_missing_is_told_at_once(web: Client) -> None:
    empty = web.post(NEW, {"type": "imap", "port": "993", "action": "test"})
    text = Page(empty).text
    assert empty.status_code == 422
    for sentence in ("Enter the server address.", "Enter the username.", "Enter the password."):
        assert sentence in text
