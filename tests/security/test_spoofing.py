"""Letters that pretend to be from somebody else: the real address is always to be seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Domain, User
from mailstore.models import FolderRole
from mailstore.services import folders
from smtp_accounts.models import SmtpAccount
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.webmail.samples import put

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
REAL = "thief@evil.test"
# What stands before the real address, and whether it poses as another address.
NAMES: list[tuple[str, bool]] = [
    ("", False),
    ("Mara Lind", False),
    ('"boss@bank.test"', True),
    ('"Boss boss@bank.test"', True),
    ("boss@bank.test", True),
    ('"boss@bank.test (verified)"', True),
    ('"boss@bank.test thief@evil.test"', True),
    ("=?utf-8?q?boss=40bank=2Etest?=", True),
    ("=?utf-8?b?Ym9zc0BiYW5rLnRlc3Q=?=", True),
    ("=?utf-8?q?boss=EF=BC=A0bank=2Etest?=", True),  # a wide @
    ("=?utf-8?q?boss=EF=B9=ABbank=2Etest?=", True),  # a small @
    ("=?utf-8?q?=E2=80=AEtset=2Eknab=40ssob?=", True),  # written from right to left
    ("=?utf-8?q?b=E2=80=8Boss=40bank=2Etest?=", True),  # with a gap of no width
    ("=?utf-8?q?boss=40bank=2Etest=00?=", True),
    ("=?utf-8?q?boss=40bank=2Etest=0D=0A?=", True),
    ("=?utf-8?q?boss=40bank=2Etest=3E=2C=20?=", True),
    ('"boss@bank.test" (boss@bank.test)', True),
    ('"' + "Mara Lind " * 40 + '"', False),
    ('"Mara\\" <boss@bank.test>, \\""', True),
    ("=?utf-16?b?/v8AYgBvAHMAcwBAAGIAYQBuAGsALgB0AGUAcwB0?=", True),
    ("<boss@bank.test>", False),
    ("Friends:", False),
]


def written(sender: bytes, subject: str = "Invoice") -> bytes:
    return b"From: " + sender + f"\r\nSubject: {subject}\r\n\r\nPay now.\r\n".encode()


def shown(browser: Client, user: User, raw: bytes) -> tuple[str, str]:
    """The line in the list and the head of the open letter, as text."""
    inbox = folders.special(user, FolderRole.INBOX)
    message = put(inbox, raw, at=NOW)
    page = browser.get(reverse("mail-folder", args=[inbox.pk])).content.decode()
    line = page.partition(f'data-id="{message.pk}"')[2].partition("</li>")[0]
    letter = browser.get(reverse("mail-message", args=[message.pk])).content.decode()
    head = letter.partition('class="letter__who"')[2].partition('<div class="letter__when')[0]
    head += letter.partition('<div class="letter__notes">')[2].partition('class="read__body"')[0]
    return unescape(line), unescape(head)


@pytest.mark.parametrize(("name", "poses"), NAMES, ids=range(len(NAMES)))
def test_the_real_address_is_seen(
    user: User, client_for: Callable[[User], Client], name: str, poses: bool
) -> None:
    line, head = shown(client_for(user), user, written(f"{name} <{REAL}>".encode()))
    assert REAL in head
    assert REAL in line
    said = re.sub(r"<[^>]*>", " ", line)
    if poses:
        assert REAL in said, "what is shown in the list is the pretended address"
        assert (
            "bank.test" not in said.replace(" ", "").replace("\u200b", "").partition("Invoice")[0]
        )
        assert "looks like a different address" in head


def test_a_name_without_an_address_is_no_address(
    user: User, client_for: Callable[[User], Client]
) -> None:
    raw = written(b"=?utf-8?q?boss=40bank=2Etest?=")
    _line, head = shown(client_for(user), user, raw)
    assert "looks like a different address" in head


@pytest.mark.parametrize(
    ("name", "ascii_form"),
    [
        ("\u0440\u0430\u0443\u0440\u0430l.test", "xn--l-7sba6dbr.test"),  # Cyrillic, one Latin l
        ("\u0430\u0440\u0440\u04cf\u0435.test", "xn--80ak6aa92e.test"),  # Cyrillic all through
        ("ex\u00e4mple.test", "xn--exmple-cua.test"),
    ],
)
def test_letters_of_other_alphabets_are_spelt_out(
    user: User, client_for: Callable[[User], Client], name: str, ascii_form: str
) -> None:
    raw = written(f"Support <help@{name}>".encode())
    line, head = shown(client_for(user), user, raw)
    assert f"help@{ascii_form}" in line
    assert f"help@{ascii_form}" in head
    assert name not in line + head


def test_answers_that_go_elsewhere_are_told(
    user: User, client_for: Callable[[User], Client]
) -> None:
    raw = b"Reply-To: collector@evil.test\r\n" + written(b"Mara <mara@bank.test>")
    _line, head = shown(client_for(user), user, raw)
    assert "Replies go to another domain" in head


def test_controls_do_not_move_what_is_beside_them(
    user: User, client_for: Callable[[User], Client]
) -> None:
    odd = "\u202e\u2066\u200f\u200b\ufeff\u2028"
    subject = f"=?utf-8?q?{''.join(f'={one:02X}' for one in odd.encode())}gpj=2Eexe?="
    line, head = shown(client_for(user), user, written(f"Mara{odd} <{REAL}>".encode(), subject))
    assert not set(odd) & set(line + head)


@pytest.fixture
def believed(settings: Settings, tls_files: TlsFiles) -> None:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)


def account(server: SmtpServer, email: str, **more: str) -> dict[str, object]:
    typed = {
        "display_name": "The Boss",
        "host": "localhost",
        "port": server.starttls_port,
        "encryption": "tls",
        "email": email,
        "use_authentication": "on",
        "username": "mara@provider.test",
        "password": "korrekt-pferd",
        "action": "save",
    }
    return {**typed, **more}


@pytest.mark.parametrize("action", ["save", "test"])
@pytest.mark.parametrize(
    "email",
    ["otto@example.test", "Otto@EXAMPLE.test", "nobody@example.test", "info@second.test"],
)
def test_nobody_becomes_somebody_else_of_this_server(
    user: User,
    other_user: User,
    client_for: Callable[[User], Client],
    smtp_server: SmtpServer,
    believed: None,
    email: str,
    action: str,
) -> None:
    """Mail between people here passes no other server: nobody else would ask whose From it is."""
    Domain.objects.create(name="second.test")
    form = account(smtp_server, email, action=action)
    answer = client_for(user).post(reverse("smtp-account-new"), form)
    assert answer.status_code == 422
    assert "is an address of this server" in answer.content.decode()
    assert not SmtpAccount.objects.exists()
    assert not smtp_server.logins


def test_the_own_address_may_go_another_way(
    user: User, client_for: Callable[[User], Client], smtp_server: SmtpServer, believed: None
) -> None:
    form = account(smtp_server, user.email)
    assert client_for(user).post(reverse("smtp-account-new"), form).status_code == 302


def test_an_account_does_not_turn_into_somebody_else(
    user: User, client_for: Callable[[User], Client], smtp_server: SmtpServer, believed: None
) -> None:
    browser = client_for(user)
    form = account(smtp_server, "mara@provider.test")
    assert browser.post(reverse("smtp-account-new"), form).status_code == 302
    stored = SmtpAccount.objects.get()
    form |= {"email": "otto@example.test", "password": ""}
    answer = browser.post(reverse("smtp-account-edit", args=[stored.pk]), form)
    assert answer.status_code == 422
    stored.refresh_from_db()
    assert stored.email == "mara@provider.test"


def test_time_in_a_letter_does_not_pin_it(user: User, client_for: Callable[[User], Client]) -> None:
    """A letter dated far ahead is listed by its arrival."""
    ahead = (NOW + timedelta(days=3650)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    raw = f"Date: {ahead}\r\n".encode() + written(b"a@evil.test")
    inbox = folders.special(user, FolderRole.INBOX)
    message = put(inbox, raw, at=NOW)
    assert message.sort_at == NOW
