"""Handing messages to SMTP servers (RFC 5321, RFC 6409), on aiosmtplib."""

from protocols.smtp.send import Reply, SendReport, send, send_sync

__all__ = ["Reply", "SendReport", "send", "send_sync"]
