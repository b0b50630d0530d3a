"""Where an account that is not stored yet is gone on with."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse

from connectivity.models import AccountDraft

#: The page of each kind; rooms above this one provide it.
PAGES: Mapping[str, str] = {
    AccountDraft.Kind.RETRIEVAL: "retrieval-draft",
    AccountDraft.Kind.SMTP: "smtp-draft",
}


def resume_url(draft: AccountDraft) -> str:
    """The page that shows the draft's form; a POST to it with ``action=discard`` discards it."""
    return reverse(PAGES[draft.kind], args=[draft.pk])
