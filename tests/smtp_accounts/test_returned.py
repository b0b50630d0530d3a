"""What comes back is read as it is written: by every kind of server, and by nobody at all."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailstore.text import one_line
from smtp_accounts import returned
from smtp_accounts.returned import Action, Kind
from tests import mail
from tests.smtp_accounts import reports
from tests.smtp_accounts.reports import BOB, SENT, dsn, mdn, plain


def test_a_report_of_the_standard() -> None:
    raw = dsn("bobby@inside.test", fields="Original-Envelope-Id: tide-1@provider.test\n")
    found = returned.parse(
        raw.replace(b"Action:", b"Original-Recipient: rfc822;" + BOB.encode() + b"\r\nAction:")
    )
    assert found is not None
    assert (found.kind, found.ids, found.envelope_id) == (Kind.DSN, (SENT,), "tide-1@provider.test")
    assert found.reporter == "mx.elsewhere.test"
    (one,) = found.outcomes
    assert one.addresses == (BOB, "bobby@inside.test")
    assert (one.action, one.status, one.words) == (Action.FAILED, "5.2.2", reports.FULL)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("mx.elsewhere.test (Postfix)", "mx.elsewhere.test"),
        ("Sign\xa0in\xa0again\xa0at https://evil.test/ or your mailbox", ""),
        ("https://evil.test/", ""),
        ("x" * 300, ""),
    ],
)
def test_a_reporter_is_a_server_and_no_sentence(said: str, name: str) -> None:
    raw = dsn().replace(b"dns; mx.elsewhere.test\r\n", f"dns; {said}\r\n".encode())
    found = returned.parse(raw)
    assert found is not None
    assert found.reporter == name


@pytest.mark.parametrize("action", ["failed", "delayed", "delivered", "relayed", "expanded"])
def test_every_action(action: str) -> None:
    found = returned.parse(dsn(action=action))
    assert found is not None
    assert found.outcomes[0].action == action


@pytest.mark.parametrize(
    ("status", "action"), [("5.1.1", "failed"), ("4.4.1", "delayed"), ("2.0.0", "delivered")]
)
def test_where_the_action_is_left_out_the_status_says_it(status: str, action: str) -> None:
    raw = dsn(status=status).replace(b"Action: failed\r\n", b"")
    found = returned.parse(raw)
    assert found is not None
    assert found.outcomes[0].action == action


def test_a_status_that_says_nothing_gives_way_to_the_words() -> None:
    found = returned.parse(dsn(status="5.0.0", words="smtp; 550 5.1.1 No such user"))
    assert found is not None
    assert found.outcomes[0].status == "5.1.1"
    # Another class would turn a delay into a failure.
    found = returned.parse(dsn(status="4.0.0", words="smtp; 550 5.1.1 No such user"))
    assert found is not None
    assert found.outcomes[0].status == "4.0.0"


def test_several_recipients_without_an_empty_line_between_them() -> None:
    raw = dsn(BOB, "ann@elsewhere.test", "kim@elsewhere.test")
    head, _mark, rest = raw.partition(b"message/delivery-status\r\n\r\n")
    groups, mark, tail = rest.partition(b"\r\n--b\r\n")
    joined = head + _mark + groups.replace(b"\r\n\r\n", b"\r\n") + mark + tail
    found = returned.parse(joined)
    assert found is not None
    assert [one.address for one in found.outcomes] == [
        BOB,
        "ann@elsewhere.test",
        "kim@elsewhere.test",
    ]
    assert {one.status for one in found.outcomes} == {"5.2.2"}


def test_only_the_header_comes_back() -> None:
    found = returned.parse(dsn(part="text/rfc822-headers"))
    assert found is not None
    assert found.ids == (SENT,)


def test_nothing_comes_back_but_the_thread_is_told() -> None:
    raw = dsn(original="").replace(
        b"\r\nSubject:", f"\r\nIn-Reply-To: {SENT}\r\nSubject:".encode(), 1
    )
    found = returned.parse(raw)
    assert found is not None
    assert found.ids == (SENT,)


def test_an_address_in_letters_of_the_world() -> None:
    raw = dsn().replace(f"rfc822; {BOB}".encode(), rb"utf-8; b\x{F6}b@elsewhere.test")
    found = returned.parse(raw)
    assert found is not None
    assert found.outcomes[0].address == "böb@elsewhere.test"


def test_a_reply_of_several_lines_is_one_sentence() -> None:
    words = (
        "smtp; 550-5.1.1 The account does not exist. Please try\n 550-5.1.1 checking the\n"
        " 550 5.1.1 address"
    )
    found = returned.parse(dsn(words=words))
    assert found is not None
    assert found.outcomes[0].words == (
        "550-5.1.1 The account does not exist. Please try checking the address"
    )


def test_a_report_whose_parts_cannot_be_told_apart() -> None:
    found = returned.parse(dsn().replace(b"\r\n--b", b"\r\n--c"))
    assert found is not None
    assert found.outcomes[0].address == BOB
    assert found.ids == (SENT,)


@pytest.mark.parametrize("name", reports.TEXTS)
def test_reports_that_are_text_alone(name: str) -> None:
    found = returned.parse(reports.TEXTS[name])
    assert found is not None
    (one,) = found.outcomes
    assert (one.address, one.action, one.status) == (BOB, Action.FAILED, "5.1.1")
    assert "No such user here" in one.words
    assert found.ids == (SENT,)


def test_a_text_that_tells_of_a_delay_is_no_failure() -> None:
    found = returned.parse(reports.EXIM_WAITS)
    assert found is not None
    (one,) = found.outcomes
    assert (one.address, one.action) == (BOB, Action.DELAYED)
    assert "Connection timed out" in one.words


@pytest.mark.parametrize(
    ("disposition", "shown"),
    [
        ("manual-action/MDN-sent-manually; displayed", True),
        ("automatic-action/MDN-sent-automatically; displayed/error", True),
        ("manual-action/MDN-sent-manually; deleted", False),
        ("automatic-action/MDN-sent-automatically; processed", False),
        ("", False),
    ],
)
def test_a_receipt(disposition: str, shown: bool) -> None:
    found = returned.parse(mdn(disposition))
    assert found is not None
    assert (found.kind, found.is_displayed, found.ids) == (Kind.MDN, shown, (SENT,))
    assert found.outcomes[0].address == BOB


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0",
        b"From: bob@elsewhere.test\r\n\r\n<mara@provider.test>: shall we meet?\r\n",
        plain(
            "Bob <bob@elsewhere.test>",
            "Away",
            "I am on holiday.\n",
            top="Auto-Submitted: auto-replied\n",
        ),
        dsn().replace(
            b"Final-Recipient: rfc822; bob@elsewhere.test", b"Final-Recipient: x400; /C=NO"
        ),
    ],
)
def test_what_is_no_report(raw: bytes) -> None:
    assert returned.parse(raw) is None


def test_people_write_as_postmaster() -> None:
    raw = reports.QMAIL.replace(b"MAILER-DAEMON@relay.test", b"postmaster@relay.test")
    assert returned.parse(raw) is not None
    person = raw.replace(b"Return-Path: <>", b"Return-Path: <postmaster@relay.test>")
    assert returned.parse(person) is None
    daemon = raw.replace(b"Return-Path: <>", b"Return-Path: <MAILER-DAEMON@relay.test>")
    assert returned.parse(daemon) is not None


def test_a_flood_of_recipients_is_cut() -> None:
    found = returned.parse(dsn(*(f"u{number}@elsewhere.test" for number in range(5000))))
    assert found is not None
    assert 0 < len(found.outcomes) <= returned.MAX_RECIPIENTS


def test_reports_of_the_corpus() -> None:
    """Every one written by a real server names whom it is about, and nothing else is one."""
    found = {name: returned.parse(raw) for name, raw in mail.messages()}
    told = {name: one for name, one in found.items() if one is not None}
    bounces = [name for name in found if "/bounce/" in name or "multipart_report" in name]
    assert len(bounces) >= 12 or not mail.CORPUS.exists()
    # What came back of one of them is broken before anything is said about anybody.
    assert [name for name in bounces if name not in told and "broken-mime" not in name] == []
    for one in told.values():
        assert one.outcomes
        assert all("@" in each.address for each in one.outcomes)
    # Ham and spam of years: none of it is taken for a report.
    assert [name for name in told if "spamassassin" in name] == []


SAMPLES = (dsn(), mdn(), *reports.TEXTS.values(), reports.EXIM_WAITS)


@settings(max_examples=300, deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    cuts=st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=12)), max_size=6),
)
def test_no_bytes_raise(sample: bytes, cuts: list[tuple[int, bytes]]) -> None:
    raw = bytearray(sample)
    for at, piece in cuts:
        raw[at % len(raw) : at % len(raw) + len(piece) // 2] = piece
    found = returned.parse(bytes(raw))
    for one in found.outcomes if found else ():
        assert 0 < len(one.address) <= 500
        assert len(one.words) <= returned.MAX_WORDS
        assert one.words == one_line(one.words, returned.MAX_WORDS)


@pytest.mark.parametrize(
    "pump", [b" ", b"<", b"-", b"a@", b"(", b"\r\n", b"=?", b"Final-Recipient: ", b"550-"]
)
def test_pumped_bytes_end(pump: bytes) -> None:
    """What grows faster than its input would not end within the time a test has."""
    flood = pump * 300_000
    for raw in (reports.QMAIL.replace(b"<bob", flood + b"<bob"), dsn().replace(b"5.2.2", flood)):
        found = returned.parse(raw)
        assert found is None or len(found.outcomes) <= returned.MAX_RECIPIENTS


def test_mutants_of_many_seeds() -> None:
    """Bytes exchanged anywhere, seeded: nothing raises, and what is found is capped."""
    chance = random.Random(11)
    for _ in range(2000):
        raw = bytearray(chance.choice(SAMPLES))
        for _ in range(chance.randrange(1, 8)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        found = returned.parse(bytes(raw))
        assert found is None or len(found.outcomes) <= returned.MAX_RECIPIENTS
