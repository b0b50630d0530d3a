"""The ground the other tests stand on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import User


@pytest.mark.django_db
def test_the_database_is_the_one_chosen(user: User) -> None:
    chosen = settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1]
    assert connection.vendor == {"sqlite3": "sqlite", "postgresql": "postgresql"}[chosen]
    assert User.objects.get().check_password("a quiet river in spring")


def test_the_mail_store_is_inside_the_tests_folder(tmp_path: Path) -> None:
    assert tmp_path in Path(settings.BLOB_DIR).parents


def test_a_signed_in_client_has_a_session(user: User, client_for: Callable[[User], Client]) -> None:
    assert client_for(user).session["_auth_user_id"] == str(user.pk)
