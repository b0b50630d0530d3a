"""Replies of an SMTP server (RFC 5321 section 4.2), and our errors for those not hoped for."""

import re
from dataclasses import dataclass

from protocols.errors import (
    LoginLater,
    LoginMethod,
    LoginRefused,
    MailServerError,
    ProtocolBroken,
    Refused,
    Stage,
    redact,
)
from protocols.wire import Wire

# RFC 5321 4.5.3.1.5 says 512; servers are more talkative, ours is what a line may cost us.
LINE_CAP = 8192
LINES_CAP = 200
_LINE = re.compile(rb"([2-5]\d\d)([ -]?)(.*?)\r?\n", re.S)


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: three digits and its words, made fit to show."""

    code: int
    text: str

    @property
    def accepted(self) -> bool:
        """Whether the server took it."""
        return 200 <= self.code < 300

    @property
    def words(self) -> str:
        """Digits and words, as the server wrote them on one line."""
        return f"{self.code} {self.text}"


def read(wire: Wire) -> Reply:
    """The next reply; raises `ProtocolBroken` for what is none, else what the wire raises."""
    code, lines = read_lines(wire)
    return Reply(code, redact(b" ".join(lines), wire.secret))


def read_lines(wire: Wire) -> tuple[int, list[bytes]]:
    """The code of the next reply and the words of each of its lines, as they came."""
    found: list[bytes] = []
    code = 0
    while len(found) < LINES_CAP:
        line = wire.readline(LINE_CAP)
        matched = _LINE.fullmatch(line)
        if matched is None or (code and int(matched[1]) != code):
            raise wire.broken(redact(line, wire.secret))
        code = int(matched[1])
        found.append(matched[3].strip())
        if matched[2] != b"-":
            return code, found
    raise wire.broken("reply too long")


def ask(wire: Wire, command: bytes) -> Reply:
    """Send one command and read its reply."""
    send(wire, command)
    return read(wire)


def send(wire: Wire, command: bytes) -> None:
    """Put one command on its way; the caller reads the reply, maybe after sending more.

    Raises `ProtocolBroken` for one with a control character, which could be another command.
    """
    if any(byte < 0x20 or byte == 0x7F for byte in command):
        raise ProtocolBroken(
            wire.stage, server_line="control character in a command", temporary=False
        )
    wire.send(command + b"\r\n", more=True)


def refused(stage: Stage, reply: Reply) -> MailServerError:
    """Our error for a reply that was not the hoped-for one (RFC 5321 4.2.1, RFC 4954 6)."""
    code, line = reply.code, reply.words
    if stage is Stage.LOGIN:
        if code in (504, 534, 538):
            return LoginMethod(stage, server_line=line, code=code)
        if code < 500:
            return LoginLater(stage, server_line=line, code=code)
        return LoginRefused(stage, server_line=line, code=code)
    if stage in (Stage.GREETING, Stage.HELLO):
        return LoginLater(stage, server_line=line, code=code)
    return Refused(stage, server_line=line, temporary=code < 500, code=code)


def sender_refused(reply: Reply) -> MailServerError:
    """The same for an answer to MAIL, where only the sender has been named so far."""
    error = refused(Stage.SEND, reply)
    error.params["reason"] = "MAIL"
    return error
