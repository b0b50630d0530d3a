"""The only way to an object of this room by id: the user's own, or 404."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import features
from smtp_accounts.models import (
    Draft,
    Identity,
    MessageTemplate,
    OutboxMessage,
    Signature,
    SignatureImage,
    SmtpAccount,
)


def account_for(user: User, pk: int) -> SmtpAccount:
    """The user's SMTP account, or 404."""
    return get_object_or_404(
        SmtpAccount.objects.select_related("source", "credential"), user=user, pk=pk
    )


def identity_for(user: User, pk: int) -> Identity:
    """The user's identity, or 404; one of an account counts as gone where they are switched off."""
    found = get_object_or_404(
        Identity.objects.select_related("account__source", "alignment", "user"), user=user, pk=pk
    )
    if found.account_id is not None and not is_enabled(user):
        raise Http404
    return found


def signature_for(user: User, pk: int) -> Signature:
    """The user's signature, or 404."""
    return get_object_or_404(Signature.objects.select_related("user"), user=user, pk=pk)


def signature_image_for(user: User, pk: int) -> SignatureImage:
    """A picture of one of the user's signatures, or 404."""
    images = SignatureImage.objects.select_related("blob__segment")
    return get_object_or_404(images, signature__user=user, pk=pk)


def template_for(user: User, pk: int) -> MessageTemplate:
    """The user's template, or 404."""
    return get_object_or_404(MessageTemplate, user=user, pk=pk)


def draft_for(user: User, key: UUID) -> Draft:
    """The user's draft, or 404; one already handed to the outbox counts as gone."""
    return get_object_or_404(
        Draft.objects.select_related("identity__account", "original"),
        user=user,
        key=key,
        submitted_at=None,
    )


def outbox_for(user: User, pk: int) -> OutboxMessage:
    """The user's outgoing message, or 404."""
    return get_object_or_404(
        OutboxMessage.objects.select_related("account", "draft"), user=user, pk=pk
    )


def is_enabled(user: User) -> bool:
    """Whether the user's domain has SMTP accounts (A5)."""
    return features.enabled_for(user, Feature.SMTP_ACCOUNTS)


def key_free_for(user: User, key: UUID) -> None:
    """404 unless the key is unused or the user's own."""
    if Draft.objects.filter(key=key).exclude(user=user).exists():
        raise Http404
