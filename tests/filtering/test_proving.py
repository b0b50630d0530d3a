"""Whether senders are proven by the server of the account, when mail comes in."""

from __future__ import annotations

import pytest

from accounts.models import User
from filtering.models import Decision, SenderRule
from filtering.screen import Screen
from filtering.services import proving
from mailstore import mime
from mailstore.models import Folder, Source
from tests.mail import letter, put

HOP = "Received: from a by b; Mon, 2 Feb 2026 10:00:00 +0100\n"


def results(text: str, server: str = "mx.google.com") -> str:
    return f"Authentication-Results: {server}; {text}\n{HOP}"


@pytest.fixture
def gmail(user: User) -> Source:
    return Source.objects.create(user=user, name="Gmail", address="mara@gmail.com")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (results("dmarc=pass header.from=example.test"), "passes"),
        (results("spf=pass smtp.mailfrom=a@mail.example.test"), "passes"),
        (results("dkim=pass header.d=example.test"), "passes"),
        (results("spf=pass smtp.mailfrom=a@elsewhere.test"), "unknown"),
        (results("dmarc=fail header.from=example.test"), "fails"),
        ("List-Id: <l.x.test>\n" + results("dmarc=fail header.from=example.test"), "unknown"),
        # Another server's word, and what the sender wrote below the hop.
        (results("dmarc=pass", "mx.elsewhere.test"), "unknown"),
        (HOP + HOP + "Authentication-Results: mx.google.com; dmarc=pass\n", "unknown"),
        (HOP, "unknown"),
    ],
)
def test_only_the_account_s_own_server_is_believed(
    user: User, gmail: Source, head: str, expected: str
) -> None:
    # What servers write stands above what the sender wrote.
    raw = head.replace("\n", "\r\n").encode() + letter()
    assert proving.proof(user, mime.summary(raw), lambda: raw, gmail) == expected
    assert proving.proof(user, mime.summary(raw), lambda: raw, None) == "unknown"


def test_an_allowed_sender_has_to_be_proven(user: User, inbox: Folder, gmail: Source) -> None:
    SenderRule.objects.create(user=user, sender="ada@example.test", is_allowed=True)
    spam = letter(extra="X-Spam-Flag: YES\nX-Spam-Status: Yes, score=99 required=5\n")
    proven, forged, unknown = (
        results(one).replace("\n", "\r\n").encode() + spam
        for one in ("dmarc=pass", "dmarc=fail", "spf=none")
    )
    rows = put(inbox, proven, forged, unknown, screen=Screen.ALL, source=gmail)
    assert [row.folder.role for row in rows] == ["inbox", "junk", "inbox"]
    told = Decision.objects.get(message=rows[2]).why
    assert {one["name"] for one in told["reasons"]} >= {"allowed", "x-spam-flag"}
    told = Decision.objects.get(message=rows[1]).why
    assert {one["name"] for one in told["reasons"]} >= {"forged"}
