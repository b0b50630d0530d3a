"""Small IMAP and POP3 servers on loopback that a test can make misbehave as real ones do."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self

from standin import ports


@dataclass
class Box:
    """A mailbox; ``uidnext`` None follows the messages, 0 is never told."""

    messages: dict[int, bytes] = field(default_factory=dict)
    uidvalidity: int = 7
    uidnext: int | None = None
    attributes: str = ""
    flags: str = ""

    @property
    def next(self) -> int:
        return max(self.messages, default=0) + 1 if self.uidnext is None else self.uidnext


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class Odd:
    """Serves inside a ``with`` block; every command that came in is in ``heard``."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        talk = self.talk

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    talk(self.rfile.readline, self.wfile.write)
                except OSError:
                    return

        self._server = _Server((ports.HOST, 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def talk(self, readline: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class OddImap(Odd):
    """IMAP without extensions. ``instead`` may answer a command itself, before the tagged OK."""

    def __init__(self, **boxes: Box) -> None:
        super().__init__()
        self.boxes: dict[str, Box] = {"INBOX": Box(), **boxes}
        self.refused: set[int] = set()
        self.instead: Callable[[str], str | None] = lambda _line: None

    def talk(self, readline: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        write(b"* OK ready\r\n")
        opened = Box()
        while line := readline().decode():
            tag, _, text = line.strip().partition(" ")
            self.heard.append(text)
            own = self.instead(text)
            if own is not None:
                write(own.replace("%TAG%", tag).encode())
                continue
            if text.startswith("EXAMINE"):
                opened = self._named(text) or Box()
            for piece in self._answer(text, opened):
                write(piece)
            asked = set(self._wanted(text, opened)) if "BODY" in text else set()
            write(f"{tag} {'NO broken' if asked & self.refused else 'OK done'}\r\n".encode())

    def _named(self, text: str) -> Box | None:
        found = re.search(r'"([^"]*)"', text)
        return self.boxes.get(found[1]) if found else None

    def _answer(self, text: str, opened: Box) -> Iterator[bytes]:
        if text.startswith("CAPABILITY"):
            yield b"* CAPABILITY IMAP4rev1\r\n"
        elif text.startswith("LIST"):
            for name, box in self.boxes.items():
                yield f'* LIST ({box.attributes}) "/" "{name}"\r\n'.encode()
        elif text.startswith("STATUS"):
            if asked := self._named(text):
                name = text.split('"')[1]
                yield (
                    f'* STATUS "{name}" (MESSAGES {len(asked.messages)} UIDNEXT {asked.next} '
                    f"UIDVALIDITY {asked.uidvalidity})\r\n"
                ).encode()
        elif text.startswith("EXAMINE"):
            yield f"* {len(opened.messages)} EXISTS\r\n".encode()
            yield f"* OK [UIDVALIDITY {opened.uidvalidity}] x\r\n".encode()
            if opened.next:
                yield f"* OK [UIDNEXT {opened.next}] x\r\n".encode()
        elif "FETCH" in text:
            yield from self._fetch(text, opened)

    def _wanted(self, text: str, opened: Box) -> list[int]:
        found = re.match(r"(UID )?FETCH ([\d:,*]+)", text)
        uids = sorted(opened.messages)
        numbered = dict(enumerate(uids, 1)) if found and not found[1] else {u: u for u in uids}
        wanted = []
        for piece in found[2].split(",") if found else []:
            low, _, high = piece.partition(":")
            ends = range(int(low), int(high or low) + 1)
            wanted += [uid for number, uid in numbered.items() if number in ends]
        return wanted

    def _fetch(self, text: str, opened: Box) -> Iterator[bytes]:
        for uid in self._wanted(text, opened):
            raw = opened.messages[uid]
            head = f"* {sorted(opened.messages).index(uid) + 1} FETCH (UID {uid}"
            date = 'INTERNALDATE "16-Nov-2026 09:00:00 +0000"'
            if "BODY" not in text:
                yield f"{head} RFC822.SIZE {len(raw)} {date} FLAGS ({opened.flags}))\r\n".encode()
            elif uid not in self.refused:
                yield f"{head} {date} FLAGS ({opened.flags}) BODY[] {{{len(raw)}}}\r\n".encode()
                yield raw + b")\r\n"


class OddPop(Odd):
    """POP3 with a maildrop of (UIDL, message) pairs."""

    def __init__(self, *drop: tuple[str, bytes]) -> None:
        super().__init__()
        self.drop = list(drop)
        self.confirms_quit = True
        self.removes = True
        self.knows_uidl = True
        self.refused: set[str] = set()  # UIDLs that RETR answers with -ERR
        self.kept: set[str] = set()  # UIDLs that DELE answers with -ERR
        self.stuffs = True
        self.sizes: dict[str, int] = {}

    def talk(self, readline: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        write(b"+OK ready\r\n")
        drop, doomed = list(self.drop), set[str]()
        while line := readline().decode().strip():
            self.heard.append(line)
            word, _, rest = line.partition(" ")
            if word in ("LIST", "UIDL"):
                write(self._listing(word, drop))
            elif word == "RETR":
                write(self._message(*drop[int(rest) - 1]))
            elif word == "DELE":
                uidl = drop[int(rest) - 1][0]
                if uidl in self.kept:
                    write(b"-ERR locked\r\n")
                    continue
                doomed.add(uidl)
                write(b"+OK\r\n")
            elif word == "QUIT":
                if self.removes:
                    self.drop = [pair for pair in self.drop if pair[0] not in doomed]
                write(b"+OK bye\r\n" if self.confirms_quit else b"-ERR oops\r\n")
                return
            else:
                write(b"-ERR no\r\n" if word == "CAPA" else b"+OK\r\n")

    def _listing(self, word: str, drop: list[tuple[str, bytes]]) -> bytes:
        if word == "UIDL" and not self.knows_uidl:
            return b"-ERR not now\r\n"
        rows = [
            f"{number} {uidl if word == 'UIDL' else self.sizes.get(uidl, len(raw))}\r\n"
            for number, (uidl, raw) in enumerate(drop, 1)
        ]
        return "".join(["+OK\r\n", *rows, ".\r\n"]).encode()

    def _message(self, uidl: str, raw: bytes) -> bytes:
        if uidl in self.refused:
            return b"-ERR cannot read it\r\n"
        stuffed = re.sub(rb"(?m)^\.", b"..", raw) if self.stuffs else raw
        return b"+OK\r\n" + stuffed + b".\r\n"
