"""Accounts that are not stored yet, as rows of the card they will belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from connectivity.causes import explain_cause
from connectivity.drafts import resume_url
from connectivity.models import AccountDraft
from connectivity.services import drafts
from lib.moments import moment


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One draft: what it is called, why it is one, and where it is gone on with or discarded."""

    label: str
    words: str
    when: str
    url: str


def draft_rows(user: User, kind: str, *, now: datetime) -> list[DraftRow]:
    """What a person can go on with, newest first; one query."""
    return [
        DraftRow(
            draft.label or _("An account without a name"),
            _words(draft),
            moment(draft.changed_at, now=now),
            resume_url(draft),
        )
        for draft in drafts.drafts_of(user, kind)
    ]


def _words(draft: AccountDraft) -> str:
    if draft.cause:
        return _("Not saved. %(why)s.") % {"why": explain_cause(draft.cause).title}
    if draft.credential_id is not None:
        return _("Not saved yet. The sign-in at the provider is done.")
    return _("Not saved yet.")
