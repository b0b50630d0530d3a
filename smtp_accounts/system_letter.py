"""A message of the system as it goes out: plain text, written by nobody (RFC 5322, RFC 3834)."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from protocols.idn import to_ascii

if TYPE_CHECKING:
    from accounts.models import SystemMessage


def registered(address: str) -> str:
    """An address with its domain as it is registered. Raises `UnicodeError`."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{to_ascii(domain)}"


def build(row: SystemMessage, *, name: str, address: str) -> bytes:
    """The bytes of a message; the same at every try, so that two of them are known for one.

    Raises `ValueError` for an address that is none.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=registered(row.to))
    message["Subject"] = row.subject
    message["Date"] = format_datetime(row.made_at)
    message["Message-ID"] = row.message_id
    # Nobody's automatic answer answers this.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(row.body, cte="quoted-printable")
    return message.as_bytes()
