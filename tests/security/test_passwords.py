"""What may be a password (OWASP ASVS 6.2)."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User


def refused(password: str, user: User) -> bool:
    try:
        validate_password(password, user)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize("password", ["password12", "qwertyuiop", "1234567890", "iloveyou12"])
def test_common_ones_are_refused(user: User, password: str) -> None:
    assert refused(password, user)


def test_ten_characters_of_any_kind(user: User) -> None:
    assert refused("zvkqhwyjx", user)
    for fine in ("zvkqhwyjxb", "ZVKQHWYJXB", "7 1 5 2 9 ", "äöüßéèñçøå", "🌊🌊🌊🌊🌊🌊🌊🌊🌊🌊"):
        assert not refused(fine, user), fine


def test_own_names_make_no_password(user: User) -> None:
    for own in ("mara@example.test", "mara@example", "Mara Lind1"):
        assert refused(own, user), own
    for words in ("tributary1", "Tributary2026", "example.test1"):
        assert refused(words, user), words


def test_every_letter_counts(user: User) -> None:
    long = "a very long password, " * 12
    for password in (long, "  spaces around  ", "CamelCase12"):
        user.set_password(password)
        assert user.check_password(password)
        assert not user.check_password(password.strip() + "x")
        assert not user.check_password(password.swapcase())
        assert not user.check_password(password[:-1])
