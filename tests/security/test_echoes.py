"""Servers that repeat a password, and objects that hold one: neither gives it away."""

from __future__ import annotations

import base64
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as configured

from accounts.models import User
from connectivity.services import credentials
from protocols.address import AddressPolicy
from protocols.check import Kind, check
from protocols.errors import redact
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from retrieval.services.accounts import TaskValues
from smtp_accounts.services.accounts import AccountValues
from standin.hostile import Expect, Hang, Hostile, Send, Step

# With letters that every notation writes in its own way.
from tests.security.test_secrets import CANARY, leaks

PLAIN = base64.b64encode(f"\0mara\0{CANARY}".encode())
ECHOES = [
    CANARY.encode(),
    PLAIN,
    base64.b64encode(CANARY.encode()),
    CANARY.replace("\\", "\\\\").replace('"', '\\"').encode(),
    CANARY.encode().hex().encode(),
    quote(CANARY, safe="").encode(),
    b"AUTHENTICATE PLAIN " + PLAIN,
]


@pytest.mark.parametrize("echo", ECHOES, ids=range(len(ECHOES)))
def test_what_a_server_repeats_is_blotted_out(echo: bytes) -> None:
    assert not leaks(redact(b"I do not know " + echo + b" here", CANARY))
    assert "know" in redact(b"I do not know " + echo, CANARY)


@pytest.mark.parametrize("echo", ECHOES[:4], ids=range(4))
@pytest.mark.parametrize("kind", ["imap", "pop", "smtp"])
def test_a_server_that_repeats_the_password_gives_nothing_away(
    loopback: AddressPolicy, logged: StringIO, kind: Kind, echo: bytes
) -> None:
    scripts: dict[Kind, list[Step]] = {
        "imap": [
            Send(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n"),
            Expect(b"AUTHENTICATE"),
            Send(b"%TAG% NO " + echo + b"\r\n"),
            Hang(),
        ],
        "pop": [
            Send(b"+OK ready\r\n"),
            Expect(b"USER"),
            Send(b"+OK go on\r\n"),
            Expect(b"PASS"),
            Send(b"-ERR " + echo + b"\r\n"),
            Hang(),
        ],
        "smtp": [
            Send(b"220 ready\r\n"),
            Expect(b"EHLO"),
            Send(b"250-here\r\n250 AUTH PLAIN\r\n"),
            Expect(b"AUTH"),
            Send(b"535 " + echo + b"\r\n"),
            Hang(),
        ],
    }
    with Hostile(scripts[kind]) as server:
        report = check(
            kind,
            Endpoint("127.0.0.1", server.port, Security.NONE),
            Login("mara", CANARY),
            policy=loopback,
            trust=Trust(),
            security=Security.NONE,
            require_ssl=False,
            sender="mara@provider.test",
            deadline=5,
        )
    assert report.error is not None
    assert report.error.cause == "login-refused", report.error
    assert report.error.server_line
    for told in (report.error.server_line, str(report.error), repr(report), logged.getvalue()):
        assert not leaks(told), told


def test_objects_that_hold_a_password_do_not_show_it(user: User) -> None:
    holders: list[Any] = [
        Login("mara", CANARY),
        TaskValues(type="imap", host="h", port=1, username="u", password=CANARY),
        AccountValues("n", "h", 1, "ssl", "e@e.test", True, "u", CANARY),
        credentials.store(user=user, secret=CANARY),
        credentials.keyring(),
    ]
    for holder in holders:
        assert not leaks(repr(holder) + str(holder)), type(holder)
    # The form keeps what was typed, but shows it nowhere.
    keys = [entry.partition(":")[2] for entry in configured.CREDENTIAL_KEYS]
    assert not any(key in repr(credentials.keyring()) for key in keys)
