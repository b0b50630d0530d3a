"""What a mailbox is: folders, messages, and the bytes they stand for."""

from mailstore.models.blobs import Blob, Segment
from mailstore.models.folders import Folder, FolderRole, Source
from mailstore.models.messages import Message

__all__ = [
    "Blob",
    "Folder",
    "FolderRole",
    "Message",
    "Segment",
    "Source",
]
