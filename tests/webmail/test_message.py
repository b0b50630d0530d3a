"""One message: its page, its frame, its files."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Message
from mailstore.services import folders
from tests.webmail.samples import Mailbox, letter, picture, put
from webmail import pieces


def content(answer: object) -> bytes:
    """The body of a streamed answer."""
    chunks: Iterator[bytes] = answer.streaming_content  # type: ignore[attr-defined] # a test answer
    return b"".join(chunks)


def page_of(client: Client, pk: int, query: str = "") -> str:
    return client.get(reverse("mail-message", args=[pk]) + query).content.decode()


def test_opening_marks_read_and_counts(browser_client: Client, user: User, inbox: Folder) -> None:
    message = put(inbox, letter("Hello"), at=timezone.now())
    browser_client.head(reverse("mail-message", args=[message.pk]))
    assert not Message.objects.get(pk=message.pk).is_seen
    page = page_of(browser_client, message.pk)
    assert Message.objects.get(pk=message.pk).is_seen
    assert Folder.objects.get(pk=inbox.pk).unread == 0
    assert "see you on Thursday." in page
    assert "jonas@harbourline.test" in page


def test_the_pane_alone(browser_client: Client, mailbox: Mailbox) -> None:
    address = reverse("mail-message", args=[mailbox.lease.pk])
    part = browser_client.get(address, headers={"X-Part": "read"}).content.decode()
    assert "<html" not in part
    assert "Section 4.2" in part
    assert "via Gmail" in part


def test_the_list_beside_it_is_the_one_it_was_opened_from(
    browser_client: Client, mailbox: Mailbox
) -> None:
    page = page_of(browser_client, mailbox.lease.pk, "?in=all&attachments=1")
    assert '<h1 dir="auto">All inboxes</h1>' in page
    assert "Sunday" not in page
    page = page_of(browser_client, mailbox.lease.pk)
    assert '<h1 dir="auto">Gmail</h1>' in page


def test_plain_text_links_and_stays_text(browser_client: Client, inbox: Folder) -> None:
    text = "See https://example.test/a?b=1&c=2 or <b>not bold</b> javascript:alert(1)"
    message = put(inbox, letter("Links", text=text), at=timezone.now())
    page = page_of(browser_client, message.pk)
    assert 'href="https://example.test/a?b=1&amp;c=2"' in page
    assert 'rel="noopener noreferrer nofollow"' in page
    assert "&lt;b&gt;not bold&lt;/b&gt;" in page
    assert 'href="javascript' not in page


def test_the_frame_is_sealed(browser_client: Client, mailbox: Mailbox) -> None:
    page = page_of(browser_client, mailbox.newsletter.pk)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox allow-scripts"' in page
    address = reverse("mail-frame", args=[mailbox.newsletter.pk])
    answer = browser_client.get(address)
    # The one script of ours, by its hash; see webmail/frame_script.py.
    script = answer.content.decode().partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert answer["Content-Security-Policy"] == (
        "sandbox allow-popups allow-popups-to-escape-sandbox allow-scripts; default-src 'none'; "
        f"img-src 'self' data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-DNS-Prefetch-Control"] == "off"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    paper = browser_client.get(address, {"print": "1"})
    assert "<script" not in paper.content.decode()
    assert "script-src 'none'" in paper["Content-Security-Policy"]
    assert "allow-scripts" not in paper["Content-Security-Policy"]


def test_app_pages_allow_no_inline_script(browser_client: Client, mailbox: Mailbox) -> None:
    for address in (
        "/",
        reverse("mail-message", args=[mailbox.newsletter.pk]),
        "/settings/account/",
    ):
        answer = browser_client.get(address)
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]* src=)", page)
        assert not re.search(r'<[^>]+ (?:style|on\w+)="', page)


def test_inline_pictures_come_by_signed_addresses(
    browser_client: Client, client: Client, mailbox: Mailbox, settings: object
) -> None:
    frame = browser_client.get(reverse("mail-frame", args=[mailbox.newsletter.pk])).content.decode()
    address = re.search(r'src="(/piece/[^"]+)"', frame)
    assert address
    # The sandboxed frame has no cookie: a stranger with the address is what the browser looks like.
    answer = client.get(address[1])
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
    assert answer["Cache-Control"] == "no-store"
    assert client.get(address[1][:-3] + "xx/").status_code == 404


def test_signed_addresses_expire(
    browser_client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = browser_client.get(reverse("mail-frame", args=[mailbox.newsletter.pk])).content.decode()
    address = re.search(r'src="(/piece/[^"]+)"', frame)
    assert address
    later = time.time() + pieces.LIFETIME + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert browser_client.get(address[1]).status_code == 404


def test_a_piece_that_is_no_picture_is_not_shown(browser_client: Client, inbox: Folder) -> None:
    html = '<p>x</p><img src="cid:evil">'
    raw = letter("Evil", html=html, pictures=[("evil", b"<script>alert(1)</script>")])
    message = put(inbox, raw, at=timezone.now())
    frame = browser_client.get(reverse("mail-frame", args=[message.pk])).content.decode()
    address = re.search(r'src="(/piece/[^"]+)"', frame)
    assert address
    assert browser_client.get(address[1]).status_code == 404


NAMES = [
    ("report.html", "report.html"),
    ("../../etc/passwd", "passwd"),
    ("C:\\temp\\run.exe", "run.exe"),
    ("invoice\u202efdp.exe", "invoicefdp.exe"),
    ("a\r\nSet-Cookie: x=1.txt", "a"),
    ("Überweisung № 7.pdf", "Überweisung № 7.pdf"),
]


@pytest.mark.parametrize(("sent", "_saved"), NAMES)
def test_attachments_are_only_ever_saved(
    browser_client: Client, inbox: Folder, sent: str, _saved: str
) -> None:
    data = b"<script>alert(document.domain)</script>"
    message = EmailMessage()
    message["From"], message["Subject"] = "a@b.test", "File"
    message.set_content("x")
    name = sent.replace("\r\n", " ")
    message.add_attachment(data, maintype="text", subtype="html", filename=name)
    stored = put(inbox, message.as_bytes(), at=timezone.now())
    page = page_of(browser_client, stored.pk)
    # What may be dangerous leads to a warning first.
    address = re.search(r'href="(/message/\d+/attachment/\d+/)(?:preview/)?"', page)
    assert address
    answer = browser_client.get(address[1], {"sure": "1"})
    assert answer.content == data
    assert answer["Content-Type"] == "application/octet-stream"
    disposition = answer["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert not re.search(r"[/\\\r\n\u202e]|\.\.", disposition)
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


def test_an_unknown_part_is_not_found(browser_client: Client, mailbox: Mailbox) -> None:
    address = reverse("mail-attachment", args=[mailbox.lease.pk, 99])
    assert browser_client.get(address).status_code == 404


def test_all_attachments_in_one_archive(browser_client: Client, inbox: Folder) -> None:
    files = [("a.txt", "text/csv", b"one"), ("a.txt", "text/csv", b"two"), ("b/c.bin", "x/y", b"3")]
    message = put(inbox, letter("Files", files=files), at=timezone.now())
    answer = browser_client.get(reverse("mail-attachments", args=[message.pk]))
    archive = zipfile.ZipFile(io.BytesIO(content(answer)))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "a.txt": b"one",
        "a (2).txt": b"two",
        "c.bin": b"3",
    }


def test_the_original_is_given_back_byte_for_byte(browser_client: Client, inbox: Folder) -> None:
    raw = b"From: a@b.test\nSubject: \xff\xfe odd\r\n\r\nbare\nline\rends\x00and bytes\xff"
    message = put(inbox, raw, at=timezone.now())
    answer = browser_client.get(reverse("mail-original", args=[message.pk]))
    assert content(answer) == raw
    assert answer["Content-Length"] == str(len(raw))
    assert answer["Content-Disposition"].startswith("attachment; ")


def test_the_source_is_text(browser_client: Client, inbox: Folder) -> None:
    raw = b"From: a@b.test\r\nSubject: x\r\n\r\n<script>alert(1)</script>\x00"
    message = put(inbox, raw, at=timezone.now())
    page = browser_client.get(reverse("mail-source", args=[message.pk])).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_the_headers_are_text_as_well(browser_client: Client, inbox: Folder) -> None:
    raw = (
        b"From: a@b.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_=3Cscript=3E?=\r\n"
        b"X-Odd: one\r\n two \x1b\xff<b>\r\nX-Odd: again\r\n\r\nnot this\r\n"
    )
    message = put(inbox, raw, at=timezone.now())
    address = reverse("mail-source", args=[message.pk]) + "?part=headers"
    assert address in page_of(browser_client, message.pk)
    page = browser_client.get(address).content.decode()
    assert '<dt>Subject</dt><dd dir="auto">Gr\u00fc\u00dfe &lt;script&gt;</dd>' in page
    assert '<dt>X-Odd</dt><dd dir="auto">one two \u00ff&lt;b&gt;</dd>' in page
    assert page.count("<dt>X-Odd</dt>") == 2
    assert "not this" not in page


def test_html_mail_as_plain_text_and_back(browser_client: Client, inbox: Folder) -> None:
    both = letter("Both", text="the plain words\n", html="<p>the <b>other</b> words</p>")
    alone = letter("Alone", text="\n", html="<p>nothing <b>but</b> HTML</p><script>x()</script>")
    for raw, words in ((both, "the plain words"), (alone, "nothing but HTML")):
        message = put(inbox, raw, at=timezone.now())
        usual = page_of(browser_client, message.pk)
        assert "<iframe" in usual
        [address] = re.findall(r'href="([^"]+)" data-redraw', usual)
        address = address.replace("&amp;", "&")
        for part in ("", "letter"):
            page = browser_client.get(address, headers={"X-Part": part}).content.decode()
            assert words in page
            assert "<iframe" not in page
            [back] = re.findall(r'href="([^"]+)" data-redraw', page)
        answer = browser_client.get(back.replace("&amp;", "&"), headers={"X-Part": "letter"})
        assert "<iframe" in answer.content.decode()
    plain = put(inbox, letter("Plain"), at=timezone.now())
    assert "data-redraw" not in page_of(browser_client, plain.pk)


def test_a_damaged_body_is_said_not_hidden(
    browser_client: Client, mailbox: Mailbox, settings: object
) -> None:
    settings.BLOB_DIR = settings.BLOB_DIR.with_name("nowhere")  # type: ignore[attr-defined] # pytest-django's
    page = page_of(browser_client, mailbox.lease.pk)
    assert "is damaged" in page
    for name in ("mail-original", "mail-attachments"):
        answer = browser_client.get(reverse(name, args=[mailbox.lease.pk]))
        assert answer.status_code == 404
    assert browser_client.get(reverse("mail-source", args=[mailbox.lease.pk])).status_code == 200
    assert browser_client.get(reverse("mail-frame", args=[mailbox.lease.pk])).status_code == 200


@pytest.mark.parametrize(
    ("sender", "warning"),
    [
        ('"service@bank.test" <x@evil.test>', "looks like a different address"),
        ("A <a@one.test>, B <b@two.test>", "names several senders"),
        ("Jonas <jonas@harbourline.test>", ""),
    ],
)
def test_senders_that_deceive_are_marked(
    browser_client: Client, inbox: Folder, sender: str, warning: str
) -> None:
    message = put(inbox, f"From: {sender}\r\nSubject: x\r\n\r\nx".encode(), at=timezone.now())
    page = page_of(browser_client, message.pk)
    assert ("banner--warn" in page) is bool(warning)
    assert warning in page


def test_mail_of_others_is_not_found(
    browser_client: Client, other_user: User, client_for: Callable[[User], Client]
) -> None:
    raw = letter("Private", files=[("a.bin", "x/y", b"1")], html="<b>x</b>")
    theirs = put(folders.special(other_user, "inbox"), raw, at=timezone.now())
    for name in ("message", "frame", "source", "original", "attachments"):
        answer = browser_client.get(reverse(f"mail-{name}", args=[theirs.pk]))
        assert answer.status_code == 404
        assert b"Private" not in answer.content
    part = reverse("mail-attachment", args=[theirs.pk, 2])
    assert browser_client.get(part).status_code == 404
    assert client_for(other_user).get(part).status_code == 200
    assert not Message.objects.get(pk=theirs.pk).is_seen


def test_consent_is_bound_to_its_message(
    browser_client: Client, mailbox: Mailbox, inbox: Folder
) -> None:
    other = put(inbox, letter("Second", html='<img src="https://x.test/a.png">'), at=timezone.now())
    page = page_of(browser_client, mailbox.newsletter.pk)
    token = re.search(r"\?images=([^\"]+)", page)
    assert token
    answer = browser_client.get(f"{reverse('mail-frame', args=[other.pk])}?images={token[1]}")
    assert "x.test" not in answer.content.decode()


def test_pictures_the_text_shows_are_not_listed_again(
    browser_client: Client, mailbox: Mailbox, inbox: Folder
) -> None:
    assert 'class="file"' not in page_of(browser_client, mailbox.newsletter.pk)
    raw = letter("Loose", html="<p>no picture</p>", pictures=[("loose", picture())])
    message = put(inbox, raw, at=timezone.now())
    assert 'class="file"' in page_of(browser_client, message.pk)
    # What the HTML only speaks of is not shown by it.
    html = "<!-- <img src='cid:loose'> --><p>cid:loose</p>"
    raw = letter("Spoken of", html=html, pictures=[("loose", picture())])
    message = put(inbox, raw, at=timezone.now())
    assert 'class="file"' in page_of(browser_client, message.pk)


def test_a_page_for_paper(browser_client: Client, mailbox: Mailbox, inbox: Folder) -> None:
    address = reverse("mail-frame", args=[mailbox.newsletter.pk])
    answer = browser_client.get(f"{address}?print=1")
    page = answer.content.decode()
    assert "Harbourline Ferries &lt;letter@harbourline.test&gt;" in page
    assert answer["Content-Security-Policy"].startswith("sandbox ")
    assert "&lt;letter@" not in browser_client.get(address).content.decode()
    raw = letter("<script>alert(1)</script>", html="<b>x</b>")
    hostile = put(inbox, raw, at=timezone.now())
    page = browser_client.get(
        f"{reverse('mail-frame', args=[hostile.pk])}?print=1"
    ).content.decode()
    assert "<script>" not in page
