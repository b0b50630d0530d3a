"""IMAP as a source of mail: read-only, pipelined, tolerant of what servers really send."""

from protocols.imap.source import ImapSource
from protocols.imap.values import (
    Arrived,
    FetchedMessage,
    Form,
    MailboxStatus,
    RemoteMailbox,
    RemoteMeta,
    Survey,
    Surveyed,
    Wanted,
)

__all__ = [
    "Arrived",
    "FetchedMessage",
    "Form",
    "ImapSource",
    "MailboxStatus",
    "RemoteMailbox",
    "RemoteMeta",
    "Survey",
    "Surveyed",
    "Wanted",
]
