"""Notifications in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectivity import account_words
from connectivity.causes import explain_cause
from connectivity.noticing import NEEDS_YOU
from lib.moments import moment

if TYPE_CHECKING:
    from connectivity.models import Notification

KINDS: Mapping[str, str | Promise] = {
    "retrieval-needs-you": gettext_lazy("%(label)s needs you"),
    "retrieval-failing": gettext_lazy("%(label)s cannot be checked"),
    "smtp-needs-you": gettext_lazy("Sending as %(label)s needs you"),
    "smtp-failing": gettext_lazy("Sending as %(label)s does not work"),
    "returned-message": gettext_lazy("“%(label)s” could not be delivered"),
    "storage-filling": gettext_lazy("The mailbox %(label)s is filling up"),
    "storage-full": gettext_lazy("The mailbox %(label)s is full"),
}
_AGAIN: Mapping[str, str | Promise] = {
    "retrieval": gettext_lazy("%(label)s works again"),
    "smtp": gettext_lazy("Sending as %(label)s works again"),
    "storage": gettext_lazy("There is room in the mailbox %(label)s again"),
}
_SINCE: Mapping[str, str | Promise] = {
    "retrieval": gettext_lazy("Not checked since %(since)s."),
    "smtp": gettext_lazy("Nothing has been sent since %(since)s."),
    "returned": gettext_lazy("Reported %(since)s."),
    "storage": gettext_lazy("Noticed %(since)s."),
}
#: Where an account is mended, by the room that named the key; what follows there is its number.
_PAGES: Mapping[str, str] = {"retrieval": "retrieval-detail", "smtp": "smtp-account-edit"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification as it is shown; ``tone`` is danger (needs the person), warn or ok."""

    title: str
    since: str
    sentence: str
    action: str
    tone: str
    is_over: bool
    url: str
    label: str
    is_unread: bool = False
    needs_you: bool = False
    at: datetime | None = None
    # Of a message, not of an account.
    is_message: bool = False
    # Of the person's own account here: news, which is over once it was read.
    is_news: bool = False


def told(row: Notification, *, now: datetime) -> Notice:
    """A notification in the language in force."""
    room, url = row.kind.partition("-")[0], row.url or _page(row.key)
    if row.kind == account_words.ACCOUNT:
        return _news(row, now=now)
    values = {"label": row.label}
    if row.resolved_at is not None:
        title = str(_AGAIN.get(room, _AGAIN["retrieval"])) % values
        between = _("From %(since)s to %(until)s it did not work.")
        if room == "storage":
            between = _("It was so from %(since)s to %(until)s.")
        since = between % {
            "since": moment(row.since, now=now),
            "until": moment(row.resolved_at, now=now),
        }
        return Notice(title, since, "", "", "ok", True, url, row.label, at=row.at)
    why = explain_cause(row.cause, row.params)
    needs = row.kind in NEEDS_YOU
    return Notice(
        title=str(KINDS.get(row.kind, KINDS["retrieval-failing"])) % values,
        since=str(_SINCE.get(room, _SINCE["retrieval"])) % {"since": moment(row.since, now=now)},
        sentence=why.sentence,
        action=why.action,
        tone="danger" if needs else "warn",
        is_over=False,
        url=url,
        label=row.label,
        is_unread=row.read_at is None,
        needs_you=needs,
        at=row.at,
        is_message=row.kind == "returned-message",
    )


def _news(row: Notification, *, now: datetime) -> Notice:
    return Notice(
        title=account_words.sentence(row.cause, row.label),
        since=f"{moment(row.since, now=now)}.",
        sentence="",
        action="" if row.read_at else str(account_words.ACTION),
        tone="news",
        is_over=row.read_at is not None,
        url=row.url,
        label=row.label,
        is_unread=row.read_at is None,
        at=row.at,
        is_news=True,
    )


def _page(key: str) -> str:
    """The page of the account a key names; empty where there is none."""
    room, _colon, number = key.partition(":")
    return reverse(_PAGES[room], args=[int(number)]) if room in _PAGES else ""
