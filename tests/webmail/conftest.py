"""Fixtures of the mail screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import SmtpAccount
from smtp_accounts.services import identities
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.webmail.samples import Mailbox, fill
from tests.webmail.writing import LETTER


@pytest.fixture
def mailbox(user: User) -> Mailbox:
    """A lived-in mailbox of ``user``."""
    return fill(user, timezone.now())


@pytest.fixture
def inbox(user: User) -> Folder:
    """The Inbox of ``user``."""
    return folders.special(user, "inbox")


@pytest.fixture
def browser_client(user: User, client_for: Callable[[User], Client]) -> Client:
    """``user``, signed in."""
    return client_for(user)


@pytest.fixture
def account(
    user: User, smtp_server: SmtpServer, tls_files: TlsFiles, settings: Settings
) -> SmtpAccount:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    row = SmtpAccount.objects.create(
        user=user,
        display_name="Mara at work",
        host="localhost",
        port=smtp_server.port,
        encryption="none",
        email="mara@provider.test",
        use_authentication=False,
    )
    identities.follow(row)
    return row


@pytest.fixture
def open_server(tls_files: TlsFiles, account: SmtpAccount) -> Iterator[SmtpServer]:
    """The account's server, which wants no sign-in."""
    with SmtpServer({}, tls=tls_files.good, auth_required=False) as server:
        SmtpAccount.objects.update(port=server.port)
        yield server


@pytest.fixture
def letter(user: User) -> Message:
    inbox = folders.special(user, FolderRole.INBOX)
    return deliver([Incoming(Body.of(LETTER), inbox)], now=timezone.now())[0]
