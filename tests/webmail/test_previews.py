"""Looking at files without opening them: what is shown, what is only saved, and to whom."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from filtering.models import Decision, DecisionKind
from lib.pictures import picture_type
from mailstore.models import Folder, Message
from mailstore.services import folders
from tests.mailstore.calendars import MEETING, calendar
from tests.mailstore.winmail import winmail
from tests.webmail.samples import letter, picture, put
from tests.webmail.test_message import content

File = tuple[str, str, bytes]
PAGE = b"<script>alert(document.domain)</script>"


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def with_files(inbox: Folder) -> Callable[..., Message]:
    """A message with files, whose parts begin with number 1."""

    def file(*files: File) -> Message:
        return put(inbox, letter("Files", files=files), at=timezone.now())

    return file


def address(name: str, message: Message, path: str = "1", *more: int) -> str:
    return reverse(f"mail-attachment{name}", args=[message.pk, path, *more])


def pdf(pages: int) -> bytes:
    """A PDF of some empty pages."""
    kids = " ".join(f"{3 + number} 0 R" for number in range(pages))
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        *[page] * pages,
    ]
    body = "".join(f"{number} 0 obj\n{one}\nendobj\n" for number, one in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer\n<< /Root 1 0 R >>\n%%EOF\n".encode()


def packed(name: str) -> bytes:
    """An archive that holds one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, b"words")
    return made.getvalue()


SHOWN = [
    (("a.png", "text/html", picture()), "preview--picture", "shown/"),
    (("a.txt", "x/y", b"plain <b>words</b>"), "preview--text", "plain &lt;b&gt;words"),
    (("a.py", "application/octet-stream", b"print('\xc3\xa4')"), "preview--text", "\xe4"),
    (("a.csv", "text/csv", b"name;<b>\nAda;1\n"), "preview--table", '<td dir="auto">Ada</td>'),
    (("a.mp3", "audio/mpeg", b"ID3" + b"x" * 90), "preview--audio", "<audio"),
    (("a.mp4", "video/mp4", b"\0\0\0 ftypisom" + b"x" * 90), "preview--video", "<video"),
    (("a.ics", "text/calendar", calendar(*MEETING)), "preview--event", "second reading"),
    (("a.vcf", "text/vcard", b"BEGIN:VCARD\nFN:Ada\nEND:VCARD"), "preview--contact", "Ada"),
    (("a.eml", "application/octet-stream", letter("Inner")), "preview--message", "Inner"),
    (("a.bin", "text/plain", bytes(range(256))), "preview--none", "no preview"),
    (("a.txt", "text/plain", b"x" * 1_100_000), "preview--none", "no preview"),
    (("a.doc", "application/msword", b"\xd0\xcf\x11\xe0" * 9), "preview--none", "no preview"),
    (("a", "text/html", PAGE), "preview--none", "no preview"),
    (("a.html", "text/plain", PAGE), "preview--risky", "web page"),
    (("a.svg", "image/svg+xml", b"<svg onload=alert(1)>"), "preview--risky", "web page"),
    (("bill.pdf.exe", "application/pdf", b"MZ"), "preview--risky", "named like a document"),
    (("a.docm", "application/msword", b"PK"), "preview--risky", "macros"),
    (("a.jpg", "image/jpeg", b"MZ\x90\0" + b"x" * 90), "preview--risky", "is a program"),
    (("a.zip", "application/zip", packed("fun/run.exe")), "preview--risky", "holds a program"),
    (("a.docx", "x/y", packed("word/vbaProject.bin")), "preview--risky", "macros"),
    (("a.zip", "application/zip", packed("fun/list.txt")), "preview--none", "no preview"),
    (("a.txt", "text/plain", b"MZ is a sign"), "preview--text", "MZ is a sign"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "look", "words"), SHOWN)
def test_what_a_file_is_decides_how_it_is_shown(
    browser_client: Client, with_files: Callable[..., Message], file: File, look: str, words: str
) -> None:
    message = with_files(file)
    headers = {"HX-Request": "true"}
    answer = browser_client.get(address("-preview", message), headers=headers)
    page = answer.content.decode()
    assert f'class="dialog preview {look}"' in page
    assert words in page
    assert "<script" not in page
    # What is dangerous by its name or by its bytes is saved only by whoever saw the warning.
    saved = browser_client.get(address("", message))
    if "risky" in look:
        assert saved["Location"] == address("-preview", message)
        assert f'{address("", message)}?sure=1"' in page
        saved = browser_client.get(address("", message), {"sure": "1"})
    assert saved.content == file[2]


def test_the_files_of_a_message_with_a_virus_are_marked_and_asked_about(
    browser_client: Client, with_files: Callable[..., Message], settings: Settings
) -> None:
    message = with_files(("a.txt", "text/plain", b"words"))
    Decision.objects.create(message=message, kind=DecisionKind.VIRUS, why={"v": 1, "virus": "X"})
    # What was found stays found when nobody scans any more.
    settings.CLAMAV = ""
    page = browser_client.get(reverse("mail-message", args=[message.pk])).content.decode()
    assert "file--risky" in page
    assert f'href="{address("", message)}"' not in page
    page = browser_client.get(address("-preview", message)).content.decode()
    assert "A virus was found in this message" in page
    assert page.count(f'href="{address("", message)}?sure=1"') == 1
    assert "Save all the same" in page
    everything = reverse("mail-attachments", args=[message.pk])
    assert "may be dangerous" in browser_client.get(everything).content.decode()
    saved = zipfile.ZipFile(io.BytesIO(content(browser_client.get(f"{everything}?sure=all"))))
    assert saved.namelist() == ["a.txt"]


def test_a_program_by_its_bytes_alone_is_asked_about_in_an_archive_too(
    browser_client: Client, with_files: Callable[..., Message]
) -> None:
    message = with_files(("a.jpg", "image/jpeg", b"MZ\x90\0" + b"x" * 90))
    page = browser_client.get(reverse("mail-attachments", args=[message.pk])).content.decode()
    assert "a.jpg" in page
    assert "?sure=all" in page
    assert "?sure=safe" not in page  # there is no other


def test_one_file_after_the_other(
    browser_client: Client, with_files: Callable[..., Message]
) -> None:
    message = with_files(*[(f"{name}.txt", "text/csv", b"x") for name in "abc"])
    page = browser_client.get(address("-preview", message, "2")).content.decode()
    assert address("-preview", message, "1") in page
    assert address("-preview", message, "3") in page
    page = browser_client.get(address("-preview", message, "3")).content.decode()
    assert 'data-step="1"' not in page


def test_pages_of_a_pdf_are_drawn_and_kept(
    browser_client: Client, with_files: Callable[..., Message], tmp_path: Path
) -> None:
    message = with_files(("a.pdf", "application/pdf", pdf(23)))
    page = browser_client.get(address("-preview", message)).content.decode()
    assert page.count("preview__page") == 20
    assert "3 more pages are in the file" in page
    for _time in range(2):
        answer = browser_client.get(address("-page", message, "1", 20))
        assert answer["Content-Type"] == picture_type(answer.content) == "image/png"
        width, height = struct.unpack(">II", answer.content[16:24])
        assert 1240 <= width <= 1241
        assert height > width
    assert len(list((tmp_path / "cache").glob("drawn-*/*/*"))) == 2
    for number in (0, 21, 99):
        assert browser_client.get(address("-page", message, "1", number)).status_code == 404


@pytest.mark.parametrize(
    "data", [b"%PDF-1.4 nonsense", b"%PDF-1.7\n" + zlib.compress(b"\0" * 9_000_000)]
)
def test_a_broken_pdf_is_only_saved(
    browser_client: Client, with_files: Callable[..., Message], data: bytes
) -> None:
    message = with_files(("a.pdf", "application/pdf", data))
    page = browser_client.get(address("-preview", message)).content.decode()
    assert "There is no preview of this file." in page
    assert browser_client.get(address("-page", message, "1", 1)).status_code == 404


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (("a.html", "text/html", picture()), "image/png"),
        (("a.mp4", "image/svg+xml", b"\0\0\0 ftypisom" + b"x" * 9), "video/mp4"),
        (("a.png", "image/png", b"<svg onload=alert(1)>"), None),
        (("a.html", "text/html", PAGE), None),
        (("a.pdf", "application/pdf", pdf(1)), None),
        (("a.xml", "text/xml", b"<?xml version='1.0'?><a/>"), None),
    ],
)
def test_only_what_holds_no_script_is_shown_in_a_page(
    browser_client: Client, with_files: Callable[..., Message], file: File, kind: str | None
) -> None:
    answer = browser_client.get(address("-shown", with_files(file)))
    assert answer.status_code == (200 if kind else 404)
    if kind:
        assert answer["Content-Type"] == kind
        assert answer["Content-Disposition"] == "inline"
        assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_film_is_played_from_its_middle(
    browser_client: Client, with_files: Callable[..., Message]
) -> None:
    message = with_files(("a.mp4", "video/mp4", b"\0\0\0 ftypisom" + b"0123456789"))
    asked = {"Range": "bytes=14-16"}
    answer = browser_client.get(address("-shown", message), headers=asked)
    assert (answer.status_code, answer.content) == (206, b"234")


def forwarded(inner: bytes, depth: int = 1) -> bytes:
    for _level in range(depth):
        outer = EmailMessage()
        outer["Subject"], outer["From"] = "Forwarded", "a@b.test"
        outer.set_content("see below")
        outer.add_attachment(
            inner, maintype="application", subtype="octet-stream", filename="m.eml"
        )
        inner = outer.as_bytes()
    return inner


def test_an_attached_message_opens_as_one(browser_client: Client, inbox: Folder) -> None:
    html = '<p onclick="x()">Inner words</p><img src="cid:pic"><img src="https://t.test/1.gif">'
    files = [("inner.txt", "text/csv", b"deep")]
    inner = letter("Inner", html=html, pictures=[("pic", picture())], files=files)
    message = put(inbox, forwarded(inner, 2), at=timezone.now())
    pane = browser_client.get(reverse("mail-message", args=[message.pk])).content.decode()
    assert address("-message", message, "1") in pane
    page = browser_client.get(address("-message", message, "1-1")).content.decode()
    assert "Jonas Ekdahl" in page
    assert "1 remote image was not loaded." in page
    frame = browser_client.get(address("-frame", message, "1-1")).content.decode()
    assert "Inner words" in frame
    assert "onclick" not in frame
    assert "t.test" not in frame
    [piece] = [one for one in frame.split('"') if one.startswith("/piece/")]
    assert picture_type(browser_client.get(piece).content) == "image/png"
    saved = browser_client.get(address("", message, "1-1-3"))
    assert saved.content == b"deep"
    assert 'filename="inner.txt"' in saved["Content-Disposition"]
    assert browser_client.get(address("-message", message, "1-1-3")).status_code == 404


def test_the_files_of_a_winmail_are_files_of_the_message(
    browser_client: Client, with_files: Callable[..., Message]
) -> None:
    data = winmail([("plan.txt", b"one"), ("plan.exe", b"MZ")], text="Words of Outlook")
    message = with_files(("winmail.dat", "application/ms-tnef", data))
    pane = browser_client.get(reverse("mail-message", args=[message.pk])).content.decode()
    assert "2 attachments" in pane
    assert address("-preview", message, "1-1") in pane
    assert "may be dangerous" in pane
    look = browser_client.get(address("-preview", message, "1-1")).content.decode()
    assert address("-preview", message, "1-2") in look
    inner = browser_client.get(address("-message", message, "1")).content.decode()
    assert "Words of Outlook" in inner
    everything = reverse("mail-attachments", args=[message.pk])
    asked = browser_client.get(everything).content.decode()
    assert "plan.exe" in asked
    assert "plan.txt" not in asked
    for sure, names in (("all", ["plan.txt", "plan.exe"]), ("safe", ["plan.txt"])):
        assert f"{everything}?sure={sure}" in asked
        answer = browser_client.get(everything, {"sure": sure})
        archive = zipfile.ZipFile(io.BytesIO(content(answer)))
        assert archive.namelist() == names
    assert archive.read("plan.txt") == b"one"


def test_a_contact_has_a_face_and_can_be_written_to(
    browser_client: Client, with_files: Callable[..., Message]
) -> None:
    card = "BEGIN:VCARD\nFN:Ada\nEMAIL:ada&x@berg.test\nPHOTO;ENCODING=b:iVBORw0KGgo=\nEND:VCARD\n"
    message = with_files(("a.vcf", "text/vcard", card.encode()))
    pane = browser_client.get(reverse("mail-message", args=[message.pk])).content.decode()
    assert "?to=ada%26x%40berg.test" in pane
    face = browser_client.get(address("-photo", message, "1", 0))
    assert (face.status_code, face["Content-Type"]) == (200, "image/png")
    assert browser_client.get(address("-photo", message, "1", 1)).status_code == 404


@pytest.mark.parametrize("kind", ["encrypted", "signed"])
def test_seals_are_said_and_never_vouched_for(
    browser_client: Client, inbox: Folder, kind: str
) -> None:
    first = "application/pgp-encrypted" if kind == "encrypted" else "text/plain"
    second = "application/octet-stream" if kind == "encrypted" else "application/pgp-signature"
    raw = (
        f"From: a@b.test\r\nContent-Type: multipart/{kind}; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: {first}\r\n\r\nVersion: 1\r\n"
        f"--b\r\nContent-Type: {second}\r\n\r\nx\r\n--b--\r\n"
    )
    message = put(inbox, raw.encode(), at=timezone.now())
    pane = browser_client.get(reverse("mail-message", args=[message.pk])).content.decode()
    wanted = "cannot decrypt it yet" if kind == "encrypted" else "cannot verify it yet"
    assert wanted in pane
    came = pane[pane.index('class="came') : pane.index("</section>", pane.index('class="came'))]
    assert "st--ok" not in came


def every(message: Message) -> Sequence[str]:
    names = ("", "-preview", "-shown", "-message", "-frame")
    return [*(address(one, message) for one in names), address("-page", message, "1", 1),
            address("-photo", message, "1", 0)]  # fmt: skip


def test_files_of_others_are_not_found(
    browser_client: Client, other_user: User, client_for: Callable[[User], Client]
) -> None:
    raw = letter("Private", files=[("a.png", "image/png", picture())])
    theirs = put(folders.special(other_user, "inbox"), raw, at=timezone.now())
    for one in every(theirs):
        assert browser_client.get(one).status_code == 404
    assert client_for(other_user).get(address("-shown", theirs)).status_code == 200
