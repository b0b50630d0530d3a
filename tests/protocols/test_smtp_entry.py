"""The way into an SMTP server: nothing secret in clear, one attempt to sign in."""

import base64
import hashlib
import hmac
import re

import pytest

from protocols.errors import (
    EncryptionFailed,
    LoginMethod,
    LoginRefused,
    MailServerError,
    ProtocolBroken,
)
from protocols.smtp import Envelope
from protocols.types import Login, Security
from standin.hostile import Expect, Hang, Hostile, Send, Step
from tests.protocols.smtp_talk import Open, bye, hello


@pytest.mark.accept("A196")
def test_what_comes_before_the_encryption_is_an_attack(open_smtp: Open) -> None:
    script = [
        *hello("STARTTLS"),
        Expect(b"^STARTTLS"),
        Send(b"220 go\r\n250-AUTH PLAIN\r\n250 injected\r\n"),
        Hang(),
    ]
    login = Login("mara", "cl3ar-text-canary")
    with Hostile(script) as server, pytest.raises(EncryptionFailed) as caught:
        open_smtp(server.port, Security.STARTTLS, login=login, deadline=3)
    assert caught.value.cause == "tls-tampered"
    assert b"AUTH" not in server.clear_text


def test_signing_in_word_by_word(open_smtp: Open) -> None:
    script = [
        *hello("AUTH LOGIN"),
        Expect(b"^AUTH LOGIN"),
        Send(b"334 VXNlcm5hbWU6\r\n"),
        Expect(b"^bWFyYQ=="),
        Send(b"334 UGFzc3dvcmQ6\r\n"),
        Expect(b"^c2VjcmV0"),
        Send(b"235 in\r\n"),
        *bye(),
    ]
    with Hostile(script) as server, open_smtp(server.port, login=Login("mara", "secret")):
        assert b"secret" not in server.clear_text


def test_signing_in_by_a_challenge(open_smtp: Open) -> None:
    digest = hmac.new(b"secret", b"<1@here>", hashlib.md5).hexdigest().encode()
    answer = base64.b64encode(b"mara " + digest)
    script = [
        *hello("AUTH CRAM-MD5"),
        Expect(b"^AUTH CRAM-MD5"),
        Send(b"334 %s\r\n" % base64.b64encode(b"<1@here>")),
        Expect(b"^" + re.escape(answer)),
        Send(b"235 in\r\n"),
        *bye(),
    ]
    with Hostile(script) as server, open_smtp(server.port, login=Login("mara", "secret")):
        assert server.heard


@pytest.mark.parametrize(
    ("answer", "error"),
    [(b"535 5.7.8 no", LoginRefused), (b"534 5.7.9 not so", LoginMethod)],
)
def test_a_refused_sign_in_is_not_tried_another_way(
    open_smtp: Open, answer: bytes, error: type[MailServerError]
) -> None:
    script = [*hello("AUTH PLAIN LOGIN"), Expect(b"^AUTH"), Send(answer + b"\r\n"), Hang()]
    with Hostile(script) as server, pytest.raises(error):
        open_smtp(server.port, login=Login("mara", "secret"))
    assert server.clear_text.count(b"AUTH") == 1


@pytest.mark.parametrize("sign", ["\0", "\r", "\n", "\1"])
def test_a_login_that_would_say_something_else_is_not_sent(open_smtp: Open, sign: str) -> None:
    with Hostile([*hello("AUTH PLAIN"), Hang()]) as server:
        with pytest.raises(ProtocolBroken):
            open_smtp(server.port, login=Login("mara", f"sec{sign}ret"))
        assert server.heard == []


def test_servers_from_before_ehlo_are_spoken_to(open_smtp: Open) -> None:
    script = [
        Send(b"220-ready\r\n220 for you\r\n"),
        Expect(b"^EHLO"),
        Send(b"502 never heard of it\r\n"),
        Expect(b"^HELO"),
        Send(b"250 good day\r\n"),
        Expect(b"^MAIL FROM:<me@here.test>\r$"),
        Send(b"250 ok\r\n"),
        Expect(b"^RCPT"),
        Send(b"550 nobody\r\n"),
        *bye(),
    ]
    with Hostile(script) as server, open_smtp(server.port) as session:
        report = session.send(Envelope("me@here.test", ["a@there.test"]), b"x")
    assert report.recipients["a@there.test"].code == 550


def test_a_reply_without_an_end_is_cut_off(open_smtp: Open) -> None:
    script: list[Step] = [
        Send(b"220 ready\r\n"),
        Expect(b"^EHLO"),
        Send(b"250-on and on\r\n" * 300),
        Hang(),
    ]
    with Hostile(script) as server, pytest.raises(ProtocolBroken):
        open_smtp(server.port)
