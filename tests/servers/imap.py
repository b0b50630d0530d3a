"""An IMAP server over mailboxes in memory, decent unless a test says otherwise (RFC 3501)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from standin.certs import Pair
from tests.servers import fetching
from tests.servers.base import GREETING, Gone, Server, Talk
from tests.servers.fetching import Box

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}$")
_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
EXPIRED = base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode()


@dataclass
class ImapTalk:
    """What one connection has open."""

    talk: Talk
    opened: Box = field(default_factory=Box)


class ImapServer(Server):
    """Mailboxes by name; a name is written to the wire as Latin-1, so it can hold any byte.

    Args:
        capabilities: what it tells after sign-in; before, STARTTLS is added where it can.
        tls: encrypt from the start.
        starttls: encrypt when asked.
        boxes: mailboxes beside INBOX.
    """

    def __init__(
        self,
        capabilities: str = "",
        *,
        tls: Pair | None = None,
        starttls: Pair | None = None,
        **boxes: Box,
    ) -> None:
        super().__init__(tls=tls, starttls=starttls)
        self.capabilities = f"IMAP4rev1 {capabilities}".strip()
        self.boxes: dict[str, Box] = {"INBOX": Box(), **boxes}
        self.passwords: set[str] = set()  # none: any will do
        self.tokens: set[str] = set()
        self.refused: set[int] = set()  # UIDs whose bodies are answered NO
        self.refused_forms = {"whole", "pieces", "halves"}
        self.withheld: set[int] = set()  # UIDs whose bodies are NIL
        self.misstated: dict[int, int] = {}  # by how much the literals of a UID's body are wrong
        self.message_limit = 0  # MESSAGELIMIT (RFC 9738): the highest UIDs of a set come
        self.instead: Callable[[str], str | None] = lambda _text: None
        self.bodies: list[tuple[str, int]] = []  # (mailbox, UID) of every body that was asked for

    def serve(self, talk: Talk) -> None:
        """Greet, then answer until the client leaves."""
        self.react(talk, GREETING, lambda: b"* OK ready\r\n")
        state = ImapTalk(talk)
        while True:
            line = self._command(talk)
            talk.tag, _, text = line.partition(" ")
            self.note(talk, text)
            own = self.instead(text)
            if own is None:
                self.react(talk, text, partial(self._answer, state, text))
            else:
                talk.send(own.encode())
            if text.upper() == "LOGOUT":
                raise Gone
            if text.upper() == "STARTTLS" and self.starttls and own is None:
                talk.encrypt(self.starttls)

    def _command(self, talk: Talk) -> str:
        """One command with its literals put in as quoted strings."""
        whole = ""
        while True:
            line = talk.readline()
            found = _LITERAL.search(line)
            if found is None:
                return whole + line.decode("latin-1")
            if not found[2]:
                talk.send(b"+ go on\r\n")
            literal = talk.read(int(found[1])).decode("latin-1")
            whole += line[: found.start()].decode("latin-1") + quoted(literal)

    def _answer(self, state: ImapTalk, text: str) -> bytes:
        word = re.match(r"(UID )?\w+", text)
        method = getattr(self, f"do_{word[0].lower().replace(' ', '_')}" if word else "", None)
        if method is None:
            return b"%TAG% BAD unknown\r\n"
        untagged: list[bytes] = []
        result = "OK done"
        for piece in method(state, text):
            if isinstance(piece, str):
                result = piece
            else:
                untagged.append(piece)
        return b"".join(untagged) + f"%TAG% {result}\r\n".encode()

    # Commands: untagged responses as bytes, a tagged answer other than OK as text

    def do_capability(self, state: ImapTalk, _text: str) -> Iterator[bytes | str]:
        extra = " STARTTLS" if self.starttls and not state.talk.encrypted else ""
        yield f"* CAPABILITY {self.capabilities}{extra}\r\n".encode()

    def do_noop(self, _state: ImapTalk, _text: str) -> Iterator[bytes | str]:
        yield b""

    do_check = do_noop
    do_enable = do_noop
    do_starttls = do_noop

    def do_logout(self, _state: ImapTalk, _text: str) -> Iterator[bytes | str]:
        yield b"* BYE see you\r\n"

    def do_id(self, _state: ImapTalk, _text: str) -> Iterator[bytes | str]:
        yield b'* ID ("name" "odd")\r\n'

    def do_namespace(self, _state: ImapTalk, _text: str) -> Iterator[bytes | str]:
        yield b'* NAMESPACE (("" "/")) NIL NIL\r\n'

    def do_login(self, _state: ImapTalk, text: str) -> Iterator[bytes | str]:
        arguments = names(text.partition(" ")[2])
        if self.passwords and arguments[-1] not in self.passwords:
            yield "NO [AUTHENTICATIONFAILED] wrong"

    def do_authenticate(self, state: ImapTalk, text: str) -> Iterator[bytes | str]:
        _, mechanism, *rest = text.split(" ")
        if not rest:
            state.talk.send(b"+ \r\n")
            rest = [state.talk.readline().decode()]
        try:
            secret = base64.b64decode(rest[0]).decode()
        except (binascii.Error, UnicodeDecodeError):
            yield "BAD no base64"
            return
        if mechanism.upper() == "XOAUTH2":
            token = secret.partition("auth=Bearer ")[2].rstrip("\x01")
            if token not in self.tokens:
                state.talk.send(f"+ {EXPIRED}\r\n".encode())
                state.talk.readline()
                yield "NO [AUTHENTICATIONFAILED] Invalid credentials"
        elif self.passwords and secret.rpartition("\0")[2] not in self.passwords:
            yield "NO [AUTHENTICATIONFAILED] wrong"

    def do_list(self, _state: ImapTalk, text: str) -> Iterator[bytes | str]:
        for name, box in self.boxes.items():
            line = f"* LIST ({box.attributes}) {box.delimiter} {quoted(name)}\r\n"
            yield line.encode("latin-1")
            if "STATUS (" in text and "\\noselect" not in box.attributes.lower():
                yield _status(name, box)

    def do_status(self, _state: ImapTalk, text: str) -> Iterator[bytes | str]:
        box = self._named(text)
        yield "NO no such mailbox" if box is None else _status(names(text)[1], box)

    def do_examine(self, state: ImapTalk, text: str) -> Iterator[bytes | str]:
        box = self._named(text)
        if box is None:
            yield "NO no such mailbox"
            return
        state.opened = box
        yield f"* {len(box.messages)} EXISTS\r\n".encode()
        yield f"* OK [UIDVALIDITY {box.uidvalidity}] x\r\n".encode()
        if box.next:
            yield f"* OK [UIDNEXT {box.next}] x\r\n".encode()
        yield "OK [READ-ONLY] done"

    do_select = do_examine

    def do_fetch(self, state: ImapTalk, text: str) -> Iterator[bytes | str]:
        asked = fetching.Asked.read(text)
        uids = asked.uids(state.opened)
        places = {uid: place for place, uid in enumerate(sorted(state.opened.messages), 1)}
        form = asked.form
        if form:
            name = next((key for key, box in self.boxes.items() if box is state.opened), "")
            self.bodies += [(name, uid) for uid in uids]
        cut_off = uids[: -self.message_limit] if self.message_limit else []
        refused = self.refused if form in self.refused_forms else set[int]()
        for uid in uids[len(cut_off) :]:
            if uid not in refused:
                answer = fetching.response(
                    state.opened, uid, asked, place=places[uid], withheld=uid in self.withheld
                )
                wrong = self.misstated.get(uid, 0) if form else 0
                yield fetching.misstate(answer, wrong) if wrong else answer
        if refused & set(uids):
            yield "NO [SERVERBUG] broken"
        elif cut_off:
            yield f"OK [MESSAGELIMIT {self.message_limit} {cut_off[-1] + 1}] partial"

    do_uid_fetch = do_fetch

    def do_idle(self, state: ImapTalk, _text: str) -> Iterator[bytes | str]:
        state.talk.send(b"+ idling\r\n")
        state.talk.readline()
        yield b""

    def _named(self, text: str) -> Box | None:
        name = names(text)[1]
        return self.boxes.get("INBOX" if name.upper() == "INBOX" else name)


def names(text: str) -> list[str]:
    """Words and quoted strings of a command."""
    pieces = _NAME.findall(text)
    return [re.sub(r"\\(.)", r"\1", inner) if inner or not word else word for inner, word in pieces]


def quoted(name: str) -> str:
    """A name as a quoted string."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _status(name: str, box: Box) -> bytes:
    return (
        f"* STATUS {quoted(name)} (MESSAGES {len(box.messages)} UIDNEXT {box.next} "
        f"UIDVALIDITY {box.uidvalidity})\r\n"
    ).encode("latin-1")
