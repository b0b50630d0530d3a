from __future__ import annotations

import pytest

from accounts.models import User
from mailstore.models import Folder, FolderRole
from mailstore.services.folders import special


@pytest.fixture
def inbox(user: User) -> Folder:
    return special(user, FolderRole.INBOX)


@pytest.fixture
def bin_(user: User) -> Folder:
    return special(user, FolderRole.TRASH)
