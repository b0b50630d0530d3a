"""What we send, read back by Python's parser and by one in Rust that shares nothing with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from typing import Any

import fast_mail_parser as fast
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_accounts import build, quoting
from smtp_accounts.addresses import Mailbox
from smtp_accounts.build import Attachment, Content
from tests.smtp_accounts.message_cases import ALL_BYTES, CASES, PNG, box, content

WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def wanted_text(one: Content) -> str:
    """The words of a message as whoever reads it will see them."""
    text = CONTROLS.sub("", one.body.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line if line == "-- " else line.rstrip() for line in text.split("\n")).rstrip()


def people_of(raw: bytes, name: str) -> list[tuple[str, str]]:
    """Names and addresses of a field. Python's newer parser puts spaces between encoded words
    in names, which RFC 2047 section 6.2 forbids; its older one does not."""
    head = raw.split(b"\r\n\r\n", 1)[0].decode()
    found = message_from_string(head)[name] or ""
    pairs = getaddresses([re.sub(r"\r?\n", "", found)])
    return [(str(make_header(decode_header(who))), where) for who, where in pairs if where]


def leaves(part: Any) -> list[Any]:
    return [leaf for child in part.children for leaf in leaves(child)] or [part]


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("one", CASES.values(), ids=CASES.keys())
def test_the_bytes_are_fit_for_any_server(one: Content) -> None:
    raw = build.build(one)
    assert b"\0" not in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head = raw.split(b"\r\n\r\n", 1)[0]
    assert not re.search(rb"\r\n[ \t]+(\r\n|$)", head)
    addresses = (one.sender, *one.to, *one.cc, *one.reply_to)
    if all(each.address.isascii() for each in addresses) and not one.allows_8bit:
        assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert b"\nFrom " not in raw


@pytest.mark.parametrize("one", CASES.values(), ids=CASES.keys())
def test_python_reads_what_was_said(one: Content) -> None:
    raw = build.build(one)
    said = read(raw)
    assert not any(part.defects for part in said.walk())
    assert said["Subject"] == one.subject.strip()
    assert said["Message-ID"] == one.message_id
    assert said["Date"].datetime == one.date
    assert said["Date"].datetime.utcoffset() == one.date.utcoffset()
    for name, people in (("From", (one.sender,)), ("To", one.to), ("Cc", one.cc)):
        assert people_of(raw, name) == [(each.name, each.address) for each in people]
    body = said.get_body(("plain",))
    assert body is not None
    shown = quoting.unflowed(body.get_content())
    assert shown.rstrip() == wanted_text(one)
    html = said.get_body(("html",))
    assert (html.get_content().replace("\r\n", "\n") if html else "") == one.html
    files = [part for part in said.walk() if part.get_content_disposition() == "attachment"]
    assert [part.get_filename() for part in files] == [each.filename for each in one.attachments]
    for part, file in zip(files, one.attachments, strict=True):
        if part.get_content_type() == "message/rfc822":
            assert part.get_content()["Subject"] == "inner"
        else:
            assert part.get_payload(decode=True) == file.data


@pytest.mark.parametrize("one", CASES.values(), ids=CASES.keys())
def test_another_parser_reads_the_same(one: Content) -> None:
    raw = build.build(one)
    mail = fast.parse_email(raw)
    assert mail.subject == one.subject.strip()
    people = [
        (each.display_name or "", each.address) for each in (mail.from_, *mail.to, *mail.cc) if each
    ]
    written = [(each.name, each.address) for each in (one.sender, *one.to, *one.cc)]
    assert people == written
    tree = fast.parse_email_tree(raw, mode="lazy")
    found = leaves(tree)
    files = [part for part in found if part.disposition == "attachment"]
    plain = [file for file in one.attachments if file.content_type != build.MESSAGE]
    for file in plain:
        match = [part for part in files if part.filename == file.filename]
        assert file.data in [part.content for part in match]
    pictures = [part for part in found if part.content_id]
    assert [part.content for part in pictures] == [each.data for each in one.inline]


@given(WORDS, WORDS, WORDS)
def test_any_words_come_through_both(subject: str, name: str, filename: str) -> None:
    name = " ".join(name.split())
    filename = build.safe_filename(filename)
    one = content(
        subject=subject,
        to=(Mailbox(name, "bob@x.test"),),
        attachments=(Attachment(filename, "image/png", PNG),),
    )
    raw = build.build(one)
    said = read(raw)
    assert said["Subject"] == subject.strip()
    assert people_of(raw, "To") == [(name, "bob@x.test")]
    assert next(iter(said.iter_attachments())).get_filename() == filename
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.isascii()
    assert fast.parse_email(raw).subject == subject.strip()


@given(st.text(max_size=3000), st.booleans())
def test_any_body_is_carried(body: str, has_html: bool) -> None:
    raw = build.build(content(body=body, html="<p>x</p>\n" if has_html else ""))
    assert b"\0" not in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    part = read(raw).get_body(("plain",))
    assert part is not None
    part.get_content()


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 57 * 1024, 57 * 1024 + 1, 300_000])
def test_a_file_in_any_pieces_is_the_same_file(size: int) -> None:
    data = (ALL_BYTES * 3)[:size]
    whole = Attachment("a.bin", "application/x-a", data)
    for step in (1, 57, 1000, 262_144):
        pieces = [data[at : at + step] for at in range(0, min(size, step * 500), step)]
        cut = Attachment("a.bin", "application/x-a", pieces.copy)
        raw = build.build(content(attachments=(cut,)))
        (part,) = read(raw).iter_attachments()
        assert part.get_payload(decode=True) == b"".join(pieces)
    (part,) = read(build.build(content(attachments=(whole,)))).iter_attachments()
    assert part.get_payload(decode=True) == data


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_line_ends_cut_in_two_are_mended_in_attached_messages(step: int) -> None:
    inner = b"Subject: inner\r\nX: y\n\nbare\rreturn\r\nend"
    pieces = [inner[at : at + step] for at in range(0, len(inner), step)]
    raw = build.build(content(attachments=(Attachment("m.eml", build.MESSAGE, lambda: pieces),)))
    assert b"Subject: inner\r\nX: y\r\n\r\nbare\r\nreturn\r\nend\r\n--" in raw


def test_the_parts_nest_as_mail_programs_expect() -> None:
    raw = build.build(CASES["picture-and-file"])
    kinds = [part.get_content_type() for part in read(raw).walk()]
    assert kinds == [
        "multipart/mixed", "multipart/related", "multipart/alternative", "text/plain",
        "text/html", "image/png", "application/pdf",
    ]  # fmt: skip
    related = next(part for part in read(raw).walk() if part.get_content_subtype() == "related")
    assert related["Content-Type"].params["type"] == "multipart/alternative"
    assert b'type="multipart/alternative"' in raw
    assert b"Content-ID: <logo@inline>" in raw


def test_a_message_that_takes_eight_bits_says_so_at_every_level() -> None:
    raw = build.build(CASES["message-8bit"])
    assert [part["Content-Transfer-Encoding"] for part in read(raw).walk()] == [
        "8bit", "7bit", "8bit", "8bit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["message-8bit-not-taken", "message-long-line", "message-long-line-inside"]
)
def test_a_message_that_cannot_go_as_it_is_goes_as_a_file(name: str) -> None:
    (part,) = read(build.build(CASES[name])).iter_attachments()
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_payload(decode=True) == CASES[name].attachments[0].data


def test_importance_receipts_and_automatic_mail_are_told_by_their_fields() -> None:
    high = read(build.build(CASES["high"]))
    assert (high["Importance"], high["X-Priority"]) == ("high", "1 (Highest)")
    assert read(build.build(CASES["low"]))["Importance"] == "low"
    assert read(build.build(content()))["Importance"] is None
    asked = read(build.build(CASES["receipt"]))["Disposition-Notification-To"]
    assert asked == "Mara Lind <mara@example.test>"
    assert read(build.build(CASES["automatic"]))["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize("name", ["nobody-shown", "cc-only"])
def test_a_message_to_nobody_shown_has_a_to_all_the_same(name: str) -> None:
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in build.build(CASES[name])


def test_nothing_is_told_that_nobody_asked_for() -> None:
    names = set(read(build.build(CASES["picture-and-file"])).keys())
    assert names == {
        "Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type",
    }  # fmt: skip


@pytest.mark.parametrize("bad", ["a b", "a\r\nX: y", "<a@b>", "", 'a"b'])
def test_a_content_id_ends_no_line(bad: str) -> None:
    picture = Attachment("x.png", "image/png", PNG, bad)
    made = content(html="<p>x</p>", inline=(picture,))
    if not bad:
        assert b"Content-ID" not in build.build(made)
        return
    with pytest.raises(build.Unsafe):
        build.build(made)


@pytest.mark.parametrize(
    "address", ["bob", "bob@", "@x.test", "a b@x.test", "a@b@x.test", "a,b@x.test", "a@x test"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(build.Unsafe):
        build.build(content(to=(box(address),)))


def test_no_two_messages_have_one_id() -> None:
    made = {build.new_message_id("x.test") for _ in range(1000)}
    assert len(made) == 1000
    assert all(build.message_ids(one) == (one,) for one in made)


def test_the_date_is_the_writers_own() -> None:
    raw = build.build(content(date=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)))
    assert raw.startswith(b"Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n")
