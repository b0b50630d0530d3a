"""A draft beside another one: two versions of the same words, each with all its files."""

from __future__ import annotations

from uuid import UUID

from smtp_accounts.models import Draft, DraftAttachment


def take_files(draft: Draft, key: UUID) -> None:
    """Give a new draft the files and pictures of the writer's other one, unless it has its own.

    The bytes are shared, and names of pictures are kept: the text asks for them by these.
    """
    if draft.attachments.exists():
        return
    rows = DraftAttachment.objects.filter(draft__user=draft.user, draft__key=key).order_by("pk")
    DraftAttachment.objects.bulk_create(
        DraftAttachment(
            draft=draft,
            blob_id=one.blob_id,
            filename=one.filename,
            content_type=one.content_type,
            size=one.size,
            content_id=one.content_id,
        )
        for one in rows
    )
