"""What a message that came back says: a delivery report (RFC 3464) or a receipt (RFC 8098).

Reports are written by every kind of server, and many keep to no standard; those that are text
alone are read as Exim, qmail, Yahoo and old Postfix write it. Nothing here raises and all of it
is capped. What is read is somebody's word: it changes what is shown, never what is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from mailstore import headers, structure
from mailstore.headers import Headers
from mailstore.structure import Tree
from mailstore.text import decode, one_line, tidy
from smtp_accounts import returned_text
from smtp_accounts.header_lines import message_ids
from smtp_accounts.returned_text import FAILED, bare

#: Of a report so many bytes are read: the fields come first, the returned message after them.
MAX_REPORT = 2 * 1024 * 1024
MAX_FIELDS = 512 * 1024
MAX_RECIPIENTS = 1000
MAX_IDS = 20
MAX_WORDS = 500

_DSN = ("message/delivery-status", "message/global-delivery-status")
_MDN = ("message/disposition-notification", "message/global-disposition-notification")
_ORIGINAL = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
    "message/rfc822-headers",
)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
# Each further line of a reply (RFC 5321 section 4.2.1) repeats its code.
_AGAIN = re.compile(r" [45]\d\d[- ](?:[45]\.\d{1,3}\.\d{1,3} )?(?=\S)")
_BLANK = re.compile(rb"(?:\r?\n){2,}")
_HOST = re.compile(r"([A-Za-z0-9_.:\[\]-]{1,253})(?: \(.*\))?")
_ENVELOPE_ESCAPE = re.compile(r"\+([0-9A-F]{2})|\\x\{([0-9A-Fa-f]{1,6})\}")


class Action(StrEnum):
    """What became of a message for one recipient (RFC 3464 section 2.3.3)."""

    FAILED = FAILED
    DELAYED = returned_text.DELAYED
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class Kind(StrEnum):
    """Of a report."""

    DSN = "dsn"
    MDN = "mdn"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One recipient. ``status`` is RFC 3463's, empty where none is given; ``words`` are the
    reporting server's. ``original`` is the address the message was sent to, where it is told."""

    address: str
    original: str
    action: Action
    status: str = ""
    words: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Both addresses, that of the sender's words first."""
        return tuple(one for one in (self.original, self.address) if one)


@dataclass(frozen=True, slots=True)
class Report:
    """A message that says what became of another one.

    ``ids`` are Message-IDs the other one may have, the surest first; ``envelope_id`` is the ENVID
    it was sent with (RFC 3461). Of a receipt ``is_displayed`` says whether it was shown.
    """

    kind: Kind
    outcomes: tuple[Outcome, ...]
    ids: tuple[str, ...] = ()
    envelope_id: str = ""
    reporter: str = ""
    is_displayed: bool = False


def parse(raw: bytes) -> Report | None:
    """The report a message is, or None where it is none. Never raises."""
    raw = raw[:MAX_REPORT]
    fields = headers.parse(raw)
    tree = structure.parse(raw)
    if blocks := _blocks(tree, raw, _MDN):
        return _receipt(fields, blocks[0], tree, raw)
    blocks = _blocks(tree, raw, _DSN)
    found = _delivery(blocks) or _delivery(_loose(fields, raw))
    if found is None and (told := returned_text.read(fields, _shown_text(tree, raw))):
        outcomes = tuple(
            Outcome(one.address, "", Action(one.action), _status("", one.words), one.words)
            for one in told[:MAX_RECIPIENTS]
        )
        found = Report(Kind.DSN, outcomes)
    return found and replace(found, ids=_ids(fields, tree, raw))


def _blocks(tree: Tree, raw: bytes, kinds: tuple[str, ...]) -> list[Headers]:
    """The groups of fields in the parts of these types, divided by empty lines."""
    blocks: list[Headers] = []
    for leaf in tree.leaves:
        if leaf.content_type in kinds:
            data = structure.content(tree, leaf, raw)[:MAX_FIELDS]
            blocks += [headers.parse(one + b"\n\n") for one in _BLANK.split(data)[:MAX_RECIPIENTS]]
    return blocks


def _loose(fields: Headers, raw: bytes) -> list[Headers]:
    """The groups of fields of a report whose parts could not be told apart."""
    if b"report" not in fields.raw("content-type").lower():
        return []
    body = raw[headers.body_start(raw) :][:MAX_FIELDS]
    if b"final-recipient:" not in body.lower():
        return []
    return [headers.parse(one + b"\n\n") for one in _BLANK.split(body)[:MAX_RECIPIENTS]]


def _delivery(blocks: list[Headers]) -> Report | None:
    """A delivery report from its fields; None where they name no recipient."""
    outcomes: list[Outcome] = []
    envelope = reporter = ""
    for block in blocks:
        envelope = envelope or _plain(block.text("original-envelope-id"))
        reporter = reporter or _host(_typed(block.text("reporting-mta")))
        for group in _recipients(block):
            made = _outcome(group)
            if made is not None and len(outcomes) < MAX_RECIPIENTS:
                outcomes.append(made)
    if not outcomes:
        return None
    return Report(Kind.DSN, tuple(outcomes), envelope_id=envelope, reporter=reporter)


def _recipients(block: Headers) -> list[dict[str, str]]:
    """The fields of each recipient in a block: some servers leave the empty lines out."""
    groups: list[dict[str, str]] = []
    current: dict[str, str] = {}
    for name, value in block.fields:
        if name in ("final-recipient", "original-recipient", "action") and name in current:
            groups.append(current)
            current = {}
        current.setdefault(name, headers.words(value, block.charset))
    groups.append(current)
    return [one for one in groups if "final-recipient" in one or "original-recipient" in one]


def _outcome(group: dict[str, str]) -> Outcome | None:
    final = _typed_address(group.get("final-recipient", ""))
    original = _typed_address(group.get("original-recipient", ""))
    if not final and not original:
        return None
    words = _joined(_typed(group.get("diagnostic-code", "")))
    status = _status(group.get("status", ""), words)
    action = _action(group.get("action", ""), status)
    if action is None:
        return None
    told = words or _comment(group.get("status", ""))
    return Outcome(final or original, original, action, status, told)


def _action(value: str, status: str) -> Action | None:
    """The action, or what the class of the status says where none is given."""
    first = value.strip().lower().split(" ", 1)[0].rstrip(";")
    try:
        return Action(first)
    except ValueError:
        by_class = {"5": Action.FAILED, "4": Action.DELAYED, "2": Action.DELIVERED}
        return by_class.get(status[:1])


def _status(value: str, words: str) -> str:
    """The status code; the one in the server's words where the field says nothing much."""
    field = _STATUS.search(value[:200])
    told = _STATUS.search(words[:MAX_WORDS])
    if field is None or (told is not None and field[0].endswith(".0.0") and told[1] == field[1]):
        field = told
    return field[0] if field else ""


def _joined(words: str) -> str:
    """A reply of several lines as one sentence."""
    return words[:1] + _AGAIN.sub(" ", words[1:]) if words[:1] in ("4", "5") else words


def _comment(value: str) -> str:
    """What a server adds to a status in brackets, as ``5.2.2 (mailbox full)``."""
    return _plain(value.partition("(")[2].rpartition(")")[0])


def _plain(value: str) -> str:
    return one_line(tidy(value), MAX_WORDS)


def _typed(value: str) -> str:
    """A value without the type before it, as in ``smtp; 550 no such user``."""
    kind, semicolon, rest = value.partition(";")
    return _plain(
        rest if semicolon and len(kind.strip()) < 20 and " " not in kind.strip() else value
    )


def _host(value: str) -> str:
    """A server's name, empty for anything else: it is put into sentences of our own."""
    found = _HOST.fullmatch(value)
    return found[1] if found else ""


def _typed_address(value: str) -> str:
    """An address field (RFC 3464 section 2.3.1, RFC 6533 section 3) as the bare address."""
    kind = value.partition(";")[0].strip().lower()
    if kind.startswith(("x400", "unknown")):
        return ""
    address = _typed(value)
    if kind == "utf-8":
        address = _ENVELOPE_ESCAPE.sub(_unescaped, address)
    return bare(address)


def _unescaped(found: re.Match[str]) -> str:
    number = int(found[1] or found[2], 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else ""


def _receipt(fields: Headers, block: Headers, tree: Tree, raw: bytes) -> Report:
    """A receipt (RFC 8098 section 3.2)."""
    final = _typed_address(block.text("final-recipient"))
    original = _typed_address(block.text("original-recipient"))
    kind = block.text("disposition").partition(";")[2].strip().lower()
    is_displayed = kind.startswith("displayed")
    outcome = Outcome(final or original, original, Action.DELIVERED)
    return Report(
        Kind.MDN,
        (outcome,) if outcome.address else (),
        ids=(*message_ids(block.text("original-message-id"))[:1], *_ids(fields, tree, raw)),
        reporter=_plain(block.text("reporting-ua")),
        is_displayed=is_displayed,
    )


def _ids(fields: Headers, tree: Tree, raw: bytes) -> tuple[str, ...]:
    """Message-IDs the report may be about: that of the message sent back, then the thread's."""
    found: list[str] = []
    for leaf in tree.leaves:
        if leaf.content_type in _ORIGINAL:
            inner = headers.parse(structure.content(tree, leaf, raw)[: headers.MAX_BLOCK])
            found += message_ids(inner.text("message-id"))[:1]
    if not found:
        body = decode(raw[headers.body_start(raw) :][:MAX_FIELDS])
        found += returned_text.ids(body)
    for name in ("in-reply-to", "references"):
        found += reversed(message_ids(fields.text(name)))
    return tuple(dict.fromkeys(found))[:MAX_IDS]


def _shown_text(tree: Tree, raw: bytes) -> str:
    """What the report says to people, without what it brings back."""
    pieces = [
        structure.text(tree, leaf, raw, MAX_FIELDS)
        for leaf in tree.leaves
        if leaf.content_type == "text/plain"
    ]
    return tidy("\n".join(pieces[:3]))[:MAX_FIELDS]
