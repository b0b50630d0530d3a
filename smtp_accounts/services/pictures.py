"""Pictures of signatures, kept in the drafts that show them when the signature lets go of them."""

from __future__ import annotations

from django.db.models import QuerySet

from smtp_accounts.models import Draft, DraftAttachment, SignatureImage


def remove(images: QuerySet[SignatureImage]) -> None:
    """Remove pictures of signatures. Inside the caller's transaction.

    Drafts that show one, also those that wait in the outbox, have it as their own from then on.
    """
    for image in images.select_related("signature"):
        shown_in = Draft.objects.filter(
            user=image.signature.user_id, html__contains=image.content_id
        )
        DraftAttachment.objects.bulk_create(
            DraftAttachment(
                draft=draft,
                blob_id=image.blob_id,
                filename=f"image.{image.content_type.rpartition('/')[2]}",
                content_type=image.content_type,
                size=image.size,
                content_id=image.content_id,
            )
            for draft in shown_in.exclude(attachments__content_id=image.content_id)
        )
    images.delete()
