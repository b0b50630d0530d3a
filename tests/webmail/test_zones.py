"""Times as they are where a person is, and words in their language."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import User
from mailstore.models import FolderRole
from mailstore.services import folders
from tests.senders import local_key
from tests.webmail.samples import letter, put


@pytest.mark.parametrize("typed", ["America/New_York", " America/New York "])
def test_a_zone_is_found_by_typing(browser_client: Client, user: User, typed: str) -> None:
    page = browser_client.get("/settings/account/").content.decode()
    field = re.search(r'<input[^>]*name="time_zone"[^>]*>', page)
    assert field
    assert 'list="zones"' in field[0]
    assert 'value="UTC"' in field[0]
    assert '<option value="America/New_York"></option>' in page
    values = {"language": "de", "time_zone": typed, "default_from": local_key(user)}
    assert browser_client.post("/settings/account/", values).status_code == 302
    user.refresh_from_db()
    assert (user.time_zone, user.language) == ("America/New_York", "de")
    at = datetime(2026, 1, 2, 3, 30, tzinfo=UTC)
    message = put(folders.special(user, FolderRole.INBOX), letter("Late", sent=at), at=at)
    page = browser_client.get(f"/message/{message.pk}/").content.decode()
    assert '<html lang="de"' in page
    assert "22:30" in page
