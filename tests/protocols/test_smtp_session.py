"""One SMTP session for many messages: in few round trips, and with every extension honoured."""

import re
from collections.abc import Sequence

import pytest

from protocols.errors import (
    AnswerLost,
    ProtocolBroken,
    Refused,
)
from protocols.smtp import Envelope, SendReport, Session
from protocols.types import Login, Security
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step
from standin.smtp import SmtpServer
from tests.protocols.smtp_talk import Open, bye, hello

TO = ("a@there.test", "b@there.test", "c@there.test")
MESSAGE = b"Subject: hi\r\n\r\nwords\r\n"
WIDE = "Subject: Grüße\r\n\r\nwords\r\n".encode()


def send(session: Session, to: Sequence[str] = TO, raw: bytes = MESSAGE) -> SendReport:
    return session.send(Envelope("me@here.test", to), raw, deadline=5)


def test_what_may_be_sent_at_once_waits_for_no_answer(open_smtp: Open) -> None:
    script = [
        *hello("PIPELINING"),
        Expect(b"^DATA"),
        Send(b"250 sender\r\n250 a\r\n550 5.1.1 no b\r\n250 c\r\n354 go\r\n"),
        Expect(rb"^\.\r$"),
        Send(b"250 taken\r\n"),
        *bye(),
    ]
    with Hostile(script) as server, open_smtp(server.port) as session:
        report = send(session)
    assert [one.code for one in report.recipients.values()] == [250, 550, 250]
    assert list(report.recipients) == list(TO)
    assert report.final is not None
    assert report.final.code == 250
    said = server.clear_text.replace(b"EHLO [127.0.0.1]\r\n", b"")
    assert said.startswith(
        b"MAIL FROM:<me@here.test>\r\nRCPT TO:<a@there.test>\r\nRCPT TO:<b@there.test>\r\n"
        b"RCPT TO:<c@there.test>\r\nDATA\r\nSubject: hi\r\n"
    )


def test_500_recipients_take_five_round_trips(open_smtp: Open) -> None:
    to = [f"p{number}@there.test" for number in range(500)]
    groups: list[Step] = []
    for last in (99, 199, 299, 399):
        sender = b"250 sender\r\n" if last == 99 else b""
        groups += [Expect(b"<p%d@" % last), Send(sender + b"250 ok\r\n" * 100)]
    script = [
        *hello("PIPELINING"),
        *groups,
        Expect(b"^DATA"),
        Send(b"250 ok\r\n" * 100 + b"354 go\r\n"),
        Expect(rb"^\.\r$"),
        Send(b"250 taken\r\n"),
        *bye(),
    ]
    with Hostile(script) as server, open_smtp(server.port) as session:
        report = send(session, to)
    assert len(report.recipients) == 500
    assert all(one.accepted for one in report.recipients.values())


def test_a_server_that_took_nobody_gets_no_message(open_smtp: Open) -> None:
    """It said 354 all the same, as RFC 2920 section 3.1 foresees."""
    script = [
        *hello("PIPELINING"),
        Expect(b"^DATA"),
        Send(b"250 sender\r\n" + b"550 no\r\n" * 3 + b"354 go\r\n"),
        Expect(rb"^\.\r$"),
        Send(b"554 no valid recipients\r\n"),
        *bye(),
    ]
    marks: list[int] = []
    with Hostile(script) as server, open_smtp(server.port) as session:
        envelope = Envelope("me@here.test", TO)
        report = session.send(envelope, MESSAGE, before_dot=lambda: marks.append(1))
    assert report.final is None
    assert marks == []
    assert b"Subject" not in server.clear_text


def test_many_messages_share_a_session(open_smtp: Open, smtp_server: SmtpServer) -> None:
    smtp_server.refuse["gone@there.test"] = "550 5.1.1 gone"
    login = Login("mara@provider.test", "korrekt-pferd")
    sender = "mara@provider.test"
    with open_smtp(smtp_server.tls_port, Security.TLS, login=login) as session:
        for to in (["a@there.test"], ["gone@there.test"], ["b@there.test"]):
            session.send(Envelope(sender, to), MESSAGE)
        smtp_server.final = "451 later"
        session.send(Envelope(sender, ["c@there.test"]), MESSAGE)
        smtp_server.final = None
        session.send(Envelope(sender, ["d@there.test"]), MESSAGE)
        assert session.sent == 3
    assert smtp_server.logins == ["mara@provider.test"]
    # Nothing of a message that was refused is left for the next one.
    assert [one.recipients for one in smtp_server.accepted] == [
        ("a@there.test",),
        ("b@there.test",),
        ("d@there.test",),
    ]


def test_a_message_too_large_is_refused_before_it_is_sent(open_smtp: Open) -> None:
    with Hostile([*hello("SIZE 1000"), *bye()]) as server, open_smtp(server.port) as session:
        with pytest.raises(Refused) as caught:
            send(session, raw=b"x" * 1001)
        assert session.is_open
    assert (caught.value.temporary, caught.value.params["limit"]) == (False, 1000)
    assert caught.value.server_line == "SIZE 1000"
    assert b"MAIL" not in server.clear_text


@pytest.mark.parametrize("offers", [("SIZE",), ("SIZE 0",), ("SIZE nonsense",)])
def test_a_size_without_a_number_is_no_limit(open_smtp: Open, offers: tuple[str, ...]) -> None:
    with Hostile([*hello(*offers), *bye()]) as server, open_smtp(server.port) as session:
        assert session.offer.size == 0


ONE_BY_ONE: list[Step] = [
    Expect(b"^MAIL"),
    Send(b"250 ok\r\n"),
    Expect(b"^RCPT"),
    Send(b"250 ok\r\n"),
    Expect(b"^DATA"),
    Send(b"354 go\r\n"),
    Expect(rb"^\.\r$"),
    Send(b"250 ok\r\n"),
    *bye(),
]


def test_without_smtputf8_only_those_it_cannot_write_to_are_left_out(open_smtp: Open) -> None:
    to = ("jürgen@there.test", "bob@exämple.test")
    with Hostile([*hello(), *ONE_BY_ONE]) as server, open_smtp(server.port) as session:
        report = send(session, to)
    assert [one.code for one in report.recipients.values()] == [553, 250]
    # A domain has a form in ASCII (RFC 5891); what stands before the @ has none.
    assert b"RCPT TO:<bob@xn--exmple-cua.test>" in server.clear_text
    assert server.clear_text.isascii()


@pytest.mark.parametrize(("sender", "raw"), [("mära@here.test", MESSAGE), ("me@here.test", WIDE)])
def test_without_smtputf8_a_message_that_needs_it_is_refused(
    open_smtp: Open, sender: str, raw: bytes
) -> None:
    with Hostile([*hello(), *bye()]) as server, open_smtp(server.port) as session:
        with pytest.raises(Refused) as caught:
            session.send(Envelope(sender, ["a@there.test"]), raw)
        assert session.is_open
    assert "5.6.7" in caught.value.server_line
    assert not caught.value.temporary
    assert b"MAIL" not in server.clear_text


@pytest.mark.parametrize(
    ("raw", "to", "expected"),
    [
        (MESSAGE, "a@there.test", b"MAIL FROM:<me@here.test> SIZE=%d"),
        (WIDE, "a@there.test", b"MAIL FROM:<me@here.test> SIZE=%d BODY=8BITMIME SMTPUTF8"),
        (MESSAGE, "jürgen@there.test", b"MAIL FROM:<me@here.test> SIZE=%d SMTPUTF8"),
        (
            b"Subject: hi\r\n\r\n\xc3\xa4\r\n",
            "a@there.test",
            b"MAIL FROM:<me@here.test> SIZE=%d BODY=8BITMIME",
        ),
    ],
)
def test_extensions_are_used_where_they_are_needed(
    open_smtp: Open, raw: bytes, to: str, expected: bytes
) -> None:
    offers = ("SIZE 50000", "8BITMIME", "SMTPUTF8")
    with Hostile([*hello(*offers), *ONE_BY_ONE]) as server, open_smtp(server.port) as session:
        send(session, [to], raw)
    assert expected % len(raw) + b"\r\n" in server.clear_text
    assert f"RCPT TO:<{to}>\r\n".encode() in server.clear_text


@pytest.mark.parametrize(
    ("reports", "rcpt"),
    [
        (False, "RCPT TO:<a+b@there.test>\r"),
        (
            True,
            "RCPT TO:<a+b@there.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb@",
        ),
    ],
)
def test_reports_are_asked_for(open_smtp: Open, reports: bool, rcpt: str) -> None:
    with Hostile([*hello("DSN"), *ONE_BY_ONE]) as server, open_smtp(server.port) as session:
        envelope = Envelope("me@here.test", ["a+b@there.test"], reports=reports, id="x=1@here.test")
        session.send(envelope, MESSAGE)
    assert b"MAIL FROM:<me@here.test> RET=HDRS ENVID=x+3D1@here.test\r\n" in server.clear_text
    assert rcpt.encode() in server.clear_text


def test_an_address_in_any_script_is_named_in_reports(open_smtp: Open) -> None:
    offers = ("DSN", "SMTPUTF8")
    with Hostile([*hello(*offers), *ONE_BY_ONE]) as server, open_smtp(server.port) as session:
        session.send(Envelope("me@here.test", ["jürgen@there.test"], reports=True), MESSAGE)
    assert rb"ORCPT=utf-8;j\x{FC}rgen@there.test" in server.clear_text


@pytest.mark.parametrize(
    "script",
    [
        [Expect(b"^MAIL"), Send(b"421 4.3.2 closing\r\n"), Drop()],
        [
            Expect(b"^MAIL"),
            Send(b"250 ok\r\n"),
            Expect(b"^RCPT"),
            Send(b"421 4.3.2 closing\r\n"),
            Drop(),
        ],
    ],
)
@pytest.mark.parametrize("offers", [(), ("PIPELINING",)])
def test_421_in_the_middle_ends_the_session_and_nothing_was_sent(
    open_smtp: Open, script: list[Step], offers: tuple[str, ...]
) -> None:
    with Hostile([*hello(*offers), *script]) as server:
        session = open_smtp(server.port)
        with pytest.raises(Refused) as caught:
            send(session)
        assert not session.is_open
    assert (caught.value.temporary, caught.value.params["code"]) == (True, 421)


def test_421_as_the_last_word_is_a_refusal_for_now(open_smtp: Open) -> None:
    script = [*hello(), *ONE_BY_ONE[:-4], Send(b"421 4.3.2 not now\r\n"), Drop()]
    with Hostile(script) as server:
        session = open_smtp(server.port)
        report = send(session, ["a@there.test"])
        assert not session.is_open
    assert report.final is not None
    assert report.final.code == 421


def test_a_lost_answer_still_tells_who_was_refused_before(open_smtp: Open) -> None:
    script = [
        *hello("PIPELINING"),
        Expect(b"^DATA"),
        Send(b"250 sender\r\n250 a\r\n550 5.1.1 no b\r\n250 c\r\n354 go\r\n"),
        Expect(rb"^\.\r$"),
        Drop(),
    ]
    with Hostile(script) as server, pytest.raises(AnswerLost) as caught:
        send(open_smtp(server.port))
    assert caught.value.refused == {"b@there.test": (550, "550 5.1.1 no b")}


@pytest.mark.parametrize("code", [b"354 go on", b"150 hm", b"999 what"])
def test_an_answer_that_is_neither_yes_nor_no_is_a_lost_one(open_smtp: Open, code: bytes) -> None:
    script = [*hello(), *ONE_BY_ONE[:-4], Send(code + b"\r\n"), Hang()]
    with Hostile(script) as server, pytest.raises(AnswerLost):
        send(open_smtp(server.port), ["a@there.test"])


IN_STEP = b"250 sender\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n"


@pytest.mark.parametrize(
    ("offers", "script"),
    [
        (("PIPELINING",), [Expect(b"^DATA"), Send(b"250 one more\r\n" + IN_STEP), Hang()]),
        (("PIPELINING",), [Expect(b"^DATA"), Send(IN_STEP + b"250 early\r\n"), Hang()]),
        (
            (),
            [Expect(b"^MAIL"), Send(b"250 sender\r\n250 one more\r\n"), *ONE_BY_ONE[2:-5], Hang()],
        ),
        ((), [*ONE_BY_ONE[:-7], Expect(b"^DATA"), Send(b"250 ok\r\n"), Hang()]),
    ],
    ids=["answers one too many", "before the dot", "one by one", "250 to DATA"],
)
def test_answers_out_of_step_never_count_as_sent(
    open_smtp: Open, script: list[Step], offers: tuple[str, ...]
) -> None:
    marks: list[int] = []
    with Hostile([*hello(*offers), *script]) as server:
        session = open_smtp(server.port)
        with pytest.raises(ProtocolBroken):
            session.send(
                Envelope("me@here.test", TO if offers else TO[:1]),
                MESSAGE,
                before_dot=lambda: marks.append(1),
                deadline=5,
            )
        assert not session.is_open
    assert marks == []


def test_an_answer_too_many_is_not_taken_for_that_to_the_next_message(open_smtp: Open) -> None:
    script = [
        *hello("PIPELINING"),
        Expect(b"^DATA"),
        Send(IN_STEP),
        Expect(rb"^\.\r$"),
        Send(b"250 taken\r\n250 and once more\r\n"),
        Hang(),
    ]
    with Hostile(script) as server:
        session = open_smtp(server.port)
        assert send(session).final is not None
        with pytest.raises(ProtocolBroken):
            send(session)
        assert not session.is_open
    assert server.clear_text.count(b"MAIL FROM") == 1


def test_a_refusal_before_the_dot_is_the_answer_and_nothing_was_handed_over(
    open_smtp: Open,
) -> None:
    marks: list[int] = []
    script = [*hello("PIPELINING"), Expect(b"^DATA"), Send(IN_STEP + b"552 too big\r\n"), Hang()]
    with Hostile(script) as server:
        session = open_smtp(server.port)
        report = session.send(
            Envelope("me@here.test", TO), MESSAGE, before_dot=lambda: marks.append(1), deadline=5
        )
        assert not session.is_open
    assert report.final is not None
    assert (report.final.code, marks) == (552, [])


def test_smuggled_line_endings_do_not_end_a_message(
    open_smtp: Open, smtp_server: SmtpServer
) -> None:
    ends = (b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n.\n", b"\r\n\0.\r\n")
    smtp_server.auth_required = False
    try:
        for end in ends:
            raw = b"Subject: x\r\n\r\nbefore" + end + b"MAIL FROM:<evil@x.test>\r\nafter\r\n"
            with open_smtp(smtp_server.port) as session:
                session.send(Envelope("me@here.test", ["a@there.test"]), raw)
    finally:
        smtp_server.auth_required = True
    assert len(smtp_server.accepted) == len(ends)
    for taken in smtp_server.accepted:
        assert taken.raw.endswith(b"MAIL FROM:<evil@x.test>\r\nafter\r\n")
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", taken.raw)
