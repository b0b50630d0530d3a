"""Sending through third-party accounts: accounts, identities, drafts and the outbox."""

from smtp_accounts.models.accounts import Encryption, SmtpAccount
from smtp_accounts.models.drafts import (
    Draft,
    DraftAttachment,
    DraftKind,
    DraftQuerySet,
    DraftUpload,
    Importance,
    MessageTemplate,
)
from smtp_accounts.models.findings import Alignment, ArrivedFor, Correspondent
from smtp_accounts.models.identities import Accepts, Identity, Purpose
from smtp_accounts.models.outbox import (
    OutboxMessage,
    OutboxQuerySet,
    OutboxRecipient,
    OutboxState,
    RecipientState,
    ReturnedReport,
    ReturnKind,
)
from smtp_accounts.models.signatures import Signature, SignatureImage

__all__ = [
    "Accepts",
    "Alignment",
    "ArrivedFor",
    "Correspondent",
    "Draft",
    "DraftAttachment",
    "DraftKind",
    "DraftQuerySet",
    "DraftUpload",
    "Encryption",
    "Identity",
    "Importance",
    "MessageTemplate",
    "OutboxMessage",
    "OutboxQuerySet",
    "OutboxRecipient",
    "OutboxState",
    "Purpose",
    "RecipientState",
    "ReturnKind",
    "ReturnedReport",
    "Signature",
    "SignatureImage",
    "SmtpAccount",
]
