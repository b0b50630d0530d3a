"""Drafts signed anew, as they go out from another address than they were begun with."""

from __future__ import annotations

from collections.abc import Iterable

from smtp_accounts import plain_text, resigned
from smtp_accounts.models import Draft, DraftKind, Identity
from smtp_accounts.services import signatures


def sign_as(drafts: Iterable[Draft], to: Identity) -> None:
    """Sign drafts as ``to`` does, where they are signed just as their own identity does."""
    for draft in drafts:
        draft.html, draft.body = words(draft.html, draft.body, draft.kind, draft.identity, to)
        draft.save(update_fields=["html", "body"])


def words(html: str, body: str, kind: str, was: Identity, to: Identity) -> tuple[str, str]:
    """Clean HTML (or none) and text as ``to`` signs them, where they are signed as ``was`` does."""
    old, new = (signatures.region(one, kind) for one in (was, to))
    if html:
        html = resigned.html(html, old.text, new.signature_id, new.html)
        return html, plain_text.from_clean_html(html)
    is_quoting = kind != DraftKind.NEW
    return "", resigned.plain(body, old.text, new.text, is_quoting=is_quoting)
