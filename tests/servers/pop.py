"""A POP3 server over a maildrop in memory, decent unless a test says otherwise (RFC 1939)."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from functools import partial

from standin.certs import Pair
from tests.servers.base import GREETING, Gone, Server, Talk

STAMP = "<1896.697170952@odd.test>"
END = b".\r\n"


@dataclass
class PopTalk:
    """One session: numbers stand for the messages listed at its start."""

    talk: Talk
    drop: list[tuple[str, bytes]]
    doomed: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)  # retrieved


class PopServer(Server):
    """A maildrop of (UIDL, message) pairs."""

    def __init__(
        self,
        *drop: tuple[str, bytes],
        capabilities: str = "",
        tls: Pair | None = None,
        starttls: Pair | None = None,
    ) -> None:
        super().__init__(tls=tls, starttls=starttls)
        self.drop = list(drop)
        self.capabilities = capabilities  # separated by commas; none: CAPA is not known
        self.password = ""  # "": any will do
        self.tokens: set[str] = set()
        self.confirms_quit = True
        self.removes = True
        self.forgets = False  # as Gmail: what was retrieved is not listed after QUIT
        self.window = 0  # how many messages a session lists; 0: all
        self.knows_uidl = True
        self.stuffs = True
        self.refused: set[str] = set()  # UIDLs that RETR answers with -ERR
        self.withheld: set[str] = set()  # UIDLs that RETR answers with nothing
        self.kept: set[str] = set()  # UIDLs that DELE answers with -ERR
        self.sizes: dict[str, int] = {}  # where LIST is to lie

    def serve(self, talk: Talk) -> None:
        """Greet, then answer until the client leaves."""
        self.react(talk, GREETING, f"+OK ready {STAMP}\r\n".encode)
        state = PopTalk(talk, self.drop[: self.window or None])
        while True:
            text = talk.readline().decode()
            self.note(talk, text)
            word = text.partition(" ")[0].upper()
            self.react(talk, text, partial(self._answer, state, text))
            if word == "QUIT":
                raise Gone
            if word == "STLS" and self.starttls:
                talk.encrypt(self.starttls)

    def retrieved(self) -> list[int]:
        """The numbers of all RETR commands, in their order."""
        return [int(text[5:]) for text in self.heard if text.startswith("RETR ")]

    def _answer(self, state: PopTalk, text: str) -> bytes:
        word, _, rest = text.partition(" ")
        method = getattr(self, f"do_{word.lower()}", None)
        try:
            answer: bytes = method(state, rest) if method else b"-ERR unknown\r\n"
        except (IndexError, ValueError):
            return b"-ERR no such message\r\n"
        return answer

    def do_capa(self, _state: PopTalk, _rest: str) -> bytes:
        if not self.capabilities:
            return b"-ERR unknown\r\n"
        lines = "".join(f"{line.strip()}\r\n" for line in self.capabilities.split(","))
        return b"+OK\r\n" + lines.encode() + END

    def do_user(self, _state: PopTalk, _rest: str) -> bytes:
        return b"+OK\r\n"

    do_noop = do_user
    do_stls = do_user

    def do_pass(self, _state: PopTalk, rest: str) -> bytes:
        return b"+OK\r\n" if self.password in ("", rest) else b"-ERR [AUTH] wrong\r\n"

    def do_apop(self, _state: PopTalk, rest: str) -> bytes:
        digest = hashlib.md5((STAMP + self.password).encode(), usedforsecurity=False).hexdigest()
        return b"+OK\r\n" if rest.endswith(digest) else b"-ERR [AUTH] wrong\r\n"

    def do_auth(self, state: PopTalk, rest: str) -> bytes:
        mechanism, _, blob = rest.partition(" ")
        if not blob:
            state.talk.send(b"+ \r\n")
            blob = state.talk.readline().decode()
        secret = base64.b64decode(blob).decode()
        if mechanism.upper() == "XOAUTH2":
            if secret.partition("auth=Bearer ")[2].rstrip("\x01") in self.tokens:
                return b"+OK\r\n"
            state.talk.send(b"+ " + base64.b64encode(b'{"status":"400"}') + b"\r\n")
            state.talk.readline()
            return b"-ERR [AUTH] invalid token\r\n"
        return self.do_pass(state, secret.rpartition("\0")[2])

    def do_stat(self, state: PopTalk, _rest: str) -> bytes:
        return f"+OK {len(state.drop)} {sum(len(raw) for _, raw in state.drop)}\r\n".encode()

    def do_list(self, state: PopTalk, _rest: str) -> bytes:
        return self._listing([self.sizes.get(uidl, len(raw)) for uidl, raw in state.drop])

    def do_uidl(self, state: PopTalk, _rest: str) -> bytes:
        if not self.knows_uidl:
            return b"-ERR not now\r\n"
        return self._listing([uidl for uidl, _ in state.drop])

    def do_retr(self, state: PopTalk, rest: str) -> bytes:
        uidl, raw = state.drop[int(rest) - 1]
        if uidl in self.refused:
            return b"-ERR cannot read it\r\n"
        state.taken.add(uidl)
        return self._multiline(raw if uidl not in self.withheld else b"")

    def do_top(self, state: PopTalk, rest: str) -> bytes:
        number, _, lines = rest.partition(" ")
        head, blank, body = state.drop[int(number) - 1][1].partition(b"\r\n\r\n")
        kept = b"".join(body.splitlines(keepends=True)[: int(lines)])
        return self._multiline(head + blank + kept)

    def do_dele(self, state: PopTalk, rest: str) -> bytes:
        uidl = state.drop[int(rest) - 1][0]
        if uidl in self.kept:
            return b"-ERR locked\r\n"
        state.doomed.add(uidl)
        return b"+OK\r\n"

    def do_rset(self, state: PopTalk, _rest: str) -> bytes:
        state.doomed.clear()
        return b"+OK\r\n"

    def do_quit(self, state: PopTalk, _rest: str) -> bytes:
        gone = state.doomed if self.removes else set[str]()
        if self.forgets:
            gone = gone | state.taken
        self.drop = [pair for pair in self.drop if pair[0] not in gone]
        return b"+OK bye\r\n" if self.confirms_quit else b"-ERR oops\r\n"

    def _multiline(self, raw: bytes) -> bytes:
        stuffed = re.sub(rb"(?m)^\.", b"..", raw) if self.stuffs else raw
        ended = not stuffed or stuffed.endswith(b"\n")
        return b"+OK\r\n" + stuffed + (b"" if ended else b"\r\n") + END

    def _listing(self, values: list[int] | list[str]) -> bytes:
        rows = "".join(f"{number} {value}\r\n" for number, value in enumerate(values, 1))
        return b"+OK\r\n" + rows.encode() + END
