"""Messages in messages, winmail.dat, cards of people, seals: read within limits, never raising."""

from __future__ import annotations

import struct
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from pytest_django import Settings

from lib import limited
from mailstore import mime, nested, sealed, structure, tnef, vcard
from mailstore.nested import NotOpened
from mailstore.sealed import Seal
from mailstore.services import winmail as service
from tests import mail
from tests.mailstore.winmail import winmail
from tests.webmail.samples import letter


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def with_file(data: bytes, name: str, kind: str = "application/octet-stream") -> bytes:
    message = EmailMessage()
    message["Subject"] = "With a file"
    message.set_content("x")
    main, sub = kind.split("/")
    if kind == "message/rfc822":
        message.add_attachment(message_from_bytes(data, policy=default), filename=name)
    else:
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def test_a_message_in_a_message_in_a_message() -> None:
    raw = with_file(b"%PDF-1.4", "plan.pdf")
    for _depth in range(2):
        raw = with_file(raw, "forwarded.eml", "message/rfc822")
    found = nested.find(raw, (1, 1, 1), service.unpack)
    assert (found.part.filename, found.data) == ("plan.pdf", b"%PDF-1.4")
    assert found.path == (1, 1, 1)
    for path in ((7,), (0, 0), (1, 9), (1, 1, 1, 0)):
        with pytest.raises(NotOpened):
            nested.find(raw, path, service.unpack)


def test_parts_side_by_side_cost_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = letter("Inner", files=[(f"{one}.bin", "x/y", b"%d" % one) for one in range(5)])
    files = [(f"{one}.bin", "x/y", b"%d" % one) for one in range(20)]
    raw = letter("Outer", files=[*files, ("inner.eml", "x/y", inner)])
    looks: list[bytes] = []
    parse = structure.parse

    def counted(raw: bytes) -> structure.Tree:
        looks.append(raw)
        return parse(raw)

    monkeypatch.setattr(structure, "parse", counted)
    paths = [*((one + 1,) for one in range(20)), *((21, one + 1) for one in range(5))]
    found = list(nested.each(raw, paths, service.unpack))
    assert [one.data for one in found] == [b"%d" % (path[-1] - 1) for path in paths]
    assert len(looks) == 3  # the outer one, it again for the inner one, and that


def test_nobody_looks_deeper_than_the_limit() -> None:
    raw = with_file(b"end", "end.bin")
    for _depth in range(nested.MAX_DEPTH + 1):
        raw = with_file(raw, "forwarded.eml", "message/rfc822")
    deepest = nested.find(raw, (1,) * nested.MAX_DEPTH, service.unpack)
    with pytest.raises(NotOpened):
        nested.inside(deepest, service.unpack)
    for text in ("", "-1", "1-1-1-1-1-1", "99999", "a", "1-"):
        with pytest.raises(NotOpened):
            nested.parse_path(text)


def test_winmail_is_opened_in_a_child_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = winmail([("Grüße.txt", b"one"), ("b.bin", b"\0\1")], text="Köln", subject="Plan")
    made = mime.parse(service.unpack(data))
    assert (made.subject, made.text.strip()) == ("Plan", "Köln")
    assert [one.filename for one in made.attachments] == ["Grüße.txt", "b.bin"]
    inner = nested.find(with_file(data, "winmail.dat"), (1, 2), service.unpack)
    assert inner.data == b"\0\1"
    # The second look needs no child.
    monkeypatch.setattr(limited, "run", None)
    assert mime.parse(service.unpack(data)).subject == "Plan"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        struct.pack("<IH", 0x223E9F78, 1),
        struct.pack("<IH", 0x223E9F78, 1) + b"\2" * 100,
        struct.pack("<IH", 0x223E9F78, 1) + struct.pack("<BII", 2, 0x6800F, 0xFFFFFFFF) + b"x" * 20,
        winmail([("a", b"x")])[:60],
    ],
)
def test_a_broken_winmail_is_a_file_like_any_other(data: bytes) -> None:
    with pytest.raises(NotOpened):
        service.unpack(data)


def test_too_many_files_in_a_winmail_are_left_out() -> None:
    files = [(f"{number}.txt", b"x") for number in range(tnef.MAX_FILES + 50)]
    assert len(mime.parse(service.unpack(winmail(files))).attachments) == tnef.MAX_FILES


CARD = """BEGIN:VCARD
VERSION:3.0
N:Ortega;Pilar;;;
FN:Pilar Ortega
ORG:Ortega\\, Sons;Sound
item1.EMAIL;TYPE=INTERNET:pilar@ortega.test
TEL;TYPE=CELL:+34 600 000 000
ADR;TYPE=WORK:;;Quay 4;Cádiz;;11001;Spain
URL:javascript:alert(1)
URL:https://ortega.test/
PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=
=C3=B6rg
TEL;HOME;VOICE:030 1
PHOTO;ENCODING=b:PHN2Zz4=
END:VCARD
"""


def test_cards_of_people() -> None:
    first, second = vcard.read(CARD.encode()).shown
    assert (first.name, first.organisation) == ("Pilar Ortega", "Ortega, Sons, Sound")
    assert first.addresses == ["pilar@ortega.test"]
    assert first.places == ["Quay 4, Cádiz, 11001, Spain"]
    assert first.links == ["https://ortega.test/"]
    assert first.photo == b"\x89PNG\r\n\x1a\n"
    assert (second.name, second.phones, second.photo) == ("Jörg Müller", ["030 1"], b"")


def test_every_card_of_the_corpus_is_read() -> None:
    for name, data in mail.listed("vcf"):
        found = vcard.read(data)
        assert len(found.shown) <= vcard.MAX_CARDS, name
        for line in data.decode("utf-8", "replace").splitlines():
            if line.startswith("FN:") and line[3:].strip().isalpha() and len(found.shown) == 1:
                assert line[3:].strip() in found.shown[0].name, name


def sealed_by(raw: str) -> Seal | None:
    data = raw.replace("\n", "\r\n").encode()
    parsed = mime.parse(data)
    index = sealed.sealed_part(parsed.attachments)
    first = mime.part_bytes(data, index) if index is not None else b""
    return sealed.seal(parsed.attachments, parsed.text, first)


MULTI = """Content-Type: multipart/{kind}; protocol="x"; boundary=b

--b
Content-Type: {first}

text
--b
Content-Type: {second}

x
--b--
"""
MIME = "Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n"


@pytest.mark.parametrize(
    ("raw", "method", "is_encrypted"),
    [
        (MULTI.format(kind="signed", first="text/plain", second="application/pgp-signature"),
         "PGP", False),
        (MULTI.format(kind="signed", first="text/plain", second="application/x-pkcs7-signature"),
         "S/MIME", False),
        (MULTI.format(kind="encrypted", first="application/pgp-encrypted",
                      second="application/octet-stream"), "PGP", True),
        (MIME + "MIIBAAYJKoZIhvcNAQcC\n", "S/MIME", False),
        (MIME + "MIIBAAYJKoZIhvcNAQcD\n", "S/MIME", True),
        ("Subject: x\n\nHello\n-----BEGIN PGP MESSAGE-----\nabc", "PGP", True),
        ("Subject: x\n\n-----BEGIN PGP SIGNED MESSAGE-----\nabc", "PGP", False),
    ],
)  # fmt: skip
def test_seals_are_named(raw: str, method: str, is_encrypted: bool) -> None:
    found = sealed_by(raw)
    assert found is not None
    assert (found.method, found.is_encrypted) == (method, is_encrypted)


def test_who_speaks_of_armour_wears_none() -> None:
    assert sealed_by("Subject: x\n\nWrite '-----BEGIN PGP MESSAGE-----' first.") is None
    assert sealed_by("Subject: x\n\nplain") is None
