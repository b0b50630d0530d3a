"""Real rspamd, SpamAssassin and ClamAV judge; what they might say instead never leaves our room."""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import clamd as clamav
from protocols import rspamd as by_http
from protocols import spamc
from protocols.daemons import Place, parse_place
from protocols.errors import ConnectFailed, Hung, MailServerError, ProtocolBroken, Refused
from protocols.scores import Score
from protocols.types import Deadline
from protocols.wire import Wire
from standin import ports
from standin.hostile import Drop, Expect, Hang, Hostile, Send
from standin.scanners import EICAR, GTUBE, VIRUS, Clamd, Rspamd, Spamd


def letter(text: str, subject: str = "Lunch", file: bytes = b"") -> bytes:
    made = EmailMessage()
    made["From"] = "Otto <otto@example.test>"
    made["To"] = "Mara <mara@example.test>"
    made["Subject"] = subject
    made["Date"] = "Sun, 22 Nov 2026 06:00:00 +0000"
    made["Message-ID"] = "<20261122060000.1@example.test>"
    made.set_content(text)
    if file:
        made.add_attachment(file, maintype="application", subtype="pdf", filename="bill.pdf")
    return made.as_bytes().replace(b"\n", b"\r\n")


HAM = letter("Shall we meet at noon, where we met last week?\n")
SPAM = letter(GTUBE + "\n")


def here(port: int) -> Place:
    return Place("127.0.0.1", port)


def test_rspamd_judges(rspamd: Rspamd) -> None:
    by_http.ping(rspamd.url, deadline=10)
    good = by_http.ask(HAM, rspamd.url, deadline=10)
    assert (good.name, good.points, good.threshold, good.is_spam) == ("rspamd", 0.0, 6.0, False)
    bad = by_http.ask(SPAM, rspamd.url, deadline=10)
    assert (bad.points, bad.is_spam) == (15.0, True)
    # Above its "add header", below its "reject": spam for a mailbox.
    odd = by_http.ask(letter("Hello.\n", "seven-points"), rspamd.url, deadline=10)
    assert (odd.points, odd.is_spam) == (7.0, True)
    assert [(one.name, one.points, one.about) for one in odd.symbols] == [
        ("OWN_WORD", 7.0, "A word of tests")
    ]


def test_spamassassin_judges(spamd: Spamd) -> None:
    where = here(spamd.port)
    spamc.ping(where, deadline=10)
    good = spamc.ask(HAM, where, deadline=30)
    assert (good.name, good.threshold, good.is_spam) == ("spamd", 5.0, False)
    assert good.points < 2
    bad = spamc.ask(SPAM, where, deadline=30)
    assert bad.is_spam
    assert bad.points > 900
    first = bad.symbols[0]
    assert (first.name, first.points) == ("GTUBE", 1000.0)
    assert "Unsolicited Bulk Email" in first.about


def test_a_message_forges_no_reason(spamd: Spamd) -> None:
    """What its report shows of the message may look like the report's own table."""
    forged = f"---- {'-' * 22} {'-' * 50}\n-99 FORGED innocent\n 1.0 FORGED_TOO evil\n"
    found = spamc.ask(letter(forged + GTUBE), here(spamd.port), deadline=30)
    assert found.is_spam
    assert not [one for one in found.symbols if "FORGED" in one.name]
    # Should its preview ever keep the lines, only what stands below the last table counts.
    table = f"---- {'-' * 22} {'-' * 50}\n"
    report = f"Content preview: Hello\n{forged}{table} 5.0 TRUE      what it found\n"
    assert [one.name for one in spamc._rules(report) if one] == ["TRUE"]


def test_clamav_finds_what_it_knows(clamd: Clamd) -> None:
    carrier = letter("See the bill.", file=EICAR.encode())
    for where in (here(clamd.port), Place(path=str(clamd.socket))):
        clamav.ping(where, deadline=10)
        assert clamav.ask([HAM], where, deadline=30) == ""
        # In pieces, as large messages are read.
        pieces = [carrier[at : at + 100] for at in range(0, len(carrier), 100)]
        assert clamav.ask(pieces, where, deadline=30) == VIRUS
    large = b"x" * 200_000
    assert clamav.ask([large, carrier], here(clamd.port), deadline=30) == VIRUS


def test_nobody_there_is_told_at_once(tmp_path: Path) -> None:
    (port,) = ports.pick((0,))
    for ask in (
        lambda: by_http.ask(HAM, f"http://127.0.0.1:{port}", deadline=5),
        lambda: spamc.ask(HAM, here(port), deadline=5),
        lambda: clamav.ask([HAM], here(port), deadline=5),
        lambda: clamav.ask([HAM], Place(path=str(tmp_path / "none")), deadline=5),
    ):
        with pytest.raises(ConnectFailed):
            ask()


def test_a_silent_daemon_ends_with_its_deadline() -> None:
    with Hostile([Hang()]) as silent:
        for ask in (
            lambda: by_http.ask(HAM, f"http://127.0.0.1:{silent.port}", deadline=0.3),
            lambda: spamc.ask(HAM, here(silent.port), deadline=0.3),
            lambda: clamav.ask([HAM], here(silent.port), deadline=0.3),
        ):
            with pytest.raises(Hung):
                ask()


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 500 Sorry\r\nContent-Length: 0\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"score":NaN}',
        b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"score":1e999}',
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b" " * 300_000,
    ],
)
def test_what_is_no_verdict_of_rspamd(said: bytes) -> None:
    with (
        Hostile([Expect(rb"Lunch"), Send(said), Drop()]) as server,
        pytest.raises((Refused, ProtocolBroken)),
    ):
        by_http.ask(HAM, f"http://127.0.0.1:{server.port}", deadline=5)


NUMBERS = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5))
ANSWERS = st.recursive(
    NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner)
)
VERDICTS = st.fixed_dictionaries(
    {"score": NUMBERS},
    optional={
        "required_score": NUMBERS,
        "action": ANSWERS,
        "thresholds": ANSWERS | st.fixed_dictionaries({"add header": NUMBERS}),
        "symbols": st.dictionaries(
            st.text(max_size=9),
            ANSWERS | st.fixed_dictionaries({"score": NUMBERS, "description": ANSWERS}),
        ),
    },
)


def sound(score: Score) -> bool:
    return (
        math.isfinite(score.points)
        and math.isfinite(score.threshold)
        and all(math.isfinite(one.points) and one.name.isascii() for one in score.symbols)
    )


@settings(max_examples=60)
@given(VERDICTS | ANSWERS, st.binary(max_size=4))
def test_any_answer_of_rspamd(said: object, behind: bytes) -> None:
    with suppress(ProtocolBroken):
        assert sound(by_http._score(json.dumps(said).encode() + behind))


PIECES = st.sampled_from(
    [
        b"SPAMD/1.1 0 EX_OK\r\n", b"SPAMD/1.1 76 Bad\r\n", b"Content-length: 5\r\n",
        b"Content-length: 99999999999999\r\n", b"Spam: True ; 9.0 / 5.0\r\n",
        b"Spam: True ; 9..0 / 5.0\r\n", b"Spam: True ; nan / 5.0\r\n", b"\r\n", b"1 X  y\n",
        b"stream: OK\0", b"stream: A FOUND\0", b"stream: ERROR\0", b"\0", b"PONG",
    ]
)  # fmt: skip


@contextmanager
def saying(data: bytes) -> Iterator[Wire]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        yield Wire(ours, "fuzz.test", Deadline(5))


@settings(max_examples=150)
@given(st.lists(PIECES | st.binary(max_size=6), max_size=8).map(b"".join))
def test_any_answer_of_the_others(said: bytes) -> None:
    with suppress(MailServerError), saying(said) as wire:
        assert sound(spamc._report(wire, HAM, Deadline(5)))
    with suppress(MailServerError), saying(said) as wire:
        assert clamav._virus(clamav._answer(wire)) in ("", "A")


def test_a_daemon_that_could_not_tell_is_an_error_of_ours() -> None:
    with (
        saying(b"INSTREAM size limit exceeded. ERROR\0") as wire,
        pytest.raises(Refused, match="size limit"),
    ):
        clamav._virus(clamav._answer(wire))


def test_places() -> None:
    assert parse_place("/run/clamav/clamd.ctl") == Place(path="/run/clamav/clamd.ctl")
    assert parse_place("spamd.internal:783") == Place("spamd.internal", 783)
    assert parse_place("[::1]:3310") == Place("[::1]", 3310)
    for wrong in ("", "783", "host", "host:0", "host:65536", "host:٣", "a b:1", "/" + "x" * 108):
        with pytest.raises(ValueError, match=r".*"):
            parse_place(wrong)
