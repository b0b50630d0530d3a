"""Changing what a person chose for themselves."""

from __future__ import annotations

import zoneinfo

from django.conf import settings

from accounts.models import User


def save_profile(*, user: User, display_name: str, language: str, time_zone: str) -> None:
    """Store name, language and time zone; the caller has checked the values."""
    user.display_name, user.language, user.time_zone = display_name, language, time_zone
    user.save(update_fields=["display_name", "language", "time_zone"])


def adopt_time_zone(user: User, time_zone: str) -> None:
    """Take over the browser's time zone (IANA name) where nobody has chosen one yet.

    What is not the name of a zone people live in is ignored.
    """
    is_known = "/" in time_zone and time_zone in zoneinfo.available_timezones()
    if is_known and user.time_zone == User._meta.get_field("time_zone").default:
        user.time_zone = time_zone
        user.save(update_fields=["time_zone"])


def adopt_language(user: User, language: str) -> None:
    """Take over the language the sign-in page was read in where nobody has chosen one yet."""
    is_ours = language in dict(settings.LANGUAGES)
    if is_ours and user.language == User._meta.get_field("language").default:
        user.language = language
        user.save(update_fields=["language"])


def save_notice_mail(*, user: User, wanted: bool) -> None:
    """Whether this person wants mail about accounts that fail for long."""
    user.notice_mail = wanted
    user.save(update_fields=["notice_mail"])


def save_writing(*, user: User, undo_send: int, writes_plain: bool) -> None:
    """Store the seconds before a message leaves (0 to 30) and how new messages start."""
    user.undo_send, user.writes_plain = undo_send, writes_plain
    user.save(update_fields=["undo_send", "writes_plain"])


def save_look(*, user: User, theme: str) -> None:
    """Store the theme; the caller has checked it."""
    user.theme = theme
    user.save(update_fields=["theme"])


def save_layout(*, user: User, layout: str, density: str) -> None:
    """Store where messages open and how high lines are; the caller has checked the values."""
    user.layout = layout
    user.density = density
    user.save(update_fields=["layout", "density"])


def save_remote_images(*, user: User, when: str) -> None:
    """Which messages may load images from elsewhere; the caller has checked the value."""
    user.remote_images = when
    user.save(update_fields=["remote_images"])


def save_dark_mail(*, user: User, wanted: bool) -> None:
    """Whether the colours of mail are changed for dark pages."""
    user.dark_mail = wanted
    user.save(update_fields=["dark_mail"])
