"""Accounts against the stand-in SMTP server, and drafts ready to go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from accounts.models import User
from lib.checkpoints import set_hook
from smtp_accounts.models import Draft, OutboxMessage, SmtpAccount
from smtp_accounts.services import accounts, drafts, outbox
from smtp_accounts.services.accounts import AccountValues
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.senders import identity_of

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
USERNAME, SECRET = "mara@provider.test", "korrekt-pferd"
EXTERNAL = "mara@provider.test"


@pytest.fixture(autouse=True)
def trusted(settings: Settings, tls_files: TlsFiles) -> None:
    """The test authority is believed, as an operator's own would be."""
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)


@pytest.fixture
def values(smtp_server: SmtpServer) -> Callable[..., AccountValues]:
    """What a person types for the stand-in's port with STARTTLS."""

    def make(**changed: Any) -> AccountValues:
        typed: dict[str, Any] = {
            "display_name": "Mara Lind",
            "host": "localhost",
            "port": smtp_server.starttls_port,
            "encryption": "tls",
            "email": EXTERNAL,
            "use_authentication": True,
            "username": USERNAME,
            "password": SECRET,
        }
        return AccountValues(**{**typed, **changed})

    return make


@pytest.fixture
def account(user: User, values: Callable[..., AccountValues]) -> SmtpAccount:
    """A stored account that works."""
    stored = accounts.save(user=user, values=values(), now=NOW, test=False).account
    assert stored is not None
    return stored


@pytest.fixture
def make_draft(user: User) -> Callable[..., Draft]:
    """A draft of the user, from the local address unless an account is given."""

    def make(account: SmtpAccount | None = None, **fields: Any) -> Draft:
        typed: dict[str, Any] = {
            "to": "bob@elsewhere.test",
            "subject": "Tide tables",
            "body": "See below.\n",
        }
        typed["identity"] = identity_of(user, account)
        written = drafts.DraftValues(**{**typed, **fields})
        return drafts.save(user=user, key=uuid4(), values=written, version=0, now=NOW)

    return make


@pytest.fixture
def submit(
    user: User, account: SmtpAccount, make_draft: Callable[..., Draft]
) -> Callable[..., OutboxMessage]:
    """A message through the account, due at once."""

    def submitted(through: SmtpAccount = account, **fields: object) -> OutboxMessage:
        return outbox.submit(user=user, draft=make_draft(through, **fields), now=NOW)

    return submitted


@pytest.fixture
def at_step() -> Iterator[Callable[[str, Callable[[], object]], None]]:
    """Do something, once, when a delivery passes a checkpoint."""

    def arrange(wanted: str, act: Callable[[], object]) -> None:
        def reached(name: str) -> None:
            if name == wanted:
                set_hook(None)
                act()

        set_hook(reached)

    yield arrange
    set_hook(None)
