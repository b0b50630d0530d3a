"""What a mailbox is: folders, messages, and the bytes they stand for."""

from mailstore.models.asked import (
    InvitationAnswer,
    LeftList,
    SavedSearch,
    TrustedSender,
    Verdict,
)
from mailstore.models.attachments import Attachment, InvitationSeen
from mailstore.models.blobs import Blob, Segment
from mailstore.models.exports import Export, ExportState
from mailstore.models.folders import Folder, FolderRole, Source
from mailstore.models.labels import Label, MessageLabel
from mailstore.models.later import Reminder, Snooze
from mailstore.models.messages import Message
from mailstore.models.threads import Thread, ThreadReference
from mailstore.models.undo import WayBack

__all__ = [
    "Attachment",
    "Blob",
    "Export",
    "ExportState",
    "Folder",
    "FolderRole",
    "InvitationAnswer",
    "InvitationSeen",
    "Label",
    "LeftList",
    "Message",
    "MessageLabel",
    "Reminder",
    "SavedSearch",
    "Segment",
    "Snooze",
    "Source",
    "Thread",
    "ThreadReference",
    "TrustedSender",
    "Verdict",
    "WayBack",
]
