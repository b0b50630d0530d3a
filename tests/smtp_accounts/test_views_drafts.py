"""New SMTP Account: filled in by a tile, mended from its report, kept when it fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity.models import AccountDraft, CertificatePin, Credential, Feature
from connectivity.services import features
from smtp_accounts.models import SmtpAccount
from standin.smtp import SmtpServer
from tests.retrieval.pages import CANARY, Page
from tests.smtp_accounts.conftest import EXTERNAL, SECRET, USERNAME

NEW = reverse("smtp-account-new")


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


@pytest.fixture
def typed(smtp_server: SmtpServer) -> dict[str, str]:
    return {
        "display_name": "Mara Lind",
        "host": "localhost",
        "port": str(smtp_server.tls_port),
        "encryption": "ssl",
        "email": EXTERNAL,
        "use_authentication": "on",
        "username": USERNAME,
        "password": SECRET,
        "action": "save",
    }


@pytest.fixture
def refused(web: Client, typed: dict[str, str]) -> AccountDraft:
    assert web.post(NEW, {**typed, "password": CANARY}).status_code == 422
    return AccountDraft.objects.get()


def url(draft: AccountDraft) -> str:
    return reverse("smtp-draft", args=[draft.pk])


@pytest.mark.parametrize(
    ("address", "host", "port", "encryption"),
    [
        ("mara@gmail.com", "smtp.gmail.com", "465", "ssl"),
        ("mara@yahoo.com", "smtp.mail.yahoo.com", "465", "ssl"),
        ("mara@icloud.com", "smtp.mail.me.com", "587", "tls"),
        ("mara@web.de", "smtp.web.de", "465", "ssl"),
    ],
)
@pytest.mark.accept("A38")
def test_an_address_fills_in_its_server(
    web: Client, address: str, host: str, port: str, encryption: str
) -> None:
    page = Page(web.get(NEW, {"address": address}))
    given = [page.values[name] for name in ("host", "port", "encryption", "email")]
    assert given == [host, port, encryption, address]
    assert "Found by: provider list." in page.text


@pytest.mark.accept("A9", "A38")
@pytest.mark.parametrize(
    "asked",
    [{"provider": "outlook"}, {"address": "mara@hotmail.com"}, {"address": "mara@outlook.com"}],
)
def test_microsoft_wants_no_password_here_either(web: Client, asked: dict[str, str]) -> None:
    source = web.get(NEW, asked).content.decode()
    assert 'type="password"' not in source
    assert "Sign-in at Microsoft is not set up here yet." in source
    assert "smtp-mail.outlook.com" in source


@pytest.mark.accept("A33")
def test_a_failed_save_is_kept_without_its_password(web: Client, refused: AccountDraft) -> None:
    assert not SmtpAccount.objects.exists()
    assert not Credential.objects.exists()
    assert CANARY not in str(refused.values)
    assert (refused.kind, refused.cause, refused.label) == ("smtp", "login-refused", EXTERNAL)
    page = Page(web.get(url(refused)))
    assert "did not accept this username and password" in page.text
    assert (page.values["host"], page.values["email"]) == ("localhost", EXTERNAL)
    assert page.values["use_authentication"] == "on"
    assert page.values.get("password", "") == ""
    assert url(refused) in web.get(reverse("connectivity")).content.decode()


def test_success_ends_the_draft(web: Client, refused: AccountDraft, typed: dict[str, str]) -> None:
    assert web.post(NEW, {**typed, "draft": refused.pk}).status_code == 302
    assert SmtpAccount.objects.get().email == EXTERNAL
    assert not AccountDraft.objects.exists()


def test_it_can_be_discarded(web: Client, refused: AccountDraft) -> None:
    assert web.post(url(refused), {"action": "discard"}).status_code == 302
    assert not AccountDraft.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_elses_draft_is_not_there(
    refused: AccountDraft,
    client_for: Callable[[User], Client],
    other_user: User,
    typed: dict[str, str],
    method: str,
) -> None:
    other = client_for(other_user)
    assert getattr(other, method)(url(refused)).status_code == 404
    assert other.post(NEW, {**typed, "draft": refused.pk}).status_code == 404
    assert AccountDraft.objects.filter(pk=refused.pk).exists()


def test_a_test_and_an_edit_keep_nothing(
    web: Client, typed: dict[str, str], account: SmtpAccount
) -> None:
    web.post(NEW, {**typed, "password": CANARY, "action": "test"})
    web.post(reverse("smtp-account-edit", args=[account.pk]), {**typed, "password": CANARY})
    assert not AccountDraft.objects.exists()


def test_the_report_changes_the_encryption_and_tests_again(
    web: Client, typed: dict[str, str], smtp_server: SmtpServer
) -> None:
    wrong = {**typed, "port": str(smtp_server.starttls_port), "action": "test"}
    first = web.post(NEW, wrong).content.decode()
    assert 'value="ssl:starttls"' in first
    again = web.post(NEW, {**wrong, "action": "ssl:starttls", "tried": "test"})
    page = Page(again)
    assert (page.values["encryption"], page.values["port"]) == ("tls", "587")
    right = {**wrong, "encryption": "tls", "action": f"port:{smtp_server.starttls_port}"}
    assert "Everything works." in Page(web.post(NEW, {**right, "tried": "test"})).text
    assert not SmtpAccount.objects.exists()


def test_a_typed_password_does_not_turn_into_the_stored_one(
    web: Client, account: SmtpAccount, typed: dict[str, str]
) -> None:
    address = reverse("smtp-account-edit", args=[account.pk])
    same = {**typed, "port": str(account.port), "encryption": "tls"}
    tried = Page(web.post(address, {**same, "password": CANARY, "action": "test"}))
    assert tried.values["retype"] == "1"
    response = web.post(address, {**same, "password": "", "retype": "1"})
    assert response.status_code == 422
    assert "Enter the password once more." in Page(response).text


def test_one_certificate_can_be_trusted_from_the_report(
    web: Client, typed: dict[str, str], domain: Domain, settings: Settings
) -> None:
    settings.CONNECTIVITY_CA_FILE = ""
    features.set_switch(domain, Feature.CERTIFICATE_PINS, enabled=True)
    first = web.post(NEW, {**typed, "action": "test"}).content.decode()
    action = first.split('value="pin:')[1].split('"')[0]
    agreed = web.post(NEW, {**typed, "action": f"pin:{action}", "tried": "test"})
    assert "Everything works." in Page(agreed).text
    assert CertificatePin.objects.get().sha256 == action
    assert web.post(NEW, typed).status_code == 302
