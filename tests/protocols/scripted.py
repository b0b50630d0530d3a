"""Scripts for servers that misbehave, and clients that meet them."""

from collections.abc import Callable, Iterable

from protocols.check import CheckReport
from protocols.imap import ImapSource, Wanted
from protocols.types import Login
from standin.hostile import Expect, Send, Step

SECRET = "cl3ar-text-canary"
LOGIN = Login("mara", SECRET)
CAPS = b"* CAPABILITY IMAP4rev1 %b\r\n%%TAG%% OK done\r\n"
GREET: list[Step] = [Send(b"* OK ready\r\n"), Expect(b"CAPABILITY"), Send(CAPS % b"STARTTLS")]
CLEAR: list[Step] = [Send(b"* OK ready\r\n"), Expect(b"CAPABILITY"), Send(CAPS % b"")]
SIGNED_IN: list[Step] = [
    *CLEAR,
    Expect(b"LOGIN"),
    Send(b"%TAG% OK in\r\n"),
    Expect(b"CAPABILITY"),
    Send(CAPS % b"LIST-STATUS"),
]
OPENED: list[Step] = [
    *SIGNED_IN,
    Expect(b"EXAMINE"),
    Send(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n%TAG% OK done\r\n"),
]
Reach = Callable[..., ImapSource]
Open = Callable[..., ImapSource]


Try = Callable[..., CheckReport]


def feed(wanted: Iterable[Wanted]) -> Callable[[], Wanted | None]:
    """What `ImapSource.bodies` takes its batches from."""
    rest = iter(wanted)
    return lambda: next(rest, None)
