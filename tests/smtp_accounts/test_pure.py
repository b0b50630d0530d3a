"""The decisions and the bytes, without database and without socket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smtp_accounts import addresses, build, quoting, retry
from smtp_accounts.addresses import Mailbox
from smtp_accounts.retry import Outcome, Recipient

WHEN = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


# --- retry


@pytest.mark.parametrize(
    ("states", "age", "outcome"),
    [
        (["accepted", "accepted"], timedelta(), Outcome.SENT),
        (["accepted", "refused"], timedelta(), Outcome.REFUSED),
        (["refused"], timedelta(), Outcome.REFUSED),
        (["accepted", "deferred"], HOUR, Outcome.RETRY),
        (["refused", "deferred"], HOUR, Outcome.RETRY),
        (["pending"], timedelta(), Outcome.RETRY),
        (["accepted", "deferred"], 48 * HOUR, Outcome.REFUSED),
        (["accepted", "unknown"], timedelta(), Outcome.UNKNOWN),
        (["unknown", "deferred"], 48 * HOUR, Outcome.UNKNOWN),
    ],
)
def test_what_becomes_of_a_message(states: list[str], age: timedelta, outcome: Outcome) -> None:
    decision = retry.decide(states, attempts=retry.FEWEST_TRIES, age=age)
    assert decision.outcome == outcome
    assert (decision.wait is not None) == (outcome == Outcome.RETRY)
    assert decision.gave_up == ("deferred" in states and outcome == Outcome.REFUSED)


def test_what_lay_still_for_days_is_not_given_up_at_its_first_try() -> None:
    """The installation, the account or the feature was off meanwhile; then came a greylist."""
    decision = retry.decide(["deferred"], attempts=1, age=72 * HOUR, cause="greylisted")
    assert decision == retry.Decision(Outcome.RETRY, wait=timedelta(minutes=5))


def test_the_waits_grow_from_a_minute_to_four_hours() -> None:
    waits = [retry.backoff(attempt) for attempt in range(1, 40)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits == sorted(waits)
    assert waits[-1] == 4 * HOUR


@given(st.integers(min_value=100, max_value=599), st.integers(min_value=200, max_value=599))
def test_a_recipient_is_accepted_only_if_the_message_is(code: int, final: int) -> None:
    state = retry.settle(retry.of_reply(code), retry.of_reply(final))
    assert (state == Recipient.ACCEPTED) == (200 <= code < 300 and final < 300)
    if code >= 500:
        assert state == Recipient.REFUSED


def test_only_a_refusal_of_the_message_is_final() -> None:
    assert retry.is_final(temporary=False, stage="send")
    assert not retry.is_final(temporary=True, stage="send")
    assert not retry.is_final(temporary=False, stage="login")
    assert not retry.is_final(temporary=False, stage="encryption")


# --- addresses


@pytest.mark.parametrize(
    ("typed", "good", "wrong"),
    [
        ("bob@x.test", ["bob@x.test"], []),
        (
            "Bob <bob@x.test>; cee@x.test\ndee@x.test",
            ["bob@x.test", "cee@x.test", "dee@x.test"],
            [],
        ),
        ('"Kay, Bob" <bob@x.test>, ', ["bob@x.test"], []),
        ("bob@exmaple", [], ["bob@exmaple"]),
        ("bob@BÜCHER.test", ["bob@xn--bcher-kva.test"], []),
        ("ü@x.test", ["ü@x.test"], []),
        ("bob@x.test <", [], ["bob@x.test <"]),
        ("a@b@x.test", [], ["a@b@x.test"]),
        (
            'bob@-x.test, ..@x.test, bob@1.2.3.4, "a b"@x.test, ""@x.test',
            [],
            ["bob@-x.test", "..@x.test", "bob@1.2.3.4", '"a b"@x.test', '""@x.test'],
        ),
        # Real addresses: operators of mobile phones let people choose them.
        (
            'abc..def@docomo.test, .bob@x.test, Eri <"eri."@docomo.test>, "eri"@x.test',
            ["abc..def@docomo.test", ".bob@x.test", "eri.@docomo.test", "eri@x.test"],
            [],
        ),
        ("Bob bob@x.test", [], ["Bob bob@x.test"]),
        ("bob@x.test\x00", [], ["bob@x.test\x00"]),
    ],
)
def test_recipient_fields(typed: str, good: list[str], wrong: list[str]) -> None:
    field = addresses.parse(typed)
    assert [one.address for one in field.mailboxes] == good
    assert list(field.wrong) == wrong


@given(st.text(max_size=300))
def test_any_text_is_taken_apart(text: str) -> None:
    field = addresses.parse(text)
    for mailbox in field.mailboxes:
        assert not set("\r\n\0<> ,;") & set(mailbox.address)
        assert addresses.parse_one(str(mailbox)) is not None


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40))
@example("Harbour\\")
@example('\\"')
@example("a <b@c.test>, d")
def test_a_name_survives_the_field_it_is_put_into(name: str) -> None:
    mailbox = Mailbox(" ".join(name.split())[:200], "bob@x.test")
    assert addresses.parse(addresses.text([mailbox, mailbox])).mailboxes == (mailbox, mailbox)


# --- bytes


def content(**fields: object) -> build.Content:
    typed: dict[str, object] = {
        "sender": Mailbox("Mara Lind", "mara@example.test"),
        "to": (Mailbox("", "bob@x.test"),),
        "cc": (),
        "subject": "Tide tables",
        "body": "See below.\n",
        "message_id": "<1@example.test>",
        "date": WHEN,
    }
    return build.Content(**{**typed, **fields})  # type: ignore[arg-type]  # the table


PAYLOADS = [
    "\r\nBcc: x@y.test",
    "\nBcc: x@y.test",
    "\rX: y",
    "\0",
    "\r\n\r\n<script>",
    "\u2028X: y",
]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("field", ["subject", "name", "address", "in_reply_to", "references"])
def test_no_header_can_be_smuggled_in(field: str, payload: str) -> None:
    table: dict[str, dict[str, Any]] = {
        "subject": {"subject": f"Hello{payload}"},
        "name": {"to": (Mailbox(f"Bob{payload}", "bob@x.test"),)},
        "address": {"to": (Mailbox("", f"bob{payload}@x.test"),)},
        "in_reply_to": {"in_reply_to": f"<a{payload}@b>"},
        "references": {"references": (f"<a@b>{payload}",)},
    }
    with pytest.raises(build.Unsafe):
        build.build(content(**table[field]))


@given(st.text(max_size=200), st.text(max_size=80))
def test_any_subject_and_name_is_carried_or_refused(subject: str, name: str) -> None:
    try:
        raw = build.build(content(subject=subject, to=(Mailbox(name, "bob@x.test"),)))
    except (build.Unsafe, UnicodeEncodeError):
        return
    head = raw.split(b"\r\n\r\n", 1)[0]
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert names[:5] == [b"Date", b"From", b"To", b"Subject", b"Message-ID"]
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))


def test_every_line_ends_with_crlf_and_is_short() -> None:
    raw = build.build(
        content(body="word " * 5000 + "\nFrom here\n.\n" + "x" * 5000, subject="ü" * 300)
    )
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


def test_message_ids_are_kept_whole() -> None:
    long = f"<{'a' * 300}@b>"
    raw = build.build(content(in_reply_to=long, references=(long, "<c@d>")))
    said = message_from_bytes(raw, policy=default)
    assert said["In-Reply-To"] == long
    assert said["References"].split() == [long, "<c@d>"]


def test_references_grow_and_are_cut_in_the_middle() -> None:
    many = " ".join(f"<{n}@x>" for n in range(60))
    ids = build.thread_headers("<new@x>", many, "")
    assert len(ids) == build.MAX_REFERENCES
    assert (ids[0], ids[-1]) == ("<0@x>", "<new@x>")
    assert build.thread_headers("<b@x>", "", "<a@x>") == ("<a@x>", "<b@x>")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\plans\\a.pdf", "a.pdf"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("a\r\nX: y.txt", "aX: y.txt"),
        ("...", "attachment"),
        ("", "attachment"),
    ],
)
def test_file_names_mislead_nobody(name: str, safe: str) -> None:
    assert build.safe_filename(name) == safe
    raw = build.build(content(attachments=(build.Attachment(name, "text/html", b"x"),)))
    (part,) = message_from_bytes(raw, policy=default).iter_attachments()
    assert part.get_filename() == safe


@pytest.mark.parametrize(
    "kind", ["message/rfc822", "multipart/mixed", "text/plain\r\nX: y", "pdf", ""]
)
def test_odd_types_become_plain_bytes(kind: str) -> None:
    assert build.content_type(kind) == "application/octet-stream"


# --- quoting and flowing


def test_a_quote_leaves_the_signature_out() -> None:
    assert quoting.quoted("Hello\n> older\n\nBye\n-- \nMara") == "> Hello\n>> older\n>\n> Bye"
    assert quoting.answer("Hello\n", "On Monday, Bob wrote:") == (
        "\n\nOn Monday, Bob wrote:\n> Hello\n"
    )
    assert quoting.answer("", "On Monday, Bob wrote:") == "\n"


def test_a_forward_shows_the_headers_on_lines_of_their_own() -> None:
    text = quoting.forwarded("Hi", "Forwarded message", [("From", "a@b\r\nTo: x"), ("Cc", "")])
    assert text == "\n\n---------- Forwarded message ----------\nFrom: a@b To: x\n\nHi\n"


LINE = st.text(
    st.characters(whitelist_categories=["L", "N", "P"], whitelist_characters=" "), max_size=300
)


@given(st.lists(LINE, max_size=6))
def test_what_flows_comes_back(lines: list[str]) -> None:
    # Quote marks and the signature mark have a meaning of their own on the wire.
    text = "\n".join(line.strip(" ").replace(">", ")") for line in lines)
    if "--" in text.split("\n"):
        return
    sent = quoting.flowed(text)
    assert quoting.unflowed(sent) == text
    assert all(len(line) <= 72 or " " not in line.strip() for line in sent.split("\n"))


def test_long_lines_take_no_longer_than_short_ones() -> None:
    # Quadratic time would take minutes here, and the run with it.
    line = "tide " * 1_600_000
    flowing = quoting.flowed(line)
    assert len(flowing) < 1.1 * len(line)
    assert quoting.unflowed(flowing) == line.strip()
    assert quoting.unflowed("> a \n" * 1_000_000).startswith("> a a a")


def test_quotes_stay_quotes_when_they_flow() -> None:
    quote = "> " + "word " * 30 + "end\n>> deeper"
    sent = quoting.flowed(quote).split("\n")
    assert all(line.startswith(">") for line in sent)
    assert quoting.unflowed("\n".join(sent)).split("\n")[-1] == ">> deeper"
    assert len(sent) == 4
