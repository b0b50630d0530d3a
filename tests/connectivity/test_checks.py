"""A lost key is noticed before somebody's account stops."""

import base64

from django.core.checks import run_checks
from pytest_django import Settings

from accounts.models import User
from connectivity.services import credentials


def found(databases: list[str] | None) -> list[str | None]:
    return [message.id for message in run_checks(databases=databases) if message.is_serious()]


def test_a_key_that_stored_secrets_need_is_missed(user: User, settings: Settings) -> None:
    credentials.store(user=user, secret="quiet river")
    assert "tributary.E101" not in found(["default"])
    settings.CREDENTIAL_KEYS = [f"other:{base64.b64encode(b'x' * 32).decode()}"]
    assert "tributary.E101" in found(["default"])
    # Checks without a database never ask one.
    assert "tributary.E101" not in found(None)
