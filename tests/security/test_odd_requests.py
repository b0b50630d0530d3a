"""Requests no browser makes: values nobody types, redirects to elsewhere, bodies without end.

The server says no in its own words; it never breaks, and never sends anybody to another site.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.reauthentication import PROVED
from connectivity.models import AccountDraft
from mailstore.models import Folder
from smtp_accounts.models import Draft, DraftAttachment
from tests.conftest import PASSWORD
from tests.security.test_routes import Arguments, belongings, routes
from tests.senders import identity_of, local_key
from tests.webmail.samples import letter, put

__all__ = ["belongings"]

ODD = [
    "\x00",
    "9" * 5000,
    "99999999999999999999",
    "-1",
    "²٣",
    "no-such-name",
    "\r\nSet-Cookie: a=b",
    "%00%ed%a0%80\ufffe",
    '" OR 1=1 -- *(((',
    "x" * 100_000,
]
# Every name a view looks for, in an address or a form.
NAMES = """
    id do next token folder parent name q in unread starred attachments source before
    version images print was from reply reply_all forward to cc bcc subject body address
    provider type action sender kind original keep sure theme username password host port
    email encryption destination new_folder color default_from display_name language time_zone
    density replacement anyway old_password new_password1 new_password2 files
    forget text html mode identity signature original send_at send_at_own later at key
""".split()  # noqa: SIM905 # a list of words is read like this
# What is read first on these pages, so that it would hide what comes after it.
ALONE = [
    ("mail", "in"),
    ("mail-search", "q"),
    ("search-new", "q"),
    ("search-suggest", "word"),
    ("search-around", "id"),
    ("mail", "before"),
    ("mail", "source"),
    ("mail-news", "version"),
    ("mail-action", "next"),
    ("mail-action", "id"),
    ("mail-action", "id"),
    ("mail-undo", "token"),
    ("mail-move", "next"),
    ("mail-frame", "images"),
    ("folder-new", "parent"),
    ("set-theme", "next"),
    ("compose", "reply"),
    ("compose", "to"),
]
ELSEWHERE = [
    "https://evil.test/",
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "https:evil.test",
    "http:///evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.test",
    "\t//evil.test",
    "https://testserver@evil.test/",
    "https://testserver.evil.test/",
    "/\r\nLocation: https://evil.test/",
    "//testserver:80@evil.test",
]


def calm(user: User) -> Client:
    """A browser that gets the error page, as in life, instead of the exception."""
    browser = Client(raise_request_exception=False)
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = browser.session
    session[PROVED] = int(time.time())
    session.save()
    return browser


@pytest.mark.long
@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value[:12]))
def test_no_value_breaks_a_page(
    user: User,
    belongings: Callable[[str], Arguments],
    caplog: pytest.LogCaptureFixture,
    value: str,
) -> None:
    # What is logged is kept with its request: three gigabytes of them.
    caplog.set_level(logging.CRITICAL, "django")
    browser = calm(user)
    broken = []
    for name, taken in routes():
        if name in {"readyz", "sign-out", "mail-piece", "mail-image"} or name.endswith("-test"):
            continue
        address = reverse(name, kwargs=belongings(name) if taken else {})
        # One name at a time would let the first odd value hide the next.
        alone = [{one: value} for page, one in ALONE if page == name]
        for given in (dict.fromkeys(NAMES, value), *alone):
            broken += [
                f"{method} {name} {list(given)[:2]}"
                for method in ("get", "post")
                if getattr(browser, method)(address, given).status_code >= 500
            ]
    assert not broken


@pytest.mark.parametrize("page", ["retrieval-new", "smtp-account-new"])
@pytest.mark.parametrize("extra", [{"a_token": "x"}, {"draft": "9" * 5000}, {"tile": "x\x00y"}])
def test_what_comes_beside_the_fields_of_an_account_is_not_kept(
    user: User, page: str, extra: dict[str, str]
) -> None:
    given = {"host": "outlook.office365.com", "username": "a@outlook.com", "email": "a@outlook.com"}
    sent = {
        **given,
        "provider": "outlook",
        "action": "sign-in",
        "name": "x\x00" * 9000,
        "more": "y",
    }
    answer = calm(user).post(reverse(page), {**sent, **extra})
    assert answer.status_code == 307
    kept = AccountDraft.objects.get().values
    assert kept["host"] == given["host"]
    assert not {"a_token", "draft", "more"} & kept.keys()
    assert "\x00" not in str(kept)
    assert len(str(kept)) < 3000


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_sent_to_another_site(user: User, target: str) -> None:
    browser = calm(user)
    form = {"username": user.email, "password": PASSWORD, "next": target}
    answers = [
        Client().post(reverse("sign-in"), form),
        Client().post(f"{reverse('sign-in')}?next={target!r}", {**form}),
        browser.post(reverse("set-theme"), {"next": target}),
        browser.post(reverse("mail-action"), {"next": target, "do": "read"}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/"), answer["Location"]
        assert not answer["Location"].startswith(("//", "/\\")), answer["Location"]
    shown = browser.get(reverse("mail-move"), {"next": target, "id": "1"}).content.decode()
    assert 'href="javascript' not in shown
    assert 'href="/"' in shown


def test_a_word_is_no_address(user: User) -> None:
    """Only a path is gone to; the name of a page or of code is none."""
    for word in ("settings-appearance", "sign-out", "webmail.views.mail.mail", "nowhere"):
        answer = calm(user).post(reverse("mail-action"), {"next": word, "do": "read"})
        assert (answer.status_code, answer["Location"]) == (302, "/")


def upload(browser: Client, draft: Draft, *files: SimpleUploadedFile) -> Any:
    draft.refresh_from_db()
    form = {"sender": str(draft.identity_id), "version": draft.version, "action": "attach"}
    return browser.post(reverse("compose-send", args=[draft.key]), {**form, "files": list(files)})


@pytest.fixture
def draft(user: User) -> Draft:
    return Draft.objects.create(
        user=user, key=uuid4(), subject="With files", identity=identity_of(user, None)
    )


def test_uploads_have_harmless_names(user: User, draft: Draft) -> None:
    names = [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/abs/olute",
        "a\r\nX-Evil: 1.txt",
        "gnp.\u202eexe.txt",
        "x" * 4000 + ".pdf",
        "\u2028.html",
        '";filename="evil.exe',
    ]
    browser = calm(user)
    for name in names:
        file = SimpleUploadedFile(name, b"x", "text/html")
        assert upload(browser, draft, file).status_code == 302
    stored = list(DraftAttachment.objects.values_list("filename", flat=True))
    assert len(stored) == len(names)
    for name in stored:
        assert not set(name) & set("/\\\r\n\u202e\u2028\x00"), name
        assert 0 < len(name) <= 255
    for stored_file in DraftAttachment.objects.all():
        answer = browser.get(reverse("draft-file", args=[draft.key, stored_file.pk]))
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")


def test_a_draft_takes_no_endless_number_of_files(user: User, draft: Draft) -> None:
    browser = calm(user)
    files = [SimpleUploadedFile(f"{n}.txt", b"") for n in range(100)]
    for _ in range(3):
        upload(browser, draft, *files)
        for file in files:
            file.seek(0)
    assert draft.attachments.count() <= 100


def test_a_body_without_end_is_refused_before_it_is_read(settings: Settings) -> None:
    """Also of people who have not signed in, whose forms are read to look for their token."""
    settings.MAX_SEND_SIZE = 65_536
    head = {
        "CONTENT_LENGTH": str(40 * 1024 * 1024),
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
    }

    class Endless:
        taken = 0

        def read(self, size: int = -1) -> bytes:
            self.taken += size
            return b"x" * max(size, 0)

        readline = read

    body = Endless()
    answer = Client(raise_request_exception=False).request(
        **{
            **head,
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/sign-in/",
            "wsgi.input": body,
        }
    )
    assert answer.status_code == 413
    assert body.taken == 0


def test_files_of_a_forwarded_message_may_be_too_large(
    user: User, client_for: Callable[[User], Client], settings: Settings
) -> None:
    """A window that saves itself is told so; the message is not lost."""
    raw = letter("Plans", files=[("plans.pdf", "application/pdf", b"x" * 200_000)])
    inbox = Folder.objects.get(user=user, role="inbox")
    message = put(inbox, raw, at=timezone.now())
    settings.MAX_SEND_SIZE = 100_000
    form = {"sender": local_key(user), "kind": "forward", "original": message.pk, "keep": "1"}
    key = uuid4()
    for name in ("draft-save", "compose-send"):
        answer = client_for(user).post(reverse(name, args=[key]), {**form, "subject": "See"})
        assert answer.status_code == 422
        assert b"may have at most" in answer.content
        assert Draft.objects.get(key=key).subject == "See"


def test_another_users_folder_is_no_target(
    user: User, other_user: User, client_for: Callable[[User], Client]
) -> None:
    theirs = Folder.objects.filter(user=other_user).latest("pk")
    answer = client_for(user).post(reverse("folder-new"), {"parent": theirs.pk, "name": "Mine"})
    assert answer.status_code == 404
