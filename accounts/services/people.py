"""Changing what a person chose for themselves."""

from __future__ import annotations

import zoneinfo

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.services import audit


def save_profile(*, user: User, display_name: str, language: str, time_zone: str) -> None:
    """Store name, language and time zone; the caller has checked the values."""
    _save(user, display_name=display_name, language=language, time_zone=time_zone)


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
    _save(user, notice_mail=wanted)


def save_writing(*, user: User, undo_send: int, writes_plain: bool) -> None:
    """Store the seconds before a message leaves (0 to 30) and how new messages start."""
    _save(user, undo_send=undo_send, writes_plain=writes_plain)


def save_look(*, user: User, theme: str) -> None:
    """Store the theme; the caller has checked it."""
    _save(user, theme=theme)


def save_layout(*, user: User, layout: str, density: str) -> None:
    """Store where messages open and how high lines are; the caller has checked the values."""
    _save(user, layout=layout, density=density)


def save_remote_images(*, user: User, when: str) -> None:
    """Which messages may load images from elsewhere; the caller has checked the value."""
    _save(user, remote_images=when)


def save_dark_mail(*, user: User, wanted: bool) -> None:
    """Whether the colours of mail are changed for dark pages."""
    _save(user, dark_mail=wanted)


def _save(user: User, **values: object) -> None:
    """Store what is another value than before, and tell the audit log which fields, not what."""
    changed = [name for name, value in values.items() if getattr(user, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(user, name, values[name])
    with transaction.atomic():
        user.save(update_fields=changed)
        audit.note("settings-changed", subject=user, detail={"fields": changed})
