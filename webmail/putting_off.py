"""Snoozing, reminders, labels and muted conversations: done to messages, with a way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from mailstore.models import Thread
from mailstore.services import labels, locks, reminding, returning, snoozing
from webmail import later
from webmail.asked import Held, Wish, way_home
from webmail.undoing import Step

ACTIONS: Final = frozenset(
    {"label", "unlabel", "snooze", "unsnooze", "mute", "unmute", "remind", "unremind"}
)


def perform(user: User, found: Sequence[Held], wish: Wish) -> list[Step]:
    """Do one of `ACTIONS`; the steps that undo it.

    Raises KeyError where the wish lacks what it needs, TimeRefused.
    """
    if wish.do in {"label", "unlabel"}:
        return _label(user, found, wish)
    if wish.do in {"mute", "unmute"}:
        return _mute(user, found, is_on=wish.do == "mute")
    if wish.do in {"snooze", "unsnooze"}:
        return _snooze(user, found, wish)
    return _remind(user, found, wish)


def _label(user: User, found: Sequence[Held], wish: Wish) -> list[Step]:
    if wish.label is None:
        raise KeyError("label")
    is_on = wish.do == "label"
    change = labels.put if is_on else labels.take
    changed = change(user, wish.label, [one.pk for one in found])
    return [["label", wish.label.pk, is_on, changed]] if changed else []


def _mute(user: User, found: Sequence[Held], *, is_on: bool) -> list[Step]:
    ids = [one.pk for one in found]
    with transaction.atomic():
        locks.hold(user.pk)
        mine = Thread.objects.filter(user=user, messages__in=ids, muted_at__isnull=is_on)
        threads = sorted(set(mine.values_list("pk", flat=True)))
        Thread.objects.filter(pk__in=threads).update(muted_at=timezone.now() if is_on else None)
        for folder_id in sorted({one.folder_id for one in found} if threads else ()):
            locks.count(folder_id)
    return [["mute", threads, is_on]] if threads else []


def _snooze(user: User, found: Sequence[Held], wish: Wish) -> list[Step]:
    steps = way_home(user, found)
    ids = [one.pk for one in found]
    if wish.do == "unsnooze":
        return steps if snoozing.unsnooze(user, ids) else []
    if wish.at is None:
        raise KeyError("until")
    snoozing.snooze(user, ids, wish.at, now=timezone.now())
    return steps


def _remind(user: User, found: Sequence[Held], wish: Wish) -> list[Step]:
    ids = [one.pk for one in found]
    if wish.do == "unremind":
        steps = way_home(user, found)
        return steps if reminding.cancel(user, ids) else []
    if wish.at is None:
        raise KeyError("at")
    before = returning.remembered(user, ids)
    only = wish.only_unanswered
    reminding.remind(user, ids, wish.at, only_unanswered=only, now=timezone.now())
    return [["reminders", ids, before]]


def said(wish: Wish, count: int) -> str | None:
    """What was done to so many messages, with "%(count)d" where the number goes; None for others
    than `ACTIONS`."""
    if wish.do not in ACTIONS:
        return None
    # What people typed may have a percent sign in it.
    name = wish.label.name.replace("%", "%%") if wish.label else ""
    when = later.words(wish.at) if wish.at else ""
    given = {"count": "%(count)d", "label": name, "when": when}
    return {
        "label": ngettext(
            "Label “%(label)s” added", "Label “%(label)s” added to %(count)s messages", count
        ),
        "unlabel": ngettext(
            "Label “%(label)s” removed", "Label “%(label)s” removed from %(count)s messages", count
        ),
        "snooze": ngettext(
            "Snoozed until %(when)s", "%(count)s messages snoozed until %(when)s", count
        ),
        "unsnooze": ngettext("Back from Snoozed", "%(count)s messages back from Snoozed", count),
        "mute": _("Conversation muted: its new mail goes to the Archive"),
        "unmute": _("Conversation no longer muted"),
        "remind": ngettext(
            "You will be reminded on %(when)s",
            "You will be reminded of %(count)s messages on %(when)s",
            count,
        ),
        "unremind": ngettext("Reminder removed", "%(count)s reminders removed", count),
    }[wish.do] % given
