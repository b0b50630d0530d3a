"""Fixtures of the mail screens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder
from mailstore.services import folders
from tests.webmail.samples import Mailbox, fill


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
