"""Changing what a person chose for themselves."""

from __future__ import annotations

from accounts.models import User


def save_profile(*, user: User, display_name: str, language: str, time_zone: str) -> None:
    """Store name, language and time zone; the caller has checked the values."""
    user.display_name, user.language, user.time_zone = display_name, language, time_zone
    user.save(update_fields=["display_name", "language", "time_zone"])


def save_look(*, user: User, theme: str, density: str | None = None) -> None:
    """Store theme and, where given, density; the caller has checked the values."""
    user.theme = theme
    user.density = density or user.density
    user.save(update_fields=["theme", "density"])
