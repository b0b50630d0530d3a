"""Headers of every kind of response, and files that would like to be more than files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from mailstore.models import FolderRole, Message
from mailstore.services import folders
from scripts.observatory import Answer, grade
from tests.security.page_checks import check_page
from tests.security.test_routes import PUBLIC, SIGNED, Arguments, belongings, routes
from tests.senders import local_key
from tests.webmail.samples import letter, picture, put
from webmail.frame_script import SCRIPT_HASH
from webmail.pieces import Piece, consent, piece_url

__all__ = ["belongings"]

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)


def inbox_message(user: User, raw: bytes) -> Message:
    return put(folders.special(user, FolderRole.INBOX), raw, at=NOW)


def policy(answer: Any) -> dict[str, list[str]]:
    pieces = (one.split() for one in answer["Content-Security-Policy"].split(";") if one.strip())
    return {name: values for name, *values in pieces}


def check_everywhere(answer: Any, name: str) -> None:
    """What every answer has, whatever it is."""
    rules = policy(answer)
    assert answer["X-Content-Type-Options"] == "nosniff", name
    assert answer["Referrer-Policy"] in {"same-origin", "no-referrer"}, name
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin", name
    if answer["Content-Type"].startswith("text/html"):
        assert answer["Origin-Agent-Cluster"] == "?1", name
        assert "camera=()" in answer["Permissions-Policy"], name
    # A picture is asked for by the frame of a message, which has no origin.
    pieces = {"cross-origin"} if rules.get("sandbox") == [] else set()
    assert answer["Cross-Origin-Resource-Policy"] in {"same-origin"} | pieces, name
    assert answer.headers.get("X-Frame-Options", "DENY") in {"DENY", "SAMEORIGIN"}, name
    scripts = rules.get("script-src", rules.get("default-src", []))
    # In a message's frame one constant script of ours runs, and no other.
    ours = [SCRIPT_HASH] if "sandbox" in rules else ["'self'"]
    assert scripts in (ours, ["'none'"]), f"{name}: scripts from {scripts}"
    assert rules["default-src"] == ["'none'"], name
    for rule in ("base-uri", "form-action", "frame-ancestors"):
        assert rules[rule] in (["'none'"], ["'self'"]), f"{name}: {rule} {rules[rule]}"
    unsafe = [word for words in rules.values() for word in words if "unsafe" in word]
    assert unsafe == (["'unsafe-inline'"] if rules.get("style-src") == ["'unsafe-inline'"] else [])
    assert not unsafe or rules["sandbox"], f"{name}: only what a sandbox holds is styled by others"
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers


def over_https(settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True


def check_grade(answer: Any, where: str) -> None:
    """Mozilla's Observatory would give it an A+."""
    headers = {name.lower(): [value] for name, value in answer.headers.items()}
    headers["set-cookie"] = [one.OutputString() for one in answer.cookies.values()]
    streamed = getattr(answer, "streaming", False)
    body = "" if streamed else answer.content.decode("utf-8", "replace")
    report = grade(Answer("https://testserver/", headers, body))
    assert report.grade == "A+", f"{where}: {report}"
    assert "includesubdomains" in report.found["strict-transport-security"][0], where
    assert report.found["cross-origin-resource-sharing"][0] == "none", where


def test_every_page_has_them(
    user: User,
    belongings: Callable[[str], Arguments],
    client_for: Callable[[User], Client],
    settings: Settings,
) -> None:
    """All headers, no code in a page, an A+ of the Observatory; nobody is left out."""
    over_https(settings)
    user.role = "system-admin"
    user.save()
    browser, stranger = client_for(user), Client()
    asked = [
        (name, reverse(name, kwargs=belongings(name) if taken else {}))
        for name, taken in routes()
        if name not in SIGNED | {"readyz"}
    ]
    for method in ("get", "post"):
        for name, address in asked:
            if (name, method) in {("sign-out", "post"), ("sign-out", "get")}:
                continue
            for who, visitor in (("owner", browser), ("stranger", stranger)):
                answer = getattr(visitor, method)(address, secure=True)
                said = f"{who} {method} {name} {answer.status_code}"
                check_everywhere(answer, said)
                check_grade(answer, said)
                check_page(answer, said, is_public=name in PUBLIC)
                if who == "owner" and answer.status_code == 200:
                    # What is in a mailbox stays in no cache, ours or a proxy's.
                    assert "no-store" in answer.headers.get("Cache-Control", ""), said


def test_errors_have_them(user: User, client_for: Callable[[User], Client]) -> None:
    browser = client_for(user)
    browser.raise_request_exception = False
    strict = Client(enforce_csrf_checks=True)
    with patch("webmail.screen.show", side_effect=RuntimeError("broken")):
        broken = browser.get("/")
    answers = {
        500: broken,
        404: browser.get("/nowhere/"),
        403: strict.post("/sign-in/", {}),
        400: Client(headers={"Host": "evil.test"}).get("/sign-in/"),
        413: Client().post("/sign-in/", {}, CONTENT_LENGTH="1000000000"),
        422: Client().post("/sign-in/", {"username": "a@b.test", "password": "x"}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        check_everywhere(answer, str(status))
        assert b"Traceback" not in answer.content


def test_a_foreign_host_is_told_nothing() -> None:
    """A forged Host must not get into a link or a redirect."""
    for host in ("evil.test", "localhost:80@evil.test", "testserver.evil.test"):
        answer = Client(headers={"Host": host}).get("/")
        assert answer.status_code == 400
        assert b"evil.test" not in answer.content
    forwarded = Client(headers={"X-Forwarded-Host": "evil.test"}).get("/")
    assert "evil.test" not in forwarded["Location"]


def test_the_frame_of_a_letter_is_a_sandbox(
    user: User, client_for: Callable[[User], Client], settings: Settings
) -> None:
    browser = client_for(user)
    message = inbox_message(user, letter("Hello", html="<p>Hello</p>"))
    address = reverse("mail-frame", args=[message.pk])
    other = inbox_message(user, letter("Other", html="<p>Other</p>"))
    forged = ["1", "x", consent(user.pk + 1, message.pk), consent(user.pk, other.pk)]
    for query in ({}, {"print": "1"}, *({"images": one} for one in forged)):
        answer = browser.get(address, query)
        rules = policy(answer)
        assert rules["img-src"] == ["'self'", "data:"], query
        popups = {"allow-popups", "allow-popups-to-escape-sandbox"}
        # Never with an origin: what runs there by mistake reaches nothing of ours.
        assert set(rules["sandbox"]) - popups <= {"allow-scripts"}
        assert rules["script-src"] == [
            SCRIPT_HASH if "allow-scripts" in rules["sandbox"] else "'none'"
        ]
        assert rules["form-action"] == rules["base-uri"] == rules["default-src"] == ["'none'"]
        assert rules["frame-ancestors"] == ["'self'"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-DNS-Prefetch-Control"] == "off"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    asked = {"images": consent(user.pk, message.pk)}
    assert policy(browser.get(address, asked))["img-src"] == ["'self'", "data:"]
    settings.IMAGE_PROXY = False
    assert policy(browser.get(address, asked))["img-src"] == ["'self'", "data:", "https:", "http:"]
    old = signing.TimestampSigner(salt="webmail.pieces.consent")
    with patch.object(old.__class__, "timestamp", return_value=signing.b62_encode(10**9)):
        expired = consent(user.pk, message.pk)
    assert policy(browser.get(address, {"images": expired}))["img-src"] == ["'self'", "data:"]
    page = browser.get(reverse("mail-message", args=[message.pk])).content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox allow-scripts"' in page


HOSTILE_TYPES = [
    "text/html", "text/html; charset=utf-7", "TEXT/HTML", "application/xhtml+xml",
    "image/svg+xml", "text/xml", "application/xml", "application/pdf", "text/javascript",
    "application/javascript", "text/css", "text/plain", "image/png", "image/gif",
    "message/rfc822", "application/x-shockwave-flash",
    "application/octet-stream", "text/html\timage/png", "x/y", "nonsense",
]  # fmt: skip
HOSTILE_NAMES = [
    "page.html", "picture.svg", "page.html\x00.png", "..\\..\\evil.hta", "../../../etc/passwd",
    "CON", ".htaccess", "a\u202egnp.exe", '"; filename="evil.exe', "a;b.html", "x" * 900 + ".html",
    "\u2028.html", "%0d%0aContent-Type: text/html", "<script>alert(1)</script>.html",
]  # fmt: skip
SCRIPT = b"<html><script>parent.postMessage(1)</script><svg onload=alert(1)></html>"


def test_attachments_are_files_and_nothing_else(
    user: User, client_for: Callable[[User], Client]
) -> None:
    browser = client_for(user)
    cases = [(kind, "page.html") for kind in HOSTILE_TYPES]
    cases += [("text/html", name) for name in HOSTILE_NAMES]
    body = b""
    for kind, name in cases:
        coded = "".join(f"%{byte:02X}" for byte in name.encode())
        body += (
            f"--x\r\nContent-Type: {kind}\r\n"
            f"Content-Disposition: attachment; filename*=utf-8''{coded}\r\n\r\n"
        ).encode() + SCRIPT + b"\r\n"  # fmt: skip
    head = (
        b"From: a@evil.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n"
    )
    message = inbox_message(user, head + b"\r\n" + body + b"--x--\r\n")
    # Who saw the warning of what is dangerous saves it all the same.
    parts = [reverse("mail-attachment", args=[message.pk, one]) for one in range(len(cases))]
    everything = reverse("mail-attachments", args=[message.pk]) + "?sure=all"
    asked = [f"{one}?sure=1" for one in parts]
    asked += [
        everything,
        reverse("mail-original", args=[message.pk]),
    ]
    names = []
    for address in asked:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert answer["Content-Type"] in {
            "application/octet-stream", "application/zip", "message/rfc822",
        }  # fmt: skip
        disposition = answer["Content-Disposition"]
        assert disposition.startswith("attachment")
        assert disposition.isprintable()
        assert disposition.isascii()
        read = EmailMessage()
        read["Content-Disposition"] = disposition
        names.append(read["Content-Disposition"].params["filename"])
        assert len(read["Content-Disposition"].params) == 1, disposition
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert policy(answer)["default-src"] == ["'none'"]
        assert policy(answer)["sandbox"] == []
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]
    assert not [one for one in names if set(one) & set("/\\\r\n\x00\u202e")]
    packed = b"".join(browser.get(everything).streaming_content)  # type: ignore[attr-defined] # a streamed answer
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert len(archive.namelist()) == len(set(archive.namelist())) == len(cases)
        for name in archive.namelist():
            assert not set(name) & set("/\\\x00\r\n\u202e"), name
            assert name not in {"", ".", ".."}


def test_only_pictures_are_shown_in_place(user: User, client: Client) -> None:
    """Their bytes decide, whatever they are called."""
    fine = picture()
    bodies = {
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>": 404,
        SCRIPT: 404,
        b"<?xml version='1.0'?><x/>": 404,
        b"%PDF-1.4": 404,
        b"": 404,
        b"BM" + SCRIPT: 404,
        fine: 200,
        b"GIF89a\x01\x00\x01\x00" + SCRIPT: 200,  # shown as a picture, whatever follows
        b"GIF89a\x60\xea\x60\xea" + SCRIPT: 404,  # of 3,600 million pixels
    }
    for body, status in bodies.items():
        raw = letter(f"P{len(body)}", html="<img src=cid:one>", pictures=[("one", body)])
        message = inbox_message(user, raw)
        answer = client.get(piece_url(Piece(user.pk, message.pk, 2)))
        assert answer.status_code == status, body[:20]
        if status == 200:
            assert answer["Content-Type"].startswith("image/")
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert policy(answer)["default-src"] == ["'none'"]
            assert policy(answer)["sandbox"] == []


def test_a_signed_address_opens_what_it_was_made_for(
    user: User, other_user: User, client: Client
) -> None:
    mine = inbox_message(user, letter("A", html="<img src=cid:one>", pictures=[("one", picture())]))
    theirs = inbox_message(
        other_user, letter("B", html="<img src=cid:one>", pictures=[("one", picture())])
    )
    good = piece_url(Piece(user.pk, mine.pk, 2))
    assert client.get(good).status_code == 200
    token = good.rstrip("/").rpartition("/")[2]
    value, stamp, seal = token.split(":")
    changed = ":".join([value[:-1] + ("A" if value[-1] != "A" else "B"), stamp, seal])
    other_salt = signing.dumps([user.pk, mine.pk, 2], salt="webmail.undo")
    bad = [
        Piece(user.pk, theirs.pk, 2),
        Piece(other_user.pk, mine.pk, 2),
        Piece(user.pk, mine.pk, 99),
        Piece(user.pk, mine.pk, -1),
        Piece(user.pk, 10**12, 2),
    ]
    addresses = [piece_url(one) for one in bad]
    tokens = [changed, f"{value}:{stamp}", seal, "x" * 5000, other_salt, consent(user.pk, mine.pk)]
    addresses += [reverse("mail-piece", args=[one]) for one in tokens]
    for address in addresses:
        assert client.get(address).status_code == 404, address
    with patch("django.core.signing.time.time", return_value=NOW.timestamp()):
        expired = piece_url(Piece(user.pk, mine.pk, 2))
    with patch(
        "django.core.signing.time.time",
        return_value=(NOW + timedelta(hours=1, seconds=5)).timestamp(),
    ):
        assert client.get(expired).status_code == 404
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(good).status_code == 404


def test_nobody_undoes_for_somebody_else(
    user: User, other_user: User, client_for: Callable[[User], Client]
) -> None:
    message = inbox_message(user, letter("Mine"))
    form = {"do": "trash", "id": message.pk}
    done = client_for(user).post(reverse("mail-action"), form, headers={"X-Part": "json"}).json()
    assert done["undo"]
    stolen = client_for(other_user).post(reverse("mail-undo"), {"token": done["undo"]})
    assert stolen.status_code == 404
    for forged in ("", "x", done["undo"][:-2] + "xx", consent(user.pk, message.pk)):
        answer = client_for(user).post(reverse("mail-undo"), {"token": forged})
        assert answer.status_code == 404
    message.refresh_from_db()
    assert message.folder.role == FolderRole.TRASH


def test_a_foreign_letter_is_no_original(
    user: User, other_user: User, client_for: Callable[[User], Client]
) -> None:
    """Neither its text nor its files come along into a draft of mine."""
    theirs = inbox_message(
        other_user, letter("Secret plan", files=[("plan.txt", "text/plain", b"plan")])
    )
    browser = client_for(user)
    for kind in ("reply", "reply_all", "forward"):
        assert browser.get(reverse("compose"), {kind: theirs.pk}).status_code == 404
    form = {"sender": local_key(user), "kind": "forward", "original": theirs.pk, "keep": ["0", "1"]}
    answer = browser.post(reverse("draft-save", args=[uuid4()]), form)
    assert answer.status_code == 200
    assert "plan" not in answer.json()["files"]


@pytest.mark.parametrize("path", ["/static/js/shell.js", "/static/icons.svg"])
def test_static_files_are_what_they_are(path: str) -> None:
    answer = Client().get(path)
    if answer.status_code == 200:
        assert answer["X-Content-Type-Options"] == "nosniff"
