"""winmail.dat (MS-OXTNEF) as a message. Runs only in a child process (`lib.limited`): the library
that reads it takes any size it is told, and fails in many ways."""

import logging
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import tnefparse

MAX_DEPTH = 3
MAX_FILES = 200
#: Everything that is unpacked together, in bytes.
MAX_SIZE = 48 * 1024 * 1024
_SUBJECT = 0x8004


def as_message(data: bytes) -> bytes:
    """The body and files of a winmail.dat as a MIME message. Raises whatever the library does."""
    logging.disable()
    found = tnefparse.TNEF(data, do_checksum=False)
    if not any(one.data for one in found.attachments) and not found.body and not found.htmlbody:
        raise ValueError("nothing in it")
    return _message(found, 0).as_bytes(policy=SMTP)


def _message(found: Any, depth: int) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    subject = next((one.data for one in found.msgprops if one.name == _SUBJECT), "")
    message["Subject"] = " ".join(_text(subject).split())[:500]
    html, text = _text(found.htmlbody), _text(found.body)
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    room = MAX_SIZE
    for one in found.attachments[:MAX_FILES]:
        room -= len(one.data)
        if room < 0:
            break
        _attach(message, one, depth)
    return message


def _attach(message: EmailMessage, one: Any, depth: int) -> None:
    name = " ".join(_text(_name(one)).split())[:200]
    if hasattr(one, "embed") and depth < MAX_DEPTH:
        message.add_attachment(_message(one.embed, depth + 1), filename=name or "message.eml")
        return
    message.add_attachment(
        bytes(one.data), maintype="application", subtype="octet-stream", filename=name or "file"
    )


def _name(one: Any) -> Any:
    try:
        return one.long_filename()
    except UnicodeDecodeError:
        # The bytes that the library could not read.
        return one._name


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8") if _is_utf8(value) else value.decode("cp1252", "replace")
    kept = str(value or "").replace("\0", "").encode("utf-8", "replace")
    return kept.decode("utf-8")


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
