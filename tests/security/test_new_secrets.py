"""What opens doors is shown once and written down nowhere: links, app passwords, second factors."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable
from io import StringIO

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Purpose, SystemMessage, User
from accounts.services import links
from tests.security.test_secrets import database, leaks

PAGES = (
    "security",
    "security-app",
    "settings-activity",
    "settings-account",
    "notifications",
    "mail",
)
NEW = "another quiet river in autumn"


def code_of(secret: str) -> str:
    """The code an app shows now (RFC 6238)."""
    made = hmac.digest(
        base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1
    )
    start = made[-1] & 15
    number = struct.unpack(">I", made[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def written() -> str:
    """The database as a dump shows it, and what the sessions in it hold in fact."""
    return "\n".join([database(), *(str(one.get_decoded()) for one in Session.objects.all())])


def test_what_opens_doors_is_written_down_nowhere(
    user: User,
    client_for: Callable[[User], Client],
    logged: StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    browser = client_for(user)
    browser.get(reverse("security-app"))
    seed = browser.session["new-app-secret"]
    shown = browser.post(reverse("security-app"), {"code": code_of(seed)})
    codes = re.findall(r"\b[0-9]{4} [0-9]{4} [0-9]{4}\b", shown.content.decode())
    assert len(codes) >= 8, "the recovery codes are shown once"
    made = browser.post(reverse("security-program-add"), {"name": "Telephone"})
    program = re.search(r"(?:[a-z2-9]{5}-){5}[a-z2-9]", made.content.decode())
    assert program, "the app password is shown once"
    # While they are in force; what comes next ends them.
    kept = [seed, program[0], program[0].replace("-", ""), *codes]
    assert not leaks(written(), *kept)
    token = links.make(user, Purpose.PASSWORD, "mara@elsewhere.test", timezone.now())
    stranger = Client()
    pages = [stranger.get(reverse("recovery-link", args=[token]), follow=True)]
    form = {"password": NEW, "again": NEW}
    pages.append(stranger.post(reverse("recovery-choose"), form, follow=True))
    user.refresh_from_db()
    assert user.check_password(NEW)
    pages += [client_for(user).get(reverse(name)) for name in PAGES]

    secrets = [*kept, token, NEW, *(one.replace(" ", "") for one in codes)]
    for page in pages:
        where = page.request["PATH_INFO"]
        assert not leaks(page.content.decode(), *secrets), where
        assert not leaks(str(page.headers), *secrets), where
    SystemMessage.objects.all().delete()  # what is on its way to its reader holds the link
    assert not leaks(written(), *secrets)
    assert not leaks(logged.getvalue(), *secrets)
    assert not leaks("".join(capsys.readouterr()), *secrets)


def test_keys_of_sessions_are_shown_to_nobody(
    user: User, client_for: Callable[[User], Client], logged: StringIO
) -> None:
    browser, other = client_for(user), client_for(user)
    keys = [one.cookies[configured.SESSION_COOKIE_NAME].value for one in (browser, other)]
    for name in PAGES:
        assert not leaks(browser.get(reverse(name)).content.decode(), *keys), name
    other.post(reverse("sign-out"))
    told = [str(one) for one in AuditEntry.objects.values()]
    assert not leaks("\n".join(told), *keys)
    assert not leaks(logged.getvalue(), *keys)


def test_nothing_typed_begins_a_line_of_the_log(logged: StringIO) -> None:
    forged = "x\r\n2026-11-22 00:00:00 INFO accounts somebody is an administrator now"
    stranger = Client(raise_request_exception=False)
    stranger.post(reverse("sign-in"), {"username": forged, "password": "y"})
    stranger.get(f"/{forged.replace(chr(13), '%0d').replace(chr(10), '%0a')}/")
    stranger.get("/sign-in/", headers={"User-Agent": forged, "X-Forwarded-For": forged})
    assert not [line for line in logged.getvalue().splitlines() if line.startswith("2026-11-22 00")]
