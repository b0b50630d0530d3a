"""SMTP against a real server, and against scripted ones where a real one would behave."""

import threading
from collections.abc import Callable

import pytest

from protocols.address import AddressPolicy
from protocols.errors import (
    AnswerLost,
    Dropped,
    EncryptionFailed,
    LoginMethod,
    LoginRefused,
    MailServerError,
    ProtocolBroken,
    Refused,
    WrongProtocol,
)
from protocols.smtp import SendReport, send
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.dovecot import Dovecot
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step
from standin.smtp import SmtpServer

LOGIN = Login("mara@provider.test", "korrekt-pferd")
MESSAGE = b"From: a@b.test\r\nSubject: hi\r\n\r\n.\r\n..two\r\nend"
Deliver = Callable[..., SendReport]


@pytest.fixture
def deliver(loopback: AddressPolicy, trust: Trust) -> Deliver:
    def delivered(
        port: int,
        security: Security = Security.NONE,
        *,
        login: Login | None = LOGIN,
        recipients: tuple[str, ...] = ("to@there.test",),
        sender: str = "mara@provider.test",
        message: bytes = MESSAGE,
        before_dot: Callable[[], None] | None = None,
        deadline: float = 20,
    ) -> SendReport:
        return send(
            Endpoint("localhost", port, security),
            login,
            policy=loopback,
            trust=trust,
            sender=sender,
            recipients=recipients,
            message=message,
            before_dot=before_dot,
            deadline=deadline,
        )

    return delivered


@pytest.mark.parametrize("security", list(Security))
def test_sends_by_every_encryption(
    smtp_server: SmtpServer, deliver: Deliver, security: Security
) -> None:
    port = {
        Security.NONE: smtp_server.port,
        Security.STARTTLS: smtp_server.starttls_port,
        Security.TLS: smtp_server.tls_port,
    }[security]
    report = deliver(port, security)
    assert report.final is not None
    assert (report.recipients["to@there.test"].code, report.final.code) == (250, 250)
    [taken] = smtp_server.accepted
    assert taken.raw == MESSAGE + b"\r\n"
    assert taken.encrypted == (security is not Security.NONE)
    assert (taken.sender, taken.user) == ("mara@provider.test", "mara@provider.test")


def test_line_endings_are_made_whole(smtp_server: SmtpServer, deliver: Deliver) -> None:
    """A lone CR or LF could end the message early at the next server."""
    deliver(smtp_server.port, message=b"Subject: x\n\na\n.\nMAIL FROM:<evil@x.test>\r.\rb")
    [taken] = smtp_server.accepted
    assert taken.raw == b"Subject: x\r\n\r\na\r\n.\r\nMAIL FROM:<evil@x.test>\r\n.\r\nb\r\n"


def test_the_mark_is_made_in_the_callers_thread_before_the_message(
    smtp_server: SmtpServer, deliver: Deliver
) -> None:
    seen: list[tuple[int, int]] = []

    def mark() -> None:
        seen.append((threading.get_ident(), len(smtp_server.accepted)))

    deliver(smtp_server.port, before_dot=mark)
    assert seen == [(threading.get_ident(), 0)]


def test_a_mark_that_fails_stops_the_message(smtp_server: SmtpServer, deliver: Deliver) -> None:
    def mark() -> None:
        raise ValueError("lease lost")

    with pytest.raises(ValueError, match="lease lost"):
        deliver(smtp_server.port, before_dot=mark)
    assert smtp_server.accepted == []


def test_a_refused_recipient_is_reported_and_the_others_served(
    smtp_server: SmtpServer, deliver: Deliver
) -> None:
    smtp_server.refuse = {
        "gone@there.test": "550 5.1.1 no such user",
        "full@there.test": "452 full",
    }
    report = deliver(
        smtp_server.port, recipients=("gone@there.test", "to@there.test", "full@there.test")
    )
    assert [reply.code for reply in report.recipients.values()] == [550, 250, 452]
    assert report.recipients["gone@there.test"].text == "5.1.1 no such user"
    assert [taken.recipients for taken in smtp_server.accepted] == [("to@there.test",)]


def test_without_any_recipient_no_mark_is_made(smtp_server: SmtpServer, deliver: Deliver) -> None:
    smtp_server.refuse = {"gone@there.test": "550 no"}
    marks: list[int] = []
    report = deliver(
        smtp_server.port, recipients=("gone@there.test",), before_dot=lambda: marks.append(1)
    )
    assert (report.final, marks) == (None, [])


@pytest.mark.parametrize(("reply", "code"), [("554 5.6.0 spam", 554), ("451 later", 451)])
def test_a_refused_message_is_an_answer(
    smtp_server: SmtpServer, deliver: Deliver, reply: str, code: int
) -> None:
    smtp_server.final = reply
    final = deliver(smtp_server.port).final
    assert final is not None
    assert final.code == code
    assert not final.accepted


def test_a_refused_sender_raises(smtp_server: SmtpServer, deliver: Deliver) -> None:
    smtp_server.refuse = {"mara@provider.test": "553 5.7.1 not yours"}
    with pytest.raises(Refused) as caught:
        deliver(smtp_server.port)
    assert (caught.value.temporary, caught.value.params["code"]) == (False, 553)


@pytest.mark.parametrize("security", [Security.TLS, Security.NONE])
def test_another_kind_of_server_is_quoted_word_for_word(
    dovecot: Dovecot, deliver: Deliver, security: Security
) -> None:
    port = dovecot.imaps_port if security is Security.TLS else dovecot.imap_port
    with pytest.raises(WrongProtocol) as caught:
        deliver(port, security)
    assert caught.value.server_line.startswith("* OK [")


def test_a_wrong_password_is_tried_once(smtp_server: SmtpServer, deliver: Deliver) -> None:
    with pytest.raises(LoginRefused) as caught:
        deliver(smtp_server.tls_port, Security.TLS, login=Login("mara", "not-the-password"))
    assert smtp_server.logins == ["mara"]
    assert "not-the-password" not in str(caught.value)


@pytest.mark.accept("A39")
def test_sends_without_signing_in(smtp_server: SmtpServer, deliver: Deliver) -> None:
    smtp_server.auth_required = False
    try:
        report = deliver(smtp_server.port, login=None)
    finally:
        smtp_server.auth_required = True
    assert report.final is not None
    assert report.final.accepted
    assert smtp_server.logins == []


@pytest.mark.parametrize(
    "address",
    [
        "a@b.test\r\nRCPT TO:<x@y.test>",
        "a@b.test>\x00",
        "a@b.test> SIZE=1",
        "<a@b.test>",
        "a b@c.test",
        "no-at-sign",
        "a@",
        "",
    ],
)
def test_addresses_that_could_be_commands_are_refused(
    smtp_server: SmtpServer, deliver: Deliver, address: str
) -> None:
    with pytest.raises(ProtocolBroken):
        deliver(smtp_server.port, recipients=(address,))
    assert smtp_server.accepted == []


def test_addresses_in_any_script_travel(smtp_server: SmtpServer, deliver: Deliver) -> None:
    report = deliver(smtp_server.port, recipients=("jürgen@exämple.test", "用户@例え.test"))
    assert all(reply.accepted for reply in report.recipients.values())
    assert smtp_server.accepted[0].recipients == ("jürgen@exämple.test", "用户@例え.test")


EHLO: list[Step] = [Send(b"220 ready\r\n"), Expect(b"EHLO"), Send(b"250-x\r\n250 AUTH PLAIN\r\n")]
SIGNED_IN: list[Step] = [
    *EHLO,
    Expect(b"AUTH"),
    Send(b"235 fine\r\n"),
    Expect(b"MAIL"),
    Send(b"250 ok\r\n"),
]
DATA: list[Step] = [
    *SIGNED_IN,
    Expect(b"RCPT"),
    Send(b"250 ok\r\n"),
    Expect(b"DATA"),
    Send(b"354 go\r\n"),
]


@pytest.mark.parametrize("end", [Drop(), Drop(hard=True), Hang(), Send(b"nonsense\r\n")])
def test_an_answer_lost_after_the_dot_is_unknown(deliver: Deliver, end: Drop | Hang | Send) -> None:
    marks: list[int] = []
    with Hostile([*DATA, Expect(rb"^\.\r$"), end]) as server, pytest.raises(AnswerLost) as caught:
        deliver(server.port, before_dot=lambda: marks.append(1), deadline=3)
    assert caught.value.cause == "answer-lost"
    assert marks == [1]


@pytest.mark.parametrize("script", [SIGNED_IN, DATA[:-2]], ids=["before RCPT", "before DATA"])
@pytest.mark.parametrize("end", [Drop(), Hang()])
def test_a_failure_before_the_dot_is_an_ordinary_one(
    deliver: Deliver, script: list[Step], end: Drop | Hang
) -> None:
    marks: list[int] = []
    with Hostile([*script, Expect(), end]) as server, pytest.raises(MailServerError) as caught:
        deliver(server.port, before_dot=lambda: marks.append(1), deadline=2)
    assert caught.value.cause in ("dropped", "hung")
    assert marks == []


@pytest.mark.accept("A196")
@pytest.mark.parametrize(
    "script",
    [
        [Send(b"220 ready\r\n"), Expect(b"EHLO"), Send(b"250-x\r\n250 AUTH PLAIN\r\n"), Hang()],
        [
            Send(b"220 ready\r\n"),
            Expect(b"EHLO"),
            Send(b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"),
            Expect(b"STARTTLS"),
            Send(b"454 not now\r\n"),
            Hang(),
        ],
    ],
    ids=["stripped", "refused"],
)
def test_no_password_travels_when_starttls_is_missing(deliver: Deliver, script: list[Step]) -> None:
    with Hostile(script) as server, pytest.raises(EncryptionFailed) as caught:
        deliver(server.port, Security.STARTTLS, deadline=5)
    assert caught.value.cause == "tls-not-offered"
    assert b"AUTH" not in server.clear_text


def test_a_server_without_sign_in_is_told_apart(deliver: Deliver) -> None:
    script: list[Step] = [Send(b"220 ready\r\n"), Expect(b"EHLO"), Send(b"250 x\r\n"), Hang()]
    with Hostile(script) as server, pytest.raises(LoginMethod):
        deliver(server.port, deadline=5)


def test_a_server_that_closes_at_once_is_dropped(deliver: Deliver) -> None:
    with Hostile([Drop()]) as server, pytest.raises(Dropped):
        deliver(server.port, deadline=5)
