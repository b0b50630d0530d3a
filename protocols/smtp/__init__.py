"""Handing messages to SMTP servers (RFC 5321, RFC 6409)."""

from protocols.smtp.entry import Offer
from protocols.smtp.envelope import Envelope
from protocols.smtp.replies import Reply
from protocols.smtp.send import send
from protocols.smtp.session import SendReport, Session

__all__ = ["Envelope", "Offer", "Reply", "SendReport", "Session", "send"]
