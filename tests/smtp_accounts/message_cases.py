"""Messages to be made and read back by parsers that know nothing of us: data only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from smtp_accounts import outgoing_html
from smtp_accounts.addresses import Mailbox
from smtp_accounts.build import Attachment, Content

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
ALL_BYTES = bytes(range(256)) * 500
LONG_ID = f"<{'a' * 300}@b.test>"
INNER = b"From: a@b.test\r\nTo: c@d.test\r\nSubject: inner\r\n\r\nHello\r\n"
_WIDE_TYPE = (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\n"
)
WIDE_INNER = INNER.replace(b"\r\n\r\n", b"\r\n" + _WIDE_TYPE) + "ü\r\n".encode()
WIDE = "Zoë 👩‍👩‍👧‍👦 日本語のとても長い題名 " * 12


def box(address: str, name: str = "") -> Mailbox:
    return Mailbox(name, address)


def content(**fields: Any) -> Content:
    """A message of which only the fields given are out of the ordinary."""
    typed: dict[str, Any] = {
        "sender": box("mara@example.test", "Mara Lind"),
        "to": (box("bob@x.test"),),
        "cc": (),
        "subject": "Tide tables",
        "body": "See below.\n",
        "message_id": "<1@example.test>",
        "date": datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    }
    return Content(**{**typed, **fields})


def document(html: str, known: set[str] | None = None) -> str:
    return outgoing_html.finish(outgoing_html.clean(html), known or set()).html


def named(name: str) -> dict[str, Any]:
    return {"attachments": (Attachment(name, "application/pdf", ALL_BYTES),)}


SUBJECTS = {
    "plain": "Tide tables",
    "empty": "",
    "long-words": "tide " * 150,
    "no-space": "x" * 990,
    "umlauts": "Größe der Flut über Föhr",
    "one-umlaut": "The tide at Föhr, and nothing else that is odd in this quite long subject line",
    "japanese": "潮汐表について" * 20,
    "emoji": WIDE[:990],
    "rtl": "מועדי הגאות והשפל בחוף הצפוני",
    "looks-encoded": "=?utf-8?q?=41?= is not encoded",
    "half-encoded": "=?utf-8?q?ü?=",
    "colon": "Re: AW: Fwd: [list] Tide: tables",
    "double-space": "two  spaces   and    more",
    "tab": "a\tb",
    "comma-semi": 'a, b; c <d@e.test> "f" (g) \\ h',
    "percent": "100 % off_all =3D ?=",
}
NAMES = {
    "plain": "Bob Kay",
    "dots": "J. R. Kay",
    "comma": "Kay, Bob",
    "long-comma": "Kay, Bob the very long-winded of the department of tides, north",
    "quotes": 'Bob "the tide" Kay',
    "backslash": "Bob \\ Kay",
    "umlaut": "Jürgen Kühl",
    "umlaut-comma": "Kühl, Jürgen",
    "japanese": "山田太郎" * 12,
    "at": "bob@elsewhere.test",
    "parentheses": "Bob (work)",
    "looks-encoded": "=?utf-8?q?Bob?=",
    "emoji": "Bob 🌊",
    "apostrophe": "Bob O'Kay",
    "long": "Bob " * 49,
}
FILENAMES = {
    "plain": "plan.pdf",
    "spaces": "the plan of May.pdf",
    "umlaut": "Übersicht.pdf",
    "japanese-long": "潮汐表" * 60 + ".pdf",
    "quotes": 'a "b" c.pdf',
    "percent": "100%25.pdf",
    "apostrophe": "it's.pdf",
    "long": "x" * 190 + ".pdf",
    "semicolon": "a;b=c.pdf",
    "backslash-free": "a~b`c.pdf",
}
BODIES = {
    "plain": "See below.\n",
    "no-end": "See below.",
    "empty": "",
    "crlf": "a\r\nb\rc\nd",
    "dots": ".\n..\n...\nQUIT\n",
    "from": "From here on\n> From there\n From everywhere\n",
    "long-line": "word " * 3000,
    "one-word": "x" * 5000,
    "utf8": "Größe\n日本語\n👩‍👩‍👧‍👦\n",
    "utf8-long": "日本語" * 3000,
    "trailing": "a  \n-- \nMara\n",
    "quotes": "> " + "word " * 60 + "\n>> deeper\n",
    "controls": "a\x00b\x07c\x1bd\x85e",
    "equals": "=3D =\n=20\n",
    "boundary": "--=_\n--\n----\n",
    "from-utf8": "From hier über alles\nFrom dort\n",
}
HTMLS = {
    "plain": "<p>Hello</p>",
    "utf8": "<p>Größe 日本語 👩‍👩‍👧‍👦</p>",
    "long": "<p>" + "word <b>bold</b> " * 3000 + "</p>",
    "from-ascii": "<pre>\nFrom here\nFrom there</pre>",
    "from": "<pre>\nFrom here\n.\n</pre><p>ü</p>",
    "quote": '<div>a</div><div data-quote><blockquote type="cite">b</blockquote></div>',
}
OTHERS: dict[str, dict[str, Any]] = {
    "nobody-shown": {"to": ()},
    "cc-only": {"to": (), "cc": (box("cee@x.test", "Cee"),)},
    "five-hundred": {"to": tuple(box(f"u{n}@x.test", f"Üser, {n}") for n in range(500))},
    "eai": {"to": (box("bøb@x.test", "Bøb"),), "sender": box("mära@example.test", "Mära")},
    "idn": {"to": (box("bob@xn--bcher-kva.test"),)},
    "reply": {"in_reply_to": "<a@b.test>", "references": ("<r@b.test>", "<a@b.test>")},
    "long-ids": {"in_reply_to": LONG_ID, "references": (LONG_ID, "<c@d.test>")},
    "reply-to": {"reply_to": (box("desk@example.test", "Desk, the"), box("b@example.test"))},
    "high": {"importance": "high"},
    "low": {"importance": "low"},
    "receipt": {"wants_receipt": True},
    "automatic": {"auto_submitted": "auto-replied"},
    "zone": {"date": datetime(2026, 5, 4, 9, tzinfo=timezone(timedelta(hours=5, minutes=45)))},
    "plus": {"sender": box("mara+tides@example.test", "Mara")},
    "empty-file": {"attachments": (Attachment("none.bin", "application/x-none", b""),)},
    "files": {
        "attachments": (
            Attachment("a.txt", "text/plain", b"a\nb\n"),
            Attachment("b.html", "text/html", b"<p>b"),
            Attachment("b.html", "image/png", PNG),
        )
    },
    "picture": {
        "html": document('<p>x<img src="cid:logo@inline"></p>', {"logo@inline"}),
        "inline": (Attachment("logo.png", "image/png", PNG, "logo@inline"),),
    },
    "picture-and-file": {
        "html": document('<p>ü<img data-cid="logo@inline"></p>', {"logo@inline"}),
        "inline": (Attachment("logo.png", "image/png", PNG, "logo@inline"),),
        **named("plan.pdf"),
    },
    "html-and-file": {"html": document("<p>x</p>"), **named("plan.pdf")},
    "message": {"attachments": (Attachment("m.eml", "message/rfc822", INNER),)},
    "message-lf": {
        "attachments": (Attachment("m.eml", "message/rfc822", INNER.replace(b"\r\n", b"\n")),)
    },
    "message-8bit": {
        "attachments": (Attachment("m.eml", "message/rfc822", WIDE_INNER),),
        "allows_8bit": True,
    },
    "message-8bit-not-taken": {"attachments": (Attachment("m.eml", "message/rfc822", WIDE_INNER),)},
    "message-long-line-inside": {
        "attachments": (Attachment("m.eml", "message/rfc822", INNER + b"x" * 1200 + b"\r\nend"),)
    },
    "message-long-line": {
        "attachments": (Attachment("m.eml", "message/rfc822", INNER + b"x" * 1200),),
        "allows_8bit": True,
    },
}

#: Name of the case to the message.
CASES: dict[str, Content] = {
    **{f"subject-{name}": content(subject=text) for name, text in SUBJECTS.items()},
    **{
        f"name-{name}": content(to=(box("bob@x.test", text.strip()), box("cee@x.test")))
        for name, text in NAMES.items()
    },
    **{f"file-{name}": content(**named(text)) for name, text in FILENAMES.items()},
    **{f"body-{name}": content(body=text) for name, text in BODIES.items()},
    **{f"html-{name}": content(html=document(text), body="t\n") for name, text in HTMLS.items()},
    **{name: content(**fields) for name, fields in OTHERS.items()},
}
