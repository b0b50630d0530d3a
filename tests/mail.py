"""Mail for tests: the shared corpus where it is present, else generated mail of the same kinds."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from filtering.services.deliver import Incoming, deliver
from mailstore.models import Folder, Message
from protocols.body import Body

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("MAIL_CORPUS") or ROOT.parent / "shared" / "corpus")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def letter(
    subject: str = "Hello",
    *,
    sender: str = "Ada Berg <ada@example.test>",
    to: str = "Mara Lind <mara@example.test>",
    text: str = "A few words.",
    extra: str = "",
    date: str = "Mon, 2 Feb 2026 10:00:00 +0100",
) -> bytes:
    """A plain message with CRLF line ends."""
    head = f"From: {sender}\nTo: {to}\nSubject: {subject}\nDate: {date}\n{extra}"
    return f"{head}MIME-Version: 1.0\n\n{text}\n".replace("\n", "\r\n").encode()


def mixed(
    html: str = "<p>Hello</p>", *, name: str = "list.pdf", data: bytes = b"%PDF-1.4"
) -> bytes:
    """A message with both kinds of text, an inline picture and an attachment."""
    return (
        b"From: ada@example.test\r\nTo: mara@example.test\r\nSubject: Mixed\r\n"
        b"Date: Mon, 2 Feb 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=m\r\n\r\n"
        b"--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
        b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain words\r\n"
        b"--a\r\nContent-Type: multipart/related; boundary=r\r\n\r\n"
        b"--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html.encode() + b"\r\n"
        b"--r\r\nContent-Type: image/png\r\nContent-ID: <logo@x>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--r--\r\n--a--\r\n"
        b'--m\r\nContent-Type: application/pdf; name="' + name.encode() + b'"\r\n'
        b'Content-Disposition: attachment; filename="' + name.encode() + b'"\r\n\r\n'
        + data + b"\r\n--m--\r\n"
    )  # fmt: skip


def put(
    folder: Folder, *raws: bytes, flags: frozenset[str] = frozenset(), **more: object
) -> list[Message]:
    """File raw messages into a folder through the incoming door."""
    incoming = [Incoming(Body.of(raw), folder, flags=flags, **more) for raw in raws]  # type: ignore[arg-type] # keywords of Incoming
    return deliver(incoming, now=NOW)


@cache
def messages() -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of every message of the corpus, or of the generated ones."""
    if (CORPUS / "MANIFEST.tsv").is_file():
        return tuple((name, (CORPUS / name).read_bytes()) for name in _listed("message"))
    _say_absent()
    return tuple(_generated())


def mboxes(folder: Path) -> list[Path]:
    """The mbox files of the corpus, or one that is made in `folder`."""
    found = [CORPUS / name for name in _listed("mbox")]
    if found:
        return found
    _say_absent()
    made = folder / "made.mbox"
    made.write_bytes(b"".join(b"From a@x Mon Jan  5 10:00:00 2026\n%b\n" % letter() for _ in "abc"))
    return [made]


@cache
def pages() -> tuple[tuple[str, str], ...]:
    """The HTML pages of the corpus; without it, the HTML of the generated messages has to do."""
    return tuple((name, (CORPUS / name).read_text("utf-8", "replace")) for name in _listed("html"))


def listed(kind: str) -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of the files of one kind ("ics", "vcf", "attachment-vector") of the corpus."""
    return tuple((name, (CORPUS / name).read_bytes()) for name in _listed(kind))


def _say_absent() -> None:
    warnings.warn("corpus not present: generated mail is used", stacklevel=3)


@cache
def vectors() -> tuple[tuple[str, str], ...]:
    """Attack strings: those of the corpus and some of our own."""
    found = [("own", text) for text in _OWN_VECTORS]
    for path in sorted(CORPUS.glob("*/vectors*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            entry = json.loads(line)
            found.append((f"{path.parent.name}:{entry['id']}", entry["payload"]))
    return tuple(found)


def _listed(kind: str) -> Iterator[str]:
    manifest = CORPUS / "MANIFEST.tsv"
    if not manifest.is_file():
        return
    for line in manifest.read_text("utf-8").splitlines()[1:]:
        name, its_kind, *_rest = line.split("\t")
        if its_kind == kind:
            yield name


def _generated() -> Iterator[tuple[str, bytes]]:
    yield "plain", letter()
    yield "mixed", mixed()
    yield "empty header", b"\r\nonly a body"
    yield "no body", b"Subject: nothing more"
    yield "bare line feeds", letter().replace(b"\r\n", b"\n")
    yield "bare carriage returns", letter(text="a\rb\rc")
    yield "nul", letter(text="a\x00b", subject="n\x00ul")
    yield "raw 8 bit", b"Subject: caf\xe9 \xff\xfe\r\n\r\n\xe4\xf6\xfc"
    yield "unknown charset", b"Content-Type: text/plain; charset=klingon\r\n\r\n\xe4"
    yield "bad base64", b"Content-Transfer-Encoding: base64\r\n\r\nabc$%&=x"
    yield (
        "deep",
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
            for n in range(400)
        ),
    )
    yield "long line", letter(text="x" * 50_000)
    yield "from line", b"From ada@example.test Mon Feb  2 10:00:00 2026\n" + letter()
    yield "surrogate", b"Subject: =?utf-8?q?=ED=A0=80?=\r\n\r\nx"
    yield "bad date", letter(date="Mon, 99 Foo 99999 99:99")
    for number in range(200):
        yield f"letter {number}", letter(f"Letter {number}", text=f"Words {number}. " * number)


_OWN_VECTORS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="java\tscript:alert(1)">x</a>',
    "<svg><animate onbegin=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<p style="background:url(javascript:alert(1))">',
    "<style>@import 'http://e.example/x.css';</style>",
    '<form action="http://e.example"><input name=password></form>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
)
