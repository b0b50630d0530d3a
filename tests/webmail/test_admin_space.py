"""An administrator gives a person more space."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from tests.retrieval.test_pausing import task_of

pytestmark = pytest.mark.django_db


def test_more_space_is_used_at_once_and_shown_as_it_was_typed(
    user: User, make_user: Callable[..., User], client_for: Callable[[User], Client]
) -> None:
    browser = client_for(make_user("ada@example.test", Role.DOMAIN_ADMIN))
    later = timezone.now() + timedelta(hours=1)
    full = task_of(user, cause="space-full", state="backoff", next_at=later)
    failing = task_of(user, cause="no-answer", state="backoff", next_at=later)
    form = {"display_name": "Mara", "role": "user", "backup_address": "", "quota": "10"}
    answer = browser.post(f"/settings/domain/users/{user.pk}/", form)
    assert answer.status_code == 302
    full.refresh_from_db()
    failing.refresh_from_db()
    assert full.next_at is not None
    assert full.next_at <= timezone.now()
    assert failing.next_at == later
    page = browser.get(f"/settings/domain/users/{user.pk}/").content.decode()
    assert 'value="10"' in page
