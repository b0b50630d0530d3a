"""A believable mailbox of invented people, the same for the same seed and moment.

Conversations in several languages, newsletters with remote pictures, receipts, invitations,
attachments and a little junk, spread over eighteen months.  Every address is reserved by
RFC 2606, so nothing here can reach anybody.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from standin import pictures
from standin.maildir import SampleMessage

_TEXTS = Path(__file__).parent / "texts"
_SPAN = timedelta(days=540)
_OWNER_NAME = "Mara Lindholm"
_SEEN = frozenset({"\\Seen"})


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    address: str

    @property
    def header(self) -> Address:
        return Address(self.name, addr_spec=self.address)


def varied_messages(
    n: int, seed: int, *, owner: str = "mara@provider.test", now: datetime
) -> list[SampleMessage]:
    """`n` messages of the owner's mailbox, oldest first; `now` must be aware.

    Conversations never fall out for want of room unless `n` is smaller than they are; the rest
    is filled with newsletters, receipts, notices, invitations and junk.
    """
    maker = _Maker(random.Random(seed), _Person(_OWNER_NAME, owner), now)
    threads = list(maker.threads())
    rest = list(maker.bulk(max(0, n - len(threads))))
    chosen = (threads[-n:] if n < len(threads) else threads) + rest
    return sorted(chosen, key=lambda message: message.date or now)


class _Maker:
    """Builds messages with one source of chance."""

    def __init__(self, chance: random.Random, owner: _Person, now: datetime) -> None:
        self.chance = chance
        self.owner = owner
        self.now = now
        people = _load("people.json")
        self.people = {
            name: _Person(name, mail) for group in people.values() for name, mail in group
        }
        self.texts = _load("bulk.json") | {"notes": _load("notes.json")}
        self.turn: dict[str, int] = {}
        self.number = 0

    def threads(self) -> Iterator[SampleMessage]:
        """Conversations, two of them still going on this week."""
        scripts: Sequence[dict[str, Any]] = _load("threads.json")
        for index, script in enumerate(scripts):
            back = timedelta(days=3 + index * 11 if index > 1 else 1.2 + index)
            yield from self._thread(script, self.now - back - timedelta(hours=index))

    def bulk(self, count: int) -> Iterator[SampleMessage]:
        """So many that are not conversations, newest first, more of late than of old."""
        kinds = (
            self._note,
            self._newsletter,
            self._receipt,
            self._note,
            self._notice,
            self._newsletter,
            self._event,
            self._note,
            self._receipt,
            self._photo,
            self._newsletter,
            self._junk,
        )
        for index, make in enumerate(islice(cycle(kinds), count)):
            back = _SPAN * ((index + 0.4) / count) ** 1.4
            when = self.now - back
            # People and shops write by day.
            day = when.replace(hour=self.chance.randrange(7, 21), minute=self._minutes())
            yield make(min(day, when))

    def _thread(self, script: dict[str, Any], end: datetime) -> Iterator[SampleMessage]:
        others = [self.people[name] for name in script["people"]]
        turns: list[str] = script["turns"]
        ids: list[str] = []
        for index, text in enumerate(turns):
            when = end - timedelta(hours=7 * (len(turns) - 1 - index), minutes=self._minutes())
            mine = text.rstrip().endswith(("Mara", "マラ", "مارا"))
            sender = self.owner if mine else self._signer(text, others)
            to = others if mine else [self.owner, *(each for each in others if each != sender)]
            subject = script["subject"] if index == 0 else f"Re: {script['subject']}"
            message = self._message(sender, to, subject, when, ids)
            message.set_content(text if index == 0 else f"{text}\n\n{_quote(turns[index - 1])}")
            for name in script["attach"] if index == 0 else ():
                _attach(message, name)
            ids.append(str(message["Message-ID"]))
            recent = self.now - when < timedelta(days=2)
            answered = not mine and index + 1 < len(turns)
            flags = {"\\Answered"} if answered else set()
            if not recent or mine or answered:
                flags.add("\\Seen")
            if index == 0 and script["attach"]:
                flags.add("\\Flagged")
            folder = "Sent" if mine else script["folder"]
            yield SampleMessage(_bytes(message), folder, frozenset(flags), when)

    def _next(self, kind: str) -> Any:
        """The texts of a kind in turn, so that none repeats before all were used."""
        index = self.turn.get(kind, -1) + 1
        self.turn[kind] = index
        return self.texts[kind][index % len(self.texts[kind])]

    def _note(self, when: datetime) -> SampleMessage:
        name, subject, text = self._next("notes")
        message = self._message(self.people[name], [self.owner], subject, when)
        message.set_content(text)
        return self._filed(message, "INBOX", when)

    def _newsletter(self, when: datetime) -> SampleMessage:
        name, mail, color, titles, lead = self._next("newsletters")
        title = titles[self.turn["newsletters"] // len(self.texts["newsletters"]) % len(titles)]
        message = self._message(_Person(name, mail), [self.owner], title, when)
        site = mail.partition("@")[2]
        message["List-Unsubscribe"] = f"<https://{site}/unsubscribe?u={self.number}>"
        message["List-Id"] = f"{name} <news.{site}>"
        message.set_content(f"{title}\n\n{lead}\n\nRead on: https://{site}/issue/{self.number}\n")
        message.add_alternative(
            _letter(name, title, lead, color, site, self.number), subtype="html"
        )
        folder = "Newsletters" if self.chance.random() < 0.6 else "INBOX"
        return self._filed(message, folder, when)

    def _receipt(self, when: datetime) -> SampleMessage:
        name, mail, subject = self._next("receipts")
        reference = f"{self.chance.randrange(10**5, 10**6)}"
        title = subject.format(number=reference, month=when.strftime("%B %Y"))
        total = f"{self.chance.randrange(900, 18_000) / 100:.2f}"
        message = self._message(_Person(name, mail), [self.owner], title, when)
        message.set_content(f"Dear customer,\n\n{title}.\nTotal: {total} EUR\n\n{name}\n")
        message.add_alternative(_bill(name, title, total), subtype="html")
        if self.chance.random() < 0.5:
            _attach(message, f"receipt-{reference}.pdf")
        return self._filed(message, "Receipts" if self.chance.random() < 0.7 else "INBOX", when)

    def _notice(self, when: datetime) -> SampleMessage:
        name, mail, subject, text = self._next("notices")
        message = self._message(_Person(name, mail), [self.owner], subject, when)
        # Old systems send eight bits as they are.
        message.set_content(text, charset="utf-8", cte="8bit")
        archived = self.now - when > timedelta(days=120)
        return self._filed(message, "Archive" if archived else "INBOX", when)

    def _event(self, when: datetime) -> SampleMessage:
        name, title = self._next("events")
        sender = self.people[name]
        starts = (when + timedelta(days=6)).replace(minute=0, second=0, microsecond=0)
        message = self._message(sender, [self.owner], f"Invitation: {title}", when)
        message.set_content(f"{name} invites you to: {title}\n{starts:%A %d %B, %H:%M} UTC\n")
        uid = f"event-{self.number}@{sender.address.partition('@')[2]}"
        calendar = pictures.event(title, starts, sender.address, self.owner.address, uid)
        message.add_attachment(
            calendar,
            maintype="text",
            subtype="calendar",
            filename="invite.ics",
            params={"method": "REQUEST"},
        )
        return self._filed(message, "INBOX", when)

    def _photo(self, when: datetime) -> SampleMessage:
        sender = self.chance.choice(list(self.people.values()))
        words = self._next("photos")
        message = self._message(sender, [self.owner], words.rstrip("."), when)
        message.set_content(f"{words}\n")
        cid = f"photo{self.number}@{sender.address.partition('@')[2]}"
        message.add_alternative(
            f'<p>{words}</p><p><img src="cid:{cid}" alt="A photo" width="240" height="150"></p>',
            subtype="html",
        )
        color = (self.chance.randrange(120, 255), self.chance.randrange(80, 200), 110)
        html = message.get_body(("html",))
        if isinstance(html, EmailMessage):
            picture = pictures.png(240, 150, color)
            html.add_related(
                picture,
                "image",
                "png",
                cid=f"<{cid}>",
                filename="sunday.png",
                disposition="inline",
            )
        return self._filed(message, "INBOX", when)

    def _junk(self, when: datetime) -> SampleMessage:
        name, mail, subject, text = self._next("junk")
        message = self._message(_Person(name, mail), [self.owner], subject, when)
        message.set_content(text)
        return SampleMessage(_bytes(message), "Junk", frozenset(), when)

    def _filed(self, message: EmailMessage, folder: str, when: datetime) -> SampleMessage:
        """Old mail is read; of this week's, most is not."""
        recent = self.now - when < timedelta(days=6)
        unread = self.chance.random() < (0.7 if recent else 0.05)
        return SampleMessage(_bytes(message), folder, frozenset() if unread else _SEEN, when)

    def _message(
        self,
        sender: _Person,
        to: Sequence[_Person],
        subject: str,
        when: datetime,
        ids: Sequence[str] = (),
    ) -> EmailMessage:
        self.number += 1
        message = EmailMessage(policy=SMTP)
        message["From"] = sender.header
        message["To"] = [each.header for each in to]
        message["Subject"] = subject
        message["Date"] = format_datetime(when)
        host = sender.address.partition("@")[2]
        message["Message-ID"] = f"<{when:%Y%m%d%H%M}.{self.number}@{host}>"
        if ids:
            message["In-Reply-To"] = ids[-1]
            message["References"] = " ".join(ids)
        return message

    def _signer(self, text: str, others: Sequence[_Person]) -> _Person:
        last = text.rstrip().rpartition("\n")[2].strip()
        found = (each for each in others if last and last[:4] in each.name)
        return next(found, others[0])

    def _minutes(self) -> int:
        return self.chance.randrange(1, 50)


def _load(name: str) -> Any:
    return json.loads((_TEXTS / name).read_text(encoding="utf-8"))


def _bytes(message: EmailMessage) -> bytes:
    """The message as it travels; boundaries by counting, for the same bytes every time."""
    parts = (part for part in message.walk() if part.is_multipart())
    for index, part in enumerate(parts):
        part.set_boundary(f"part-{index}-of-{str(message['Message-ID'])[1:20]}")
    return message.as_bytes()


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _attach(message: EmailMessage, name: str) -> None:
    kind = name.rpartition(".")[2]
    if kind == "pdf":
        content = pictures.pdf(name.removesuffix(".pdf").replace("-", " ").title())
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    elif kind == "png":
        content = pictures.png(320, 220, (196, 170, 140))
        message.add_attachment(content, maintype="image", subtype="png", filename=name)
    else:
        message.add_attachment(pictures.table(), maintype="text", subtype="csv", filename=name)


def _letter(name: str, title: str, lead: str, color: str, site: str, number: int) -> str:
    return (
        '<html><body style="margin:0;background:#f4f1ea;font-family:Georgia,serif">'
        '<table width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">'
        '<table width="600" cellpadding="24" cellspacing="0" style="background:#ffffff">'
        f'<tr><td style="background:{color};color:#ffffff;font-size:22px">{name}</td></tr>'
        f'<tr><td><img src="https://img.{site}/{number}/cover.jpg" width="552" height="240"'
        f' alt="{title}"><h1 style="font-size:24px;color:{color}">{title}</h1>'
        f'<p style="font-size:16px;line-height:1.6">{lead}</p>'
        f'<p><a href="https://{site}/issue/{number}" style="color:{color}">Read on</a></p>'
        "</td></tr>"
        '<tr><td style="font-size:12px;color:#777777">You asked for this letter. '
        f'<a href="https://{site}/unsubscribe?u={number}">Stop it</a>'
        f'<img src="https://t.{site}/open/{number}.gif" width="1" height="1" alt=""></td></tr>'
        "</table></td></tr></table></body></html>"
    )


def _bill(name: str, title: str, total: str) -> str:
    return (
        f'<html><body style="font-family:sans-serif"><h2>{title}</h2>'
        '<table cellpadding="8" style="border-collapse:collapse">'
        f'<tr><td style="border-bottom:1px solid #cccccc">Goods and services</td>'
        f'<td style="border-bottom:1px solid #cccccc;text-align:right">{total} EUR</td></tr>'
        f'<tr><td><b>Total</b></td><td style="text-align:right"><b>{total} EUR</b></td></tr>'
        f"</table><p>Thank you, {name}</p></body></html>"
    )
