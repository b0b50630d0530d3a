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
from smtp_accounts.models.identities import (
    Accepts,
    Alignment,
    ArrivedFor,
    Correspondent,
    Identity,
    Purpose,
    Signature,
    SignatureImage,
)
from smtp_accounts.models.outbox import (
    OutboxMessage,
    OutboxQuerySet,
    OutboxRecipient,
    OutboxState,
    RecipientState,
    ReturnedReport,
    ReturnKind,
)

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
