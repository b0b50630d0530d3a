"""Scripts for SMTP servers: how they begin and how they end."""

from collections.abc import Callable

from protocols.smtp import Session
from standin.hostile import Expect, Hang, Send, Step

Open = Callable[..., Session]


def hello(*offers: str) -> list[Step]:
    lines = "".join(f"250-{one}\r\n" for one in offers)
    return [
        Send(b"220 ready\r\n"),
        Expect(b"^EHLO"),
        Send(f"250-here\r\n{lines}250 HELP\r\n".encode()),
    ]


def bye() -> list[Step]:
    return [Expect(b"^QUIT"), Send(b"221 bye\r\n"), Hang()]
