"""POP3 (RFC 1939, 2449, 2595, 5034) as a source of mail, on our own wire.

poplib keeps every message as a list of lines, refuses lines above 2048 bytes and cannot pipeline,
so it is not used.
"""

from protocols.pop3.source import Pop3Source
from protocols.pop3.values import PopEntry, Retrieved

__all__ = ["Pop3Source", "PopEntry", "Retrieved"]
