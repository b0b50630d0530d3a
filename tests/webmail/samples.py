"""Messages as they arrive: written out by hand, varied, and dated relative to a given moment."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Folder, Message, Source
from mailstore.services import folders
from protocols.body import Body


def letter(
    subject: str,
    *,
    sender: str = "Jonas Ekdahl <jonas@harbourline.test>",
    to: str = "Mara Lind <mara@example.test>",
    cc: str = "",
    text: str = "Good morning,\n\nsee you on Thursday.\n\nJonas\n",
    html: str = "",
    files: Sequence[tuple[str, str, bytes]] = (),
    pictures: Sequence[tuple[str, bytes]] = (),
    sent: datetime | None = None,
) -> bytes:
    """The bytes of a message. ``files``: name, type, content; ``pictures``: content id, PNG."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    if cc:
        message["Cc"] = cc
    if sent:
        message["Date"] = format_datetime(sent)
    message["Message-ID"] = f"<{zlib.crc32(subject.encode()):x}@samples.test>"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
        for content_id, data in pictures:
            payload = message.get_payload()
            assert isinstance(payload, list)
            part = payload[-1]
            assert isinstance(part, EmailMessage)
            part.add_related(data, "image", "png", cid=f"<{content_id}>")
    for name, kind, data in files:
        main, sub = kind.split("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def put(
    folder: Folder,
    raw: bytes,
    *,
    at: datetime,
    flags: frozenset[str] = frozenset(),
    source: Source | None = None,
) -> Message:
    """Deliver one message through the door."""
    incoming = Incoming(Body.of(raw), folder, internal_at=at, flags=flags, source=source)
    return deliver([incoming], now=at)[0]


def picture(width: int = 120, height: int = 60) -> bytes:
    """A small PNG in two tones."""
    row = b"\x00" + b"".join(
        bytes((11, 100, 133)) if x < width // 2 else bytes((227, 182, 92)) for x in range(width)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(row * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


SEEN = frozenset({"\\Seen"})
STARRED = frozenset({"\\Seen", "\\Flagged"})
ANSWERED = frozenset({"\\Seen", "\\Answered"})

NEWSLETTER = """<table width="100%" bgcolor="#f4efe6" cellpadding="0"><tr><td align="center">
<table width="560" bgcolor="#ffffff" cellpadding="24" style="border-radius:8px"><tr><td>
<h1 style="color:#7a3b1d;font-family:Georgia,serif">The harbour in November</h1>
<img src="cid:banner" width="512" height="160" alt="The quay in the morning">
<p style="font-family:Georgia,serif;line-height:1.6;color:#333">The winter timetable starts on
Monday. Two more crossings in the evening, one fewer at noon.
<a href="https://harbourline.test/times">All times</a> are on our site.</p>
<p><img src="https://images.harbourline.test/map.png" width="240" height="120"
alt="Map of the piers">
<img src="https://track.harbourline.test/open.gif?u=8812" width="1" height="1" alt=""></p>
<p style="color:#888;font-size:12px">You get this letter because you travel with us.</p>
</td></tr></table></td></tr></table>"""

LEASE = """Dear both,

good news. The landlord agreed to the five-year term with a break clause after three years, and he \
will repair the flashing before we move in. The draft is attached, with his changes marked.

Three things I would like you to check before Tuesday:

  - Section 4.2, whether the heating is shared or metered
  - The inventory: the long workbench is listed as ours, I think it is his
  - Whether the floor plan shows the north window where the surveyor expects it

The plan is also at https://harbourline.test/plans/quay-street-2 if the file does not open.

If you are happy, I can sign at the walkthrough and we get the keys on 1 December.

Jonas

> Only the second floor, please. Could you ask for a break clause
> after year three?
"""


@dataclass(frozen=True)
class Mailbox:
    """A lived-in mailbox: what is where."""

    lease: Message
    newsletter: Message
    gmail: Folder
    receipts: Folder


def fill(user: User, now: datetime) -> Mailbox:
    """Two dozen messages over some weeks, in the Inbox and in folders fed by other accounts."""
    inbox = folders.special(user, "inbox")
    gmail = Source.objects.create(user=user, name="Gmail", address="mara@gmail.test", color=2)
    yahoo = Source.objects.create(user=user, name="Yahoo", address="mara@yahoo.test", color=3)
    top = folders.ensure_path(user, ["Gmail"], source=gmail)
    receipts = folders.ensure_path(user, ["Gmail", "Receipts"], source=gmail)
    folders.ensure_path(user, ["Gmail", "Travel"], source=gmail)
    other = folders.ensure_path(user, ["Yahoo"], source=yahoo)
    folders.ensure_path(user, ["Quay Street studio", "Contracts"])
    folders.ensure_path(user, ["Quay Street studio", "Permits & planning office"])
    files = [
        ("Lease draft v3.pdf", "application/pdf", b"%PDF-1.4 " + b"x" * 421_000),
        ("Floor plan, second floor.png", "image/png", picture(600, 400) + b"\0" * 180_000),
        ("Inventory.xlsx", "application/vnd.ms-excel", b"x" * 38_000),
    ]
    lease = put(
        top,
        letter(
            "Lease for the Quay Street studio",
            to="Mara Lind <mara@gmail.test>, Anneke de Wit <anneke@dewit.test>",
            cc="Sample & Sons <office@samplesons.test>",
            text=LEASE,
            files=files,
            sent=now,
        ),
        at=now - timedelta(minutes=20),
        source=gmail,
    )
    newsletter = put(
        inbox,
        letter(
            "The harbour in November",
            sender="Harbourline Ferries <letter@harbourline.test>",
            html=NEWSLETTER,
            pictures=[("banner", picture(512, 160))],
        ),
        at=now - timedelta(minutes=48),
    )
    for hours, sender, subject, text, where, source, flags in LINES:
        folder = {"inbox": inbox, "gmail": top, "receipts": receipts, "yahoo": other}[where]
        put(
            folder,
            letter(subject, sender=sender, text=text),
            at=now - timedelta(hours=hours),
            source={"gmail": gmail, "yahoo": yahoo, "": None}[source],
            flags=flags,
        )
    return Mailbox(lease, newsletter, top, receipts)


NEW: frozenset[str] = frozenset()
LINES = [
    (1, "Pilar Ortega <pilar@ortega.test>", "Acoustic panels: samples arrive Thursday",
     "Both felt and cork. I left the oak veneer out because the lead time went up to nine weeks.",
     "inbox", "", STARRED - {"\\Seen"}),
    (2, "Deniz Aydin <deniz@uni.test>", "Re: Speaker list for the spring meeting",
     "Happy to take the 14:00 slot if Ruth prefers the morning. One thing about the beamer.",
     "inbox", "", ANSWERED),
    (3, "Northbank Payroll <payroll@northbank.test>", "Payslip for November is ready",
     "Sign in to the employee portal to view it. This mailbox is not read.", "inbox", "", SEEN),
    (4, "Mum <ingrid@lind.test>", "Sunday",
     "Bring the long ladder if it fits in the car, and the good knife.", "gmail", "gmail", STARRED),
    (5, "City Library <desk@library.test>", "Two items are due on Monday",
     "“The Outlaw Sea” and “Salt” can be renewed once more. Three holds are waiting.",
     "yahoo", "yahoo", SEEN),
    (6, "Tomasz Wrona <tomasz@wrona.test>", "Invoice 2026-118",
     "As agreed, the remaining third after delivery. Thank you.", "receipts", "gmail", SEEN),
    (27, "Ruth Okafor <ruth@okafor.test>", "Programme draft, second pass",
     "I moved the panel to the afternoon so that nobody has to run.", "inbox", "", SEEN),
    (28, "Kestrel Hosting <noc@kestrel.test>", "Maintenance window 24 Nov, 02:00 to 03:00 UTC",
     "Storage will be read-only for about twenty minutes.", "inbox", "", SEEN),
    (30, "Anneke de Wit <anneke@dewit.test>", "Walkthrough with the surveyor",
     "Tuesday at half past ten, he brings the laser.", "gmail", "gmail", NEW),
    (33, "Planning Office <permits@city.test>", "Your application 7731 has been registered",
     "You will hear from us within four weeks.", "inbox", "", SEEN),
    (52, "Sample & Sons <office@samplesons.test>", "Oak boards, second choice",
     "Forty metres, dry, some knots. Collect before Friday.", "yahoo", "yahoo", SEEN),
    (76, "نور الهاشمي <nour@example-ar.test>", "مراجعة الفصل الثالث",
     "السلام عليكم، أرفقت التعديلات الأخيرة على الفصل الثالث.", "inbox", "", SEEN),
    (100, "Ελένη Παππά <eleni@example-gr.test>", "Σχετικά με τη συνάντηση",
     "Καλημέρα, σας βολεύει την επόμενη Τρίτη το απόγευμα;", "inbox", "", SEEN),
    (130, "Alumni Office <alumni@college.test>", "Save the date: reunion in May",
     "Class of 2011. Tell us if your address has changed.", "inbox", "", SEEN),
    (200, "Tram Card <service@tram.test>", "Receipt: 30-day ticket",
     "Valid from 12 November. Thank you for travelling with us.", "receipts", "gmail", SEEN),
    (420, "Ruth Okafor <ruth@okafor.test>", "Hotel block confirmed",
     "Twenty rooms until 1 March, breakfast included, free cancellation.", "inbox", "", STARRED),
    (900, "Kestrel Hosting <noc@kestrel.test>", "Certificate for example.test renewed",
     "Valid until 9 February. This happened automatically.", "inbox", "", SEEN),
]  # fmt: skip
