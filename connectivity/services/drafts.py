"""Accounts that were typed but are not stored: kept for their owner, without the password."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from connectivity.models import AccountDraft
from connectivity.services import credentials

#: What a page may be made to hold; more is no form of ours.
MOST = 20
#: Letters kept of one field; none of a form takes more.
LONGEST = 1024
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
#: Fields that may hold whose account it is.
_ADDRESSES = ("username", "email", "address")
_SECRET = ("password", "secret", "token")
#: Where a permission of a provider is shown: with another of these it is for another account.
_PLACE = ("host", "port", "username", "smtp_host", "smtp_port")


def typed(posted: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """What was posted in these fields, fit to be stored, and nothing that came beside them."""
    return {name: _CONTROLS.sub(" ", posted[name])[:LONGEST] for name in names if name in posted}


def keep(
    *,
    user: User,
    kind: str,
    values: Mapping[str, Any],
    label: str,
    now: datetime,
    target_id: int | None = None,
    cause: str = "",
    server_line: str = "",
    draft: AccountDraft | None = None,
) -> AccountDraft:
    """Write down what was typed, into ``draft`` where there is one, else into a new row.

    What a sign-in brought stays only while the account it was made for stays the same one. The
    oldest drafts of the user go when there are more than `MOST`. Raises `ValueError` if
    ``values`` names a secret, or the draft is another user's.
    """
    if any(word in name.lower() for name in values for word in _SECRET):
        raise ValueError("a draft holds no secrets")
    if draft is not None and (draft.user_id != user.pk or draft.kind != kind):
        raise ValueError("this draft belongs to something else")
    with transaction.atomic():
        row = _as_it_is(draft) or AccountDraft(user=user, kind=kind, created_at=now)
        before = row.credential
        if any(str(row.values.get(name, "")) != str(values.get(name, "")) for name in _PLACE):
            row.credential = None
        row.values = dict(values)
        row.label, row.target_id = label[:320], target_id
        row.cause, row.server_line = cause, server_line
        row.changed_at = now
        row.save()
        if before is not None and row.credential is None:
            credentials.release(before)
        for old in AccountDraft.objects.filter(user=user)[MOST:]:
            discard(old)
    return row


def _as_it_is(draft: AccountDraft | None) -> AccountDraft | None:
    """The row as it is by now: a sign-in in another tab may have ended while this was tested."""
    if draft is None:
        return None
    return AccountDraft.objects.select_for_update().filter(pk=draft.pk).first()


def tell(draft: AccountDraft, *, cause: str, server_line: str, now: datetime) -> None:
    """Write down why a draft is not an account yet; what was typed stays."""
    draft.cause, draft.server_line, draft.changed_at = cause, server_line, now
    draft.save(update_fields=["cause", "server_line", "changed_at"])


def readdress(draft: AccountDraft, *, address: str, now: datetime) -> None:
    """The account meant is that of ``address``: it takes the place of the one that was typed."""
    changes = {name: address for name in _ADDRESSES if draft.values.get(name)}
    draft.values = draft.values | changes
    draft.label, draft.changed_at = address[:320], now
    draft.save(update_fields=["values", "label", "changed_at"])


def is_for(draft: AccountDraft, *, host: str, username: str) -> bool:
    """Whether the account that a sign-in is to mend is still the one it was begun for."""
    return (draft.values.get("host"), draft.values.get("username")) == (host, username)


def discard(draft: AccountDraft) -> None:
    """Remove a draft, and what a sign-in brought unless an account uses that by now."""
    with transaction.atomic():
        credential = draft.credential
        draft.delete()
        if credential is not None:
            credentials.release(credential)


def drafts_of(user: User, kind: str) -> list[AccountDraft]:
    """What a person can go on with, newest first; drafts that mend a stored account are not."""
    return list(AccountDraft.objects.filter(user=user, kind=kind, target_id=None))
