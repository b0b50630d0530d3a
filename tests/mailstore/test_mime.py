from __future__ import annotations

import random
import re
from datetime import UTC, datetime

import pytest

from mailstore import addresses, headers, mime, structure
from mailstore.index_text import index_text
from mailstore.mime import Summary
from mailstore.models import Message
from tests.mail import letter, messages, mixed

LIMITS = {one.name: getattr(one, "max_length", None) for one in Message._meta.get_fields()}
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def text_fields(said: Summary) -> dict[str, str]:
    names = [name for name in Summary.__slots__ if isinstance(getattr(said, name), str)]
    return {name: getattr(said, name) for name in names}


def test_the_whole_corpus_is_read_without_an_error() -> None:
    for name, raw in messages():
        said = mime.summary(raw)
        for field, value in text_fields(said).items():
            assert not FORBIDDEN.search(value), (name, field)
            assert "\n" not in value, (name, field)
            limit = LIMITS.get(field)
            assert limit is None or len(value) <= limit, (name, field)
        for people in (said.to_addresses, said.cc_addresses, said.delivered_to):
            assert not any(FORBIDDEN.search(one) or "\n" in one for one in people), name
        mail = mime.parse(raw)
        for value in (mail.text, mail.html, mail.subject, mime.source_text(raw)):
            assert not FORBIDDEN.search(value), name
        for part in mail.attachments:
            mime.part_bytes(raw, part.index)
            assert "/" not in part.filename
            assert not FORBIDDEN.search(part.filename)
        index_text(raw)


def test_mutants_of_the_corpus_are_read_as_well() -> None:
    seed = 20260301
    chance = random.Random(seed)
    known = [raw for _, raw in messages() if len(raw) < 20_000]
    for number in range(1500):
        raw = bytearray(chance.choice(known))
        for _ in range(chance.randint(1, 8)):
            at, end = sorted(chance.randrange(len(raw) + 1) for _ in range(2))
            match chance.randrange(4):
                case 0 if raw:
                    raw[at % len(raw)] = chance.randrange(256)
                case 1:
                    del raw[at : min(end, at + 200)]
                case 2:
                    raw[at:at] = raw[at : min(end, at + 200)] * 3
                case _:
                    raw[at:at] = chance.randbytes(3)
        try:
            mail = mime.parse(bytes(raw))
            mime.summary(bytes(raw))
            for part in mail.attachments:
                mime.part_bytes(bytes(raw), part.index)
        except Exception as error:
            raise AssertionError(f"seed {seed}, mutant {number}") from error


def test_a_summary() -> None:
    said = mime.summary(
        letter(
            "=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?b?ICYgbW9yZQ==?=",
            sender="=?iso-8859-1?q?J=F6rg?= <j@x.test>",
            to='"Doe, Jane" <jane@x.test>, Friends: bo@x.test, Cy <cy@x.test>;',
            text="First line.\n\n  Second\u200b  line.",
            extra="Message-ID: <1@x.test>\nIn-Reply-To: <0@x.test>\nX-Spam-Flag: YES\n"
            "Received: from a by b;\n Mon, 2 Feb 2026 09:30:00 +0000\n",
        )
    )
    assert said == Summary(
        message_id="<1@x.test>",
        in_reply_to="<0@x.test>",
        from_name="Jörg",
        from_address="j@x.test",
        to_text="Doe, Jane, bo@x.test, Cy",
        subject="Grüße & more",
        snippet="First line. Second line.",
        sent_at=datetime(2026, 2, 2, 9, tzinfo=UTC),
        received_at=datetime(2026, 2, 2, 9, 30, tzinfo=UTC),
        says_spam=True,
        to_addresses=("jane@x.test", "bo@x.test", "cy@x.test"),
        to_names=("Doe, Jane", "Cy"),
    )


def test_a_message_with_everything() -> None:
    raw = mixed("<p>Hello <b>you</b></p>", name="../../etc/räport.pdf", data=b"%PDF-1.4 data")
    mail = mime.parse(raw)
    assert mail.text.strip() == "plain words"
    assert mail.html.strip() == "<p>Hello <b>you</b></p>"
    picture, file = mail.attachments
    assert (picture.content_id, picture.inline, picture.content_type) == (
        "logo@x",
        True,
        "image/png",
    )
    assert (file.filename, file.inline) == ("räport.pdf", False)
    assert mime.part_bytes(raw, file.index) == b"%PDF-1.4 data"
    assert mime.part_bytes(raw, picture.index).startswith(b"\x89PNG")
    said = mime.summary(raw)
    assert said.has_attachments
    assert said.snippet == "plain words"
    with pytest.raises(IndexError):
        mime.part_bytes(raw, 99)


def test_html_only_mail_has_words_too() -> None:
    raw = (
        b"Content-Type: text/html\r\n\r\n<style>p{}</style><title>no</title>"
        b"<p>Hello&nbsp;<b>you</b><!-- no --><script>no</script><p>there"
    )
    assert mime.summary(raw).snippet == "Hello you there"
    assert "there" in index_text(raw).body
    assert mime.parse(raw).text.split() == ["Hello", "you", "there"]


@pytest.mark.parametrize(
    ("declared", "data", "text"),
    [
        ("iso-8859-1", b"\x93caf\xe9\x94", "\u201ccafé\u201d"),
        ("utf-8", "naïve".encode(), "naïve"),
        ("us-ascii", "naïve".encode(), "naïve"),
        ("koi8-r", "привет".encode("koi8-r"), "привет"),
        ("gb2312", "汉字".encode("gb18030"), "汉字"),
        ("iso-2022-jp", "日本".encode("iso-2022-jp"), "日本"),
        ("utf-7", b"+AOk-", "é"),
        ("rot13", b"abc", "abc"),
        ("klingon", b"caf\xe9", "café"),
        ("", "Ελληνικά".encode(), "Ελληνικά"),
    ],
)
def test_charsets(declared: str, data: bytes, text: str) -> None:
    label = f"; charset={declared}" if declared else ""
    raw = f"Content-Type: text/plain{label}\r\n\r\n".encode() + data
    assert mime.parse(raw).text == text


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"a@x.test", [("", "a@x.test")]),
        (b"<a@x.test>", [("", "a@x.test")]),
        (b"A B <a@x.test>, b@x.test (Bo)", [("A B", "a@x.test"), ("Bo", "b@x.test")]),
        (b'"B, \\"A\\"" <a@x.test>', [('B, "A"', "a@x.test")]),
        (b"undisclosed-recipients:;", []),
        (b"Team: a@x, b@x; c@x", [("", "a@x"), ("", "b@x"), ("", "c@x")]),
        (b"=?utf-8?q?Boss_=3Cboss=40x=3E=2C?= <evil@y>", [("Boss <boss@x>,", "evil@y")]),
        (b"=?utf-8?q?a=00b=0Ac?= <a@x.test>", [("ab c", "a@x.test")]),
        (b"Doe, John <j@x.test>", [("Doe", ""), ("John", "j@x.test")]),
        (b"<@relay.test:a@x.test>", [("", "a@x.test")]),
        (b",,;;", []),
        ("Jörg <j@x.test>".encode(), [("Jörg", "j@x.test")]),
    ],
)  # fmt: skip
def test_addresses(raw: bytes, found: list[tuple[str, str]]) -> None:
    assert [(one.name, one.address) for one in addresses.parse(raw)] == found


def test_raw_eight_bit_fields_follow_the_declared_charset() -> None:
    head = "From: 김 <k@x>\nSubject: 안녕\nContent-Type: text/plain; charset=euc-kr\n\n"
    for encoding in ("euc-kr", "utf-8"):
        said = mime.summary(head.encode(encoding))
        assert (said.subject, said.from_name) == ("안녕", "김")


def test_words_split_inside_a_character_are_joined() -> None:
    assert headers.words(b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=") == "é"
    assert headers.words(b"a =?utf-8?b?w6k=?= b") == "a é b"
    assert headers.words(b"=?utf-8*en?q?a_b?=") == "a b"
    assert headers.words(b"=?x?y?z") == "=?x?y?z"


@pytest.mark.parametrize("over", [0, 1, 10])
def test_limits_cut_and_never_refuse(over: int) -> None:
    many = headers.MAX_FIELDS + over * 100
    fields = headers.parse(b"X: y\r\n" * many + b"\r\nbody")
    assert len(fields.fields) == headers.MAX_FIELDS
    assert fields.truncated == bool(over)
    long = headers.parse(b"Subject: " + b"x" * (headers.MAX_FIELD + over * 1000) + b"\r\n\r\n")
    assert len(long.raw("subject")) == headers.MAX_FIELD
    count = addresses.MAX_ADDRESSES + over * 100
    assert len(addresses.parse(b"a@x," * count)) == addresses.MAX_ADDRESSES


@pytest.mark.parametrize("times", [1, 10])
def test_too_many_parts_and_too_deep(times: int) -> None:
    parts = b"".join(b"--x\r\n\r\npart\r\n" for _ in range(structure.MAX_PARTS * times))
    mail = mime.parse(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + parts + b"--x--")
    assert len(mail.attachments) < structure.MAX_PARTS
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(structure.MAX_DEPTH * times)
    )
    assert len(mime.parse(deep).attachments) <= 1


@pytest.mark.parametrize(
    "head",
    [b"To: " + b'"' * 60_000, b"To: " + b"(" * 60_000, b"To: " + b"," * 60_000,
     b"Subject: " + b"=?utf-8?q?a?= " * 20_000, b"X: y\r\n" * 100_000, b"\r\n" * 100_000],
)  # fmt: skip
def test_slow_inputs_are_not_slow(head: bytes) -> None:
    """Each took a known parser seconds to minutes; here the suite would hang."""
    mime.summary(head + b"\r\n\r\nbody")


def test_large_text_and_html_are_cut() -> None:
    limit = mime.MAX_TEXT
    mail = mime.parse(b"\r\n" + b"x" * (limit + 1))
    assert len(mail.text) == limit
    assert "text" in mail.defects
    html = b"Content-Type: text/html\r\n\r\n<p>" + b"x" * mime.MAX_HTML
    mail = mime.parse(html)
    assert mail.html == ""
    assert "html" in mail.defects


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\a\\b.txt", "b.txt"), ("a\u202egnp.exe", "agnp.exe"),
        (".htaccess", "htaccess"), ("a\r\nb\x00.txt", "a b.txt"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("é" * 200, "é" * 127), ("", ""),
    ],
)  # fmt: skip
def test_file_names(given: str, safe: str) -> None:
    assert structure.filename(given) == safe


@pytest.mark.parametrize("written", ["base64", "BASE64 ", '"base64"', "base64; x=y", "base64 (c)"])
def test_badly_written_encodings_are_understood(written: str) -> None:
    raw = f"Content-Transfer-Encoding: {written}\r\n\r\nQUJD\r\n".encode()
    assert mime.parse(raw).text == "ABC"


@pytest.mark.parametrize("data", [b"QUJ", b"QUJDR", b"Q*U J$D", b"QUJD=="])
def test_broken_base64_gives_what_it_has(data: bytes) -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: application/pdf;"
        b" name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + data + b"\r\n--x--"
    )
    assert mime.part_bytes(raw, 0).startswith(b"AB")


def test_a_multipart_without_parts_is_shown_as_text() -> None:
    mail = mime.parse(b"Content-Type: multipart/mixed; boundary=x\r\n\r\nthe words")
    assert mail.text == "the words"
    assert "structure" in mail.defects


def test_a_forwarded_message_is_an_attachment() -> None:
    inner = letter("Inner")
    raw = (
        b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nsee below\r\n"
        b"--m\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--m--"
    )
    mail = mime.parse(raw)
    assert mail.text.strip() == "see below"
    (part,) = mail.attachments
    assert part.content_type == "message/rfc822"
    assert b"Subject: Inner" in mime.part_bytes(raw, part.index)
