"""A name server on loopback whose zone is what a test says; it can also fail, in every way."""

import socket
import struct
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from standin import ports

LOOPBACK = "127.0.0.1"


@dataclass
class NameServer:
    """Serves inside a ``with`` block, by UDP and TCP on one port.

    Names without records do not exist (NXDOMAIN); with records of another type only, the answer
    is empty. ``asked`` holds every question as (name, type).
    """

    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0
    _zone: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    _turns: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)
    _codes: dict[str, dns.rcode.Rcode] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)
    _short: set[str] = field(default_factory=set)

    def add(self, name: str, kind: str, *texts: str) -> None:
        """Records of one name and type, as in a zone file."""
        self._zone.setdefault(name, {}).setdefault(kind, []).extend(texts)

    def here(self, *names: str) -> None:
        """Names that are this computer."""
        for name in names:
            self.add(name, "A", LOOPBACK)

    def turn(self, name: str, kind: str, *answers: Iterable[str]) -> None:
        """Another answer at each question; the last one stays."""
        self._zone.setdefault(name, {})
        self._turns[name, kind] = [list(answer) for answer in answers]

    def fail(self, name: str, code: dns.rcode.Rcode = dns.rcode.SERVFAIL) -> None:
        """Answer with an error whatever is asked about a name."""
        self._codes[name] = code

    def silence(self, *names: str) -> None:
        """Never answer questions about these names; "" stands for all."""
        self._silent.update(names)

    def shorten(self, name: str) -> None:
        """Tell by UDP only that the answer is too long for it."""
        self._short.add(name)

    @property
    def address(self) -> tuple[str, int]:
        """As `AddressPolicy.nameservers` has it."""
        return LOOPBACK, self.port

    def __enter__(self) -> Self:
        (self.port,) = ports.pick([0])
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((LOOPBACK, self.port))
        self._tcp = socket.create_server((LOOPBACK, self.port))
        self._threads = [
            threading.Thread(target=serve, daemon=True) for serve in (self._by_udp, self._by_tcp)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._udp.sendto(b"", self.address)
        socket.create_connection(self.address).close()
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()

    _over = False

    def _by_udp(self) -> None:
        while True:
            data, whence = self._udp.recvfrom(65_536)
            if self._over:
                return
            answer = self._answer(data, short=True)
            if answer is not None:
                self._udp.sendto(answer, whence)

    def _by_tcp(self) -> None:
        while True:
            sock, _ = self._tcp.accept()
            with sock:
                if self._over:
                    return
                (size,) = struct.unpack("!H", sock.recv(2))
                answer = self._answer(sock.recv(size), short=False)
                if answer is not None:
                    sock.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, data: bytes, *, short: bool) -> bytes | None:
        question = dns.message.from_wire(data)
        asked = question.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        if name in self._silent or "" in self._silent:
            return None
        answer = dns.message.make_response(question, recursion_available=True)
        if name in self._codes:
            answer.set_rcode(self._codes[name])
        elif short and name in self._short:
            answer.flags |= dns.flags.TC
        elif name not in self._zone:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            self._fill(answer, name, kind)
        return answer.to_wire()

    def _fill(self, answer: dns.message.Message, name: str, kind: str) -> None:
        turns = self._turns.get((name, kind))
        if turns:
            texts = turns.pop(0) if len(turns) > 1 else turns[0]
        else:
            texts = self._zone[name].get(kind, [])
        aliases = self._zone[name].get("CNAME", [])
        if not texts and aliases and kind != "CNAME":
            answer.answer.append(_rrset(name, "CNAME", aliases))
            target = aliases[0].rstrip(".")
            if target in self._zone:
                self._fill(answer, target, kind)
        elif texts:
            answer.answer.append(_rrset(name, kind, texts))


def _rrset(name: str, kind: str, texts: list[str]) -> dns.rrset.RRset:
    absolute = dns.name.from_text(name)
    return dns.rrset.from_text_list(absolute, 60, dns.rdataclass.IN, kind, texts)
