"""Drafts signed anew, as they go out from another address than they were begun with."""

from __future__ import annotations

from collections.abc import Iterable

from smtp_accounts import plain_text, resigned
from smtp_accounts.models import Draft, DraftKind, Identity
from smtp_accounts.services import signatures


def sign_as(drafts: Iterable[Draft], to: Identity) -> None:
    """Sign drafts as ``to`` does, where they are signed just as their own identity does."""
    for draft in drafts:
        was, now = (signatures.region(one, draft.kind) for one in (draft.identity, to))
        if draft.html:
            draft.html = resigned.html(draft.html, was.text, now.signature_id, now.html)
            draft.body = plain_text.from_clean_html(draft.html)
        else:
            is_quoting = draft.kind != DraftKind.NEW
            draft.body = resigned.plain(draft.body, was.text, now.text, is_quoting=is_quoting)
        draft.save(update_fields=["html", "body"])
