"""New Retrieval Task in steps: what each tile asks for, and what the buttons of a report do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity import providers
from connectivity.models import AccountDraft, CertificatePin, Feature
from connectivity.providers import PROVIDERS, Server
from connectivity.services import clients, credentials, features
from connectivity.services.clients import Registration
from retrieval.models import RetrievalTask
from smtp_accounts.models import SmtpAccount
from standin.certs import TlsFiles
from standin.dovecot import Dovecot
from standin.smtp import SmtpServer
from tests.retrieval.conftest import SECRET, Remote
from tests.retrieval.pages import CANARY, NEW, Page, stored, typed

LETTERS = "kwytqdnbhzplabcd"
ADDRESS = "mara@gmail.com"


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def gmail(**changes: Any) -> dict[str, str]:
    """The form of Gmail's tile as a browser sends it."""
    values = {"provider": "gmail", "layout": "steps", "email": ADDRESS, "username": ADDRESS}
    return typed(**(values | {"password": LETTERS} | changes))


@pytest.fixture
def account(remote: Remote, smtp_server: SmtpServer) -> Remote:
    """A mailbox that takes the app password for receiving and sending."""
    remote.server.add_user(ADDRESS, LETTERS)
    smtp_server.users[ADDRESS] = LETTERS
    return Remote(remote.server, ADDRESS)


def both(account: Remote, smtp_server: SmtpServer, **changes: Any) -> dict[str, str]:
    """Receiving and sending, on this computer."""
    sending = {"also_send": "on", "smtp_host": "localhost", "smtp_port": smtp_server.tls_port}
    values = {"port": account.server.imaps_port, "smtp_encryption": "ssl"}
    return gmail(**(values | sending | changes))


@pytest.mark.accept("A41")
def test_every_provider_has_its_tile_in_their_order(web: Client) -> None:
    source = web.get(NEW).content.decode()
    places = [source.index(f"provider={one.key}") for one in PROVIDERS]
    assert len(places) >= 12
    assert places == sorted(places)


@pytest.mark.accept("A13")
def test_retrieval_and_migration_are_told_apart(web: Client) -> None:
    text = Page(web.get(NEW)).text
    assert "Moving over for good?" in text
    assert "Retrieval is for an account you go on using" in text
    assert "its mailbox is moved here once, which is called migration" in text


@pytest.mark.accept("A8")
def test_an_app_password_is_explained_and_its_letters_counted(web: Client) -> None:
    response = web.get(NEW, {"provider": "gmail", "address": ADDRESS})
    page = Page(response)
    for words in ("App password", "16 letters. Spaces are removed", "2-Step Verification"):
        assert words in page.text
    assert 'href="https://myaccount.google.com/apppasswords"' in response.content.decode()
    assert "Found by: provider list." in page.text
    assert "The password goes only to the servers of this provider." in page.text


@pytest.mark.accept("A8")
def test_too_few_letters_are_told_once_and_then_tried(web: Client, account: Remote) -> None:
    short = gmail(port=account.server.imaps_port, password="kwyt qdnb hzpl")
    response = web.post(NEW, short)
    page = Page(response)
    assert response.status_code == 422
    assert "has 16 letters; this has 12 letters" in page.text
    assert page.values["letters"] == "1"
    again = web.post(NEW, {**short, "letters": "1"})
    assert "did not accept this username and password" in Page(again).text
    assert stored() == (0, 0, 0)


@pytest.mark.parametrize("key", [one.key for one in PROVIDERS])
@pytest.mark.accept("A59")
def test_a_tile_offers_only_what_its_provider_has(web: Client, key: str) -> None:
    provider = next(one for one in PROVIDERS if one.key == key)
    source = web.get(NEW, {"provider": key}).content.decode()
    for kind in ("imap", "pop"):
        offered = f'<option value="{kind}"' in source or f'name="type" value="{kind}"' in source
        assert offered is (
            kind in provider.types and not (provider.auth == "oauth" and kind == "pop")
        )


@pytest.mark.accept("A14", "A12")
def test_one_form_makes_both_halves_with_one_secret(
    web: Client, account: Remote, smtp_server: SmtpServer
) -> None:
    response = web.post(NEW, both(account, smtp_server))
    assert response.status_code == 302, Page(response).text
    task, sender = RetrievalTask.objects.get(), SmtpAccount.objects.get()
    assert task.tile == "gmail"
    assert (sender.email, sender.source) == (ADDRESS, task.source)
    assert sender.credential == task.credential
    assert credentials.reveal(task.credential) == LETTERS
    assert smtp_server.logins == [ADDRESS]


def test_where_only_sending_fails_receiving_can_be_saved_alone(
    web: Client, account: Remote, smtp_server: SmtpServer
) -> None:
    values = both(account, smtp_server, smtp_port=1)
    response = web.post(NEW, values)
    page = Page(response)
    assert response.status_code == 422
    assert "Save without sending" in page.text
    assert stored() == (0, 0, 0)
    again = {**values, "action": "save-alone", "draft": page.values["draft"]}
    assert web.post(NEW, again).status_code == 302
    assert RetrievalTask.objects.count() == 1
    assert not SmtpAccount.objects.exists()
    assert not AccountDraft.objects.exists()


def test_sending_is_not_offered_where_it_is_off_or_done(
    web: Client, account: Remote, smtp_server: SmtpServer, domain: Domain, user: User
) -> None:
    features.set_switch(domain, Feature.SMTP_ACCOUNTS, enabled=False)
    assert web.post(NEW, both(account, smtp_server)).status_code == 302
    assert not SmtpAccount.objects.exists()
    features.set_switch(domain, Feature.SMTP_ACCOUNTS, enabled=True)
    assert web.post(NEW, both(account, smtp_server, anyway=1)).status_code == 302
    assert web.post(NEW, both(account, smtp_server, anyway=1)).status_code == 302
    assert SmtpAccount.objects.count() == 1


@pytest.mark.accept("A204")
def test_a_sign_in_at_google_is_an_extra_and_displaces_nothing(web: Client) -> None:
    before = Page(web.get(NEW, {"provider": "gmail"}))
    assert "sign in at Google instead" not in before.text
    values = Registration(client_id="here", secret="known to Google")
    clients.register(provider="google", values=values, now=timezone.now())
    response = web.get(NEW, {"provider": "gmail", "address": ADDRESS})
    assert 'type="password"' in response.content.decode()
    assert "sign in at Google instead" in Page(response).text
    extra = web.get(NEW, {"provider": "gmail", "address": ADDRESS, "how": "sign-in"})
    page = Page(extra)
    assert 'type="password"' not in extra.content.decode()
    assert "Continue to Google" in page.text
    assert (page.values["username"], page.values["host"]) == (ADDRESS, "imap.gmail.com")


@pytest.mark.accept("A200", "A201")
def test_one_username_by_its_newer_labels(web: Client) -> None:
    page = Page(web.get(NEW, {"type": "imap", "address": "mara@far.test"}))
    assert page.values["username"] == "mara@far.test"
    assert "Username" in page.text
    assert "Require SSL" in page.text
    assert "Requires SSL" not in page.text
    assert "Retrieve Messages Now" in page.text
    assert page.order.count("username") == 1


@pytest.mark.accept("A90", "A92", "A93", "A96", "A97", "A98", "A99", "A100")
def test_an_exchange_server_is_asked_for_by_its_own_names(web: Client) -> None:
    response = web.get(NEW, {"provider": "exchange"})
    page = Page(response)
    assert page.values.get("host", "") == ""
    for words in ("Server Address", "Email Address", "Retrieval Method", "Folder Transfer Method"):
        assert words in page.text
    assert {"method", "transfer", "destination"} <= set(page.order)
    assert page.values["transfer"] == "subfolders"
    assert "Enable content filtering" in page.text
    assert "spam and content" not in page.text
    assert "A folder of its own is a good choice" in page.text
    assert page.values["require_ssl"] == "on"


@pytest.mark.accept("A9", "A91", "A94")
def test_microsoft_asks_for_no_password_and_keeps_its_server(web: Client) -> None:
    response = web.get(NEW, {"provider": "microsoft365"})
    source = response.content.decode()
    assert 'type="password"' not in source
    assert 'value="outlook.office365.com"' in source
    assert "readonly" in source.split('name="host"')[1].split(">")[0]
    assert "Edit anyway" in source
    page = Page(response)
    # Only boxes that are ticked are carried along: any other would be ticked by it.
    assert page.values["require_ssl"] == page.values["also_send"] == "True"
    assert not {"filter_enabled", "use_apop", "leave_on_server"} & page.values.keys()
    free = web.get(NEW, {"provider": "microsoft365", "edit": "1"}).content.decode()
    assert "readonly" not in free.split('name="host"')[1].split(">")[0]


@pytest.mark.accept("A9")
def test_without_a_registration_it_says_who_can_make_one(
    web: Client, client_for: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    page = Page(web.get(NEW, {"provider": "outlook"}))
    assert "Sign-in at Microsoft is not set up here yet." in page.text
    assert "An administrator of this installation has to register it" in page.text
    boss = make_user("root@example.test", role="system-admin")
    assert "Set it up" in Page(client_for(boss).get(NEW, {"provider": "outlook"})).text


def test_a_button_of_a_report_changes_a_setting_and_tests_again(
    web: Client, account: Remote
) -> None:
    before = gmail(port=1, action="test")
    first = web.post(NEW, before)
    assert 'value="port:993"' in first.content.decode()
    port = account.server.imaps_port
    second = web.post(NEW, {**before, "action": f"port:{port}", "tried": "test"})
    page = Page(second)
    assert "Everything works." in page.text
    assert page.values["port"] == str(port)
    assert LETTERS not in second.content.decode()
    assert stored() == (0, 0, 0)


def test_another_username_and_another_type(web: Client, remote: Remote) -> None:
    """Without a password typed anew nothing is tested: the form shows the change."""
    asked = typed(username="mara@far.test", password="", tried="test", port=993)
    page = Page(web.post(NEW, {**asked, "action": "username:mara"}))
    assert page.values["username"] == "mara"
    page = Page(web.post(NEW, {**asked, "action": "type:pop"}))
    assert (page.values["type"], page.values["port"]) == ("pop", "995")
    page = Page(web.post(NEW, {**asked, "require_ssl": "", "action": "ssl:on"}))
    assert page.values["require_ssl"] == "on"


def test_the_type_of_a_tile_brings_its_servers(web: Client) -> None:
    asked = gmail(host="imap.gmail.com", port=993, type="pop", action="refresh")
    page = Page(web.post(NEW, asked))
    assert (page.values["host"], page.values["port"]) == ("pop.gmail.com", "995")


def test_one_certificate_can_be_trusted_from_the_report(
    web: Client, server_folder: Any, tls_files: TlsFiles, domain: Domain, settings: Settings
) -> None:
    settings.CONNECTIVITY_CA_FILE = ""
    features.set_switch(domain, Feature.CERTIFICATE_PINS, enabled=True)
    with Dovecot(server_folder / "selfmade", {"mara": SECRET}, tls=tls_files.good) as own:
        values = typed(port=own.imaps_port, username="mara", action="test")
        first = web.post(NEW, values).content.decode()
        action = first.split('value="pin:')[1].split('"')[0]
        other = {**values, "action": f"pin:{'0' * 64}", "tried": "test"}
        assert "Everything works." not in Page(web.post(NEW, other)).text
        assert not CertificatePin.objects.exists()
        agreed = web.post(NEW, {**values, "action": f"pin:{action}", "tried": "test"})
        assert "Everything works." in Page(agreed).text
        assert CertificatePin.objects.get().sha256 == action
        saved = web.post(NEW, {**values, "action": "save"})
    assert saved.status_code == 302


def test_a_local_part_is_made_of_the_address(
    web: Client, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Server("localhost", remote.server.imaps_port)
    ours = tuple(
        replace(one, imap=here) if one.key == "icloud" else one for one in providers.PROVIDERS
    )
    for name in ("by_key", "by_address", "by_host"):
        monkeypatch.setattr(getattr(providers, name), "__defaults__", (ours,))
    remote.server.add_user("harbour", SECRET)
    page = Page(web.get(NEW, {"address": "harbour@icloud.com"}))
    assert (page.values["email"], page.values["username"]) == ("harbour@icloud.com", "harbour")
    asked = typed(
        provider="icloud",
        layout="steps",
        email="harbour@icloud.com",
        username="",
        password=SECRET,
        letters=1,
        port=remote.server.imaps_port,
    )
    response = web.post(NEW, asked)
    assert response.status_code == 302, Page(response).text
    task = RetrievalTask.objects.get()
    assert (task.username, task.source.address) == ("harbour", "harbour@icloud.com")


def test_a_canary_is_in_no_answer(web: Client, account: Remote) -> None:
    for action in ("test", "save", "again", "port:993", "refresh", f"pin:{'0' * 64}"):
        asked = gmail(port=account.server.imaps_port, password=CANARY, action=action, letters=1)
        assert CANARY not in web.post(NEW, asked).content.decode()
