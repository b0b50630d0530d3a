"""The dialog as a browser meets it: fields, defaults, notes, failures, and other people's ids."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connectivity.models import Credential, Feature, FeatureSwitch
from connectivity.services import credentials
from smtp_accounts.models import Draft, SmtpAccount
from smtp_accounts.services import accounts, identities
from standin.smtp import SmtpServer
from tests.senders import key_of, local_key
from tests.smtp_accounts.conftest import SECRET

ClientFor = Callable[[User], Client]
NEW = "/settings/connectivity/smtp/new/"


@pytest.fixture
def typed(smtp_server: SmtpServer) -> dict[str, str]:
    return {
        "display_name": "Mara Lind",
        "host": "localhost",
        "port": str(smtp_server.tls_port),
        "encryption": "ssl",
        "email": "mara@provider.test",
        "use_authentication": "on",
        "username": "mara@provider.test",
        "password": SECRET,
        "action": "save",
    }


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.accept("A15")
def test_the_card_has_the_button(user: User, client_for: ClientFor) -> None:
    page = client_for(user).get(reverse("connectivity")).content.decode()
    card = page[page.index('id="smtp"') :]
    assert "SMTP Accounts" in text_of(card)
    assert re.search(rf'href="{NEW}"[^>]*>.*?New SMTP Account', card, re.S)


@pytest.mark.accept("A16", "A17", "A18", "A21", "A23", "A24", "A26", "A27", "A28")
def test_the_fields_in_their_order(user: User, client_for: ClientFor) -> None:
    page = client_for(user).get(NEW).content.decode()
    labels = [
        "Display Name",
        "Server Address",
        "Server Port",
        "Encryption",
        "Email Address",
        "Enable Authentication",
        "Username",
        "Password",
    ]
    places = [re.search(rf"<label[^>]*>{one}</", page) for one in labels]
    assert all(places)
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts)
    assert re.findall(r'<option value="(\w+)"[^>]*>(\w+)<', page)[:3] == [
        ("none", "None"),
        ("ssl", "SSL"),
        ("tls", "TLS"),
    ]


@pytest.mark.accept("A19", "A20", "A22", "A25")
def test_defaults_and_notes(user: User, client_for: ClientFor) -> None:
    page = client_for(user).get(NEW).content.decode()
    assert re.search(r'name="port"[^>]*value="25"|value="25"[^>]*name="port"', page)
    said = text_of(page)
    assert "25 is the usual port without encryption" in said
    assert "Some internet providers block it" in said
    assert "The port has to match: 465 for SSL, 587 for TLS" in said
    assert "handed to it with every message, to prove that you may send" in said
    assert "The password would travel unencrypted" in said


@pytest.mark.accept("A22")
@pytest.mark.parametrize(("encryption", "port"), [("ssl", "465"), ("tls", "587"), ("none", "25")])
def test_the_matching_port_is_offered_and_never_filled_in(
    user: User, client_for: ClientFor, typed: dict[str, str], encryption: str, port: str
) -> None:
    browser = client_for(user)
    typed |= {"encryption": encryption, "port": "2525", "password": "", "host": ""}
    page = browser.post(NEW, typed).content.decode()
    assert 'value="2525"' in page
    assert f'name="action" value="port:{port}"' in page
    page = browser.post(NEW, typed | {"action": f"port:{port}"}).content.decode()
    assert re.search(rf'name="port" value="{port}"', page)
    assert 'value="Mara Lind"' in page


@pytest.mark.accept("A31")
def test_save_stores_what_works(
    user: User, client_for: ClientFor, typed: dict[str, str], smtp_server: SmtpServer
) -> None:
    answer = client_for(user).post(NEW, typed, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == reverse("connectivity")
    account = SmtpAccount.objects.get(user=user)
    assert account.credential is not None
    assert credentials.reveal(account.credential) == SECRET
    assert smtp_server.logins == ["mara@provider.test"]
    page = client_for(user).get(reverse("connectivity")).content.decode()
    assert "mara@provider.test" in page
    assert SECRET not in page


@pytest.mark.accept("A33")
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"password": "not this one"}, "did not accept this username and password"),
        ({"port": "1"}, "accepts no connections on port 1"),
        ({"host": "nowhere.invalid"}, "No server has the name nowhere.invalid"),
        ({"encryption": "tls"}, "SSL"),
        ({"host": "192.168.3.4"}, "not a mail server on the public internet"),
    ],
)
def test_a_failing_save_says_why_keeps_what_was_typed_and_stores_nothing(
    user: User,
    client_for: ClientFor,
    typed: dict[str, str],
    changed: dict[str, str],
    sentence: str,
) -> None:
    sent = typed | changed
    answer = client_for(user).post(NEW, sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in text_of(page)
    assert "Nothing was saved." in text_of(page)
    for name in ("display_name", "host", "port", "email", "username"):
        assert f'value="{sent[name]}"' in page
    assert sent["password"] not in page
    assert not SmtpAccount.objects.exists()
    assert not Credential.objects.exists()


@pytest.mark.accept("A30")
def test_a_failure_names_whom_to_ask(
    user: User, client_for: ClientFor, typed: dict[str, str]
) -> None:
    page = client_for(user).post(NEW, typed | {"action": "test", "password": "x"}).content.decode()
    assert "The administrator of the other account knows its SMTP settings" in text_of(page)


@pytest.mark.accept("A29")
def test_test_connection_tells_every_stage_and_stores_nothing(
    user: User, client_for: ClientFor, typed: dict[str, str]
) -> None:
    answer = client_for(user).post(NEW, typed | {"action": "test"})
    said = text_of(answer.content.decode())
    assert answer.status_code == 200
    stages = ("Name found", "Connected", "Encrypted", "Greeting (EHLO)", "Sign-in", "Send test")
    report = text_of(answer.content.decode().split('id="outcome"')[1])
    places = [report.index(one) for one in stages]
    assert places == sorted(places)
    assert "Everything works. Nothing is saved yet." in said
    assert SECRET not in answer.content.decode()
    assert not SmtpAccount.objects.exists()


@pytest.mark.accept("A26")
def test_an_empty_username_is_the_address(
    user: User, client_for: ClientFor, typed: dict[str, str]
) -> None:
    client_for(user).post(NEW, typed | {"username": ""})
    assert SmtpAccount.objects.get().username == "mara@provider.test"


@pytest.mark.accept("A39")
def test_without_authentication_no_password_is_asked_for(
    user: User, client_for: ClientFor, typed: dict[str, str], tls_files: object
) -> None:
    del typed["use_authentication"]
    answer = client_for(user).post(NEW, typed | {"password": "", "username": "", "host": "x y"})
    said = text_of(answer.content.decode())
    assert "Enter only the name of the server" in said
    assert "Enter the password" not in said


def test_everything_that_is_missing_is_told_at_once(
    user: User, client_for: ClientFor, typed: dict[str, str]
) -> None:
    said = text_of(
        client_for(user).post(NEW, typed | {"password": "", "host": ""}).content.decode()
    )
    assert "Enter the server address." in said
    assert "Enter the password." in said


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("host", "", "Enter the server address."),
        ("host", "https://mail.example.com/", "Enter only the name of the server"),
        ("port", "0", "greater than or equal to 1"),
        ("port", "65536", "less than or equal to 65535"),
        ("port", "smtp", "Enter a whole number."),
        ("email", "mara", "Enter a full address"),
        ("email", "mara@provider.test\r\nBcc: x@y.test", "cannot be typed"),
        ("username", "mara\r\nRCPT TO:<x@y.test>", "cannot be typed"),
        ("password", "a\r\nb", "cannot be typed"),
        ("display_name", "Mara\r\nBcc: x@y.test", "cannot be typed"),
        ("password", "", "Enter the password."),
    ],
)
def test_bad_shapes_are_told_at_their_field(
    user: User,
    client_for: ClientFor,
    typed: dict[str, str],
    smtp_server: SmtpServer,
    name: str,
    value: str,
    sentence: str,
) -> None:
    answer = client_for(user).post(NEW, typed | {name: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    (error,) = re.findall(rf'id="id_{name}_error">(.*?)</span></span>', page, re.S)
    assert sentence in text_of(error)
    assert smtp_server.logins == []


@pytest.mark.accept("A190")
def test_the_password_never_comes_back(
    user: User, client_for: ClientFor, account: SmtpAccount
) -> None:
    page = client_for(user).get(reverse("smtp-account-edit", args=[account.pk])).content.decode()
    assert SECRET not in page
    assert "Leave blank to keep the stored password." in text_of(page)
    assert not re.search(r'type="password"[^>]*value=', page)


def test_editing_another_server_asks_for_the_password_again(
    user: User, client_for: ClientFor, account: SmtpAccount, typed: dict[str, str]
) -> None:
    answer = client_for(user).post(
        reverse("smtp-account-edit", args=[account.pk]),
        typed | {"password": "", "host": "127.0.0.1"},
    )
    assert answer.status_code == 422
    assert "Enter the password again" in text_of(answer.content.decode())


def test_a_stored_account_can_be_tested(
    user: User, client_for: ClientFor, account: SmtpAccount
) -> None:
    fields = {
        "host": account.host, "port": account.port, "encryption": account.encryption,
        "email": account.email, "use_authentication": "on", "username": account.username,
        "password": "", "display_name": "", "action": "test",
    }  # fmt: skip
    answer = client_for(user).post(reverse("smtp-account-edit", args=[account.pk]), fields)
    assert "Everything works." in text_of(answer.content.decode())


@pytest.mark.accept("A34")
def test_delete_asks_first(user: User, client_for: ClientFor, account: SmtpAccount) -> None:
    browser = client_for(user)
    edit = browser.get(reverse("smtp-account-edit", args=[account.pk])).content.decode()
    address = reverse("smtp-account-delete", args=[account.pk])
    assert f'href="{address}"' in edit
    assert "Delete mara@provider.test?" in text_of(browser.get(address).content.decode())
    assert SmtpAccount.objects.exists()
    assert browser.post(address).status_code == 302
    assert not SmtpAccount.objects.exists()


@pytest.mark.accept("A198")
def test_deleting_a_default_from_asks_for_a_replacement(
    user: User, client_for: ClientFor, account: SmtpAccount, make_draft: Callable[..., Draft]
) -> None:
    identities.set_default(user, identities.primary_of(account))
    make_draft(account)
    browser = client_for(user)
    address = reverse("smtp-account-delete", args=[account.pk])
    said = text_of(browser.get(address).content.decode())
    assert "It is your Default From Address." in said
    assert "1 draft is written from it." in said
    refused = browser.post(address)
    assert refused.status_code == 422
    assert "Choose the address that takes its place." in text_of(refused.content.decode())
    assert browser.post(address, {"replacement": key_of(account)}).status_code == 422
    assert SmtpAccount.objects.exists()
    assert browser.post(address, {"replacement": local_key(user)}).status_code == 302
    assert Draft.objects.get().identity.account is None


@pytest.mark.accept("A5", "A6")
def test_switched_off_nothing_is_offered_and_the_administrator_is_named(
    user: User, client_for: ClientFor, account: SmtpAccount
) -> None:
    FeatureSwitch.objects.create(domain=user.domain, feature=Feature.SMTP_ACCOUNTS, enabled=False)
    browser = client_for(user)
    assert "New SMTP Account" not in browser.get(reverse("connectivity")).content.decode()
    for address in (NEW, reverse("smtp-account-edit", args=[account.pk])):
        answer = browser.get(address)
        assert answer.status_code == 403
        assert "Contact your administrator" in text_of(answer.content.decode())


ROUTES = ["smtp-account-edit", "smtp-account-delete"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_users_account_is_not_there(
    other_user: User, client_for: ClientFor, account: SmtpAccount, route: str, method: str
) -> None:
    address = reverse(route, args=[account.pk])
    assert getattr(client_for(other_user), method)(address).status_code == 404
    assert SmtpAccount.objects.filter(pk=account.pk).exists()


def test_another_users_account_is_no_replacement(
    user: User,
    other_user: User,
    client_for: ClientFor,
    account: SmtpAccount,
    values: Callable[..., accounts.AccountValues],
) -> None:
    from_other = SmtpAccount.objects.create(user=other_user, host="x.test", email="o@x.test")
    identities.set_default(user, identities.primary_of(account))
    address = reverse("smtp-account-delete", args=[account.pk])
    answer = client_for(user).post(address, {"replacement": key_of(from_other)})
    assert answer.status_code == 422
    assert SmtpAccount.objects.filter(pk=account.pk).exists()


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_gets_in_without_signing_in(account: SmtpAccount, route: str) -> None:
    answer = Client().get(reverse(route, args=[account.pk]))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("sign-in"))
