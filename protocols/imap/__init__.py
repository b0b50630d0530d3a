"""IMAP as a source of mail: read-only, pipelined, tolerant of what servers really send."""

from protocols.imap.source import ImapSource
from protocols.imap.values import (
    FetchedMessage,
    MailboxStatus,
    RemoteMailbox,
    RemoteMeta,
)

__all__ = [
    "FetchedMessage",
    "ImapSource",
    "MailboxStatus",
    "RemoteMailbox",
    "RemoteMeta",
]
