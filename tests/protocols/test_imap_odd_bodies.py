"""Servers that answer a request for bodies in part, too much, or in an odd way."""

import pytest

from protocols.errors import Dropped, Later, MailServerError, ProtocolBroken
from protocols.imap import Arrived, Form, Wanted
from protocols.imap.bodies import PIECE
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step
from tests.protocols.scripted import SIGNED_IN, Reach, feed

OPENED = b"* 9 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nT1 OK done\r\n"
ONE, TWO, THREE = (Wanted(b"INBOX", 7, (uid,)) for uid in (1, 2, 3))


def body(uid: int, text: bytes = b"hi") -> bytes:
    return b"* 1 FETCH (UID %d FLAGS (\\Seen) BODY[] {%d}\r\n%b)\r\n" % (uid, len(text), text)


def fetched(
    reach: Reach, script: list[Step], wanted: list[Wanted], depth: int = 3
) -> list[Arrived]:
    with Hostile([*SIGNED_IN, *script]) as server, reach(server) as source:
        return list(source.bodies(feed(wanted), depth=depth))


def asked(commands: int, answer: bytes) -> list[Step]:
    heard: list[Step] = [Expect(b"EXAMINE"), *[Expect(b"FETCH") for _ in range(commands)]]
    return [*heard, Send(OPENED + answer), Hang()]


def texts(arrived: list[Arrived]) -> list[list[bytes]]:
    return [[message.body.read() for message in each.messages] for each in arrived]


def test_only_what_was_asked_for_is_kept_and_only_once(imap: Reach) -> None:
    answer = b"* 5 FETCH (FLAGS (\\Seen) UID 1)\r\n* 12 EXISTS\r\n* 2 EXPUNGE\r\n"
    answer += body(77) + body(1) + body(1, b"again") + b"* 3 FETCH (UID 2 BODY[] NIL)\r\n"
    answer += b'* 3 FETCH (BODY[] "" UID 2)\r\n' + body(2, b"late") + b"T2 OK\r\nT3 OK\r\n"
    arrived = fetched(imap, asked(2, answer), [ONE, TWO])
    assert texts(arrived) == [[b"hi"], [b"late"]]
    assert arrived[0].messages[0].flags == {"\\Seen"}


def test_more_than_a_batch_may_hold_is_let_go(imap: Reach, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that lies about sizes, or compresses zeros, must not fill the disk."""
    monkeypatch.setattr("protocols.imap.bodies.BATCH_CAP", 1000)
    answer = b"".join(body(uid, b"x" * 600) for uid in (1, 2, 3)) + b"T2 OK\r\n"
    (arrived,) = fetched(imap, asked(1, answer), [Wanted(b"INBOX", 7, (1, 2, 3))])
    assert [message.uid for message in arrived.messages] == [1, 2]


def test_more_than_a_response_may_hold_is_refused(
    imap: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.imap.channel.RESPONSE_CAP", 1000)
    literal = b" BODY[] {600}\r\n" + b"x" * 600
    with pytest.raises(ProtocolBroken):
        fetched(imap, asked(1, b"* 1 FETCH (UID 1" + literal + literal + b")\r\n"), [ONE])


def test_a_batch_without_bodies_is_answered_all_the_same(imap: Reach) -> None:
    arrived = fetched(imap, asked(2, b"T2 OK\r\n" + body(2) + b"T3 OK\r\n"), [ONE, TWO])
    assert texts(arrived) == [[], [b"hi"]]


def test_a_refused_batch_says_so_and_the_others_go_on(imap: Reach) -> None:
    wanted = [Wanted(b"INBOX", 7, (1, 4)), TWO, THREE]
    answer = body(1) + b"T2 NO [SERVERBUG] sorry\r\n" + body(2) + b"T3 OK\r\nT4 BAD what\r\n"
    arrived = fetched(imap, asked(3, answer), wanted)
    assert texts(arrived) == [[b"hi"], [b"hi"], []]
    refusals = [each.refusal.server_line if each.refusal else "" for each in arrived]
    assert refusals == ["NO [SERVERBUG] sorry", "", "BAD what"]


def test_a_request_for_patience_in_passing_is_handed_on(imap: Reach) -> None:
    answer = b"T2 OK [THROTTLED]\r\n" + body(2) + b"T3 OK\r\n"
    arrived = fetched(imap, asked(2, answer), [ONE, TWO])
    assert [each.slowed for each in arrived] == [True, False]


@pytest.mark.parametrize(
    ("answer", "cause", "seconds"),
    [
        (b"T3 BAD Request is throttled. Suggested Backoff Time: 5000 ms\r\n", "throttled", 5.0),
        (b"T3 NO [OVERQUOTA] bandwidth\r\n", "over-quota", None),
        (b"* BYE [LIMIT] rate limit hit\r\n", "limited", None),
    ],
)
def test_a_server_that_wants_patience_is_left_after_what_it_gave(
    imap: Reach, answer: bytes, cause: str, seconds: float | None
) -> None:
    script = [*SIGNED_IN, *asked(2, body(1) + b"T2 OK\r\n" + answer)]
    with Hostile(script) as server, imap(server) as source:
        arrivals = source.bodies(feed([ONE, TWO]), depth=2)
        assert texts([next(arrivals)]) == [[b"hi"]]
        with pytest.raises(Later) as caught:
            next(arrivals)
        assert (caught.value.cause, caught.value.retry_after) == (cause, seconds)


@pytest.mark.parametrize(
    ("answer", "end", "expected"),
    [
        (b"* 1 FETCH (UID 1 BODY[] {5}\r\nlonger than it said)\r\n", Hang(), ProtocolBroken),
        (b"* 1 FETCH (UID 1 BODY[] {1}\r\nhi)\r\n", Hang(), ProtocolBroken),
        (b"* 1 FETCH (UID 1 BODY[] {90}\r\nshorter)\r\nT2 OK\r\n", Drop(), Dropped),
        (b"* 1 FETCH (UID 1 BODY[] {2}\r\nhi\r\nT2 OK\r\n", Hang(), ProtocolBroken),
        (b"* 1 FETCH (BODY[] {2}\r\nhi)\r\nT2 OK\r\n", Hang(), ProtocolBroken),
        (body(99) * 2_100, Hang(), ProtocolBroken),
        (b"T9 OK\r\n", Hang(), ProtocolBroken),
        (b"", Drop(hard=True), Dropped),
    ],
    ids=["long", "by one", "short", "open", "no uid", "strays", "tag", "closed"],
)
def test_a_poisoned_stream_is_left_at_once(
    imap: Reach, answer: bytes, end: Step, expected: type[MailServerError]
) -> None:
    with pytest.raises(expected):
        fetched(imap, [*asked(1, answer)[:-1], end], [ONE])


def test_a_mailbox_numbered_anew_gives_nothing_whatever_it_sends(imap: Reach) -> None:
    wanted = [Wanted(b"INBOX", 6, (1,)), Wanted(b"INBOX", 6, (2,)), THREE]
    answer = body(1) + body(2) + b"T2 OK\r\nT3 OK\r\n" + body(3) + b"T4 OK\r\n"
    arrived = fetched(imap, asked(3, answer), wanted)
    assert [each.turned for each in arrived] == [True, True, False]
    assert texts(arrived) == [[], [], [b"hi"]]


def halves(uid: int, header: bytes, text: bytes) -> bytes:
    items = b"BODY[HEADER] {%d}\r\n%b BODY[TEXT] %b" % (len(header), header, text)
    return b"* 1 FETCH (UID %d FLAGS () %b)\r\n" % (uid, items)


def test_halves_are_joined_and_a_half_alone_is_nothing(imap: Reach) -> None:
    header = b"Subject: x\r\n\r\n"
    answer = halves(1, header, b"{4}\r\ntext") + halves(2, header, b"NIL")
    answer += halves(3, header, b'""') + b"T2 OK\r\n"
    arrived = fetched(imap, asked(1, answer), [Wanted(b"INBOX", 7, (1, 2, 3), Form.HALVES)])
    assert texts(arrived) == [[header + b"text", header]]


def piece(tag: int, origin: bytes, text: bytes) -> Send:
    item = b"BODY[]%b {%d}\r\n%b" % (origin, len(text), text)
    return Send(b"* 1 FETCH (UID 1 %b)\r\nT%d OK\r\n" % (item, tag))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([(b"<0>", b"a" * PIECE), (b"<1048576>", b"b"), (b"<1048577>", b"")], b"a" * PIECE + b"b"),
        ([(b"<0>", b"abc"), (b"<3>", b"d"), (b"<4>", b"")], b"abcd"),
        ([(b"", b"w" * (PIECE + 1))], b"w" * (PIECE + 1)),
    ],
    ids=["in full pieces", "in smaller ones", "all at once"],
)
def test_a_body_in_pieces_ends_where_nothing_more_comes(
    imap: Reach, answers: list[tuple[bytes, bytes]], expected: bytes
) -> None:
    script: list[Step] = [Expect(b"EXAMINE"), Send(OPENED)]
    for tag, (origin, text) in enumerate(answers, 2):
        script += [Expect(b"FETCH 1 .*PEEK..<"), piece(tag, origin, text)]
    wanted = [Wanted(b"INBOX", 7, (1,), Form.PIECES)]
    assert texts(fetched(imap, [*script, Hang()], wanted)) == [[expected]]


def test_a_refusal_in_the_middle_of_the_pieces_leaves_no_half_message(imap: Reach) -> None:
    script: list[Step] = [Expect(b"EXAMINE"), Send(OPENED), Expect(b"FETCH")]
    script += [piece(2, b"<0>", b"a" * PIECE), Expect(b"FETCH"), Send(b"T3 NO\r\n")]
    # The next one is asked for all the same, and a refusal behind a short piece is its end.
    script += [Expect(b"FETCH 2"), Send(b"* 1 FETCH (UID 2 BODY[]<0> {2}\r\nhi)\r\nT4 OK\r\n")]
    script += [Expect(b"FETCH 2"), Send(b"T5 BAD\r\n"), Hang()]
    arrived = fetched(imap, script, [Wanted(b"INBOX", 7, (1, 2), Form.PIECES)])
    assert texts(arrived) == [[b"hi"]]
    assert arrived[0].refusal is not None


def test_a_wrong_piece_is_not_sewn_in(imap: Reach) -> None:
    script: list[Step] = [Expect(b"EXAMINE"), Send(OPENED), Expect(b"FETCH")]
    script += [piece(2, b"<0>", b"abc"), Expect(b"FETCH"), piece(3, b"<0>", b"abc"), Hang()]
    with pytest.raises(ProtocolBroken):
        fetched(imap, script, [Wanted(b"INBOX", 7, (1,), Form.PIECES)])


def test_a_scan_answered_in_part_is_asked_again(imap: Reach) -> None:
    """MESSAGELIMIT (RFC 9738): OK, and the lowest UID that was looked at."""
    meta = b"* 1 FETCH (UID %d RFC822.SIZE 9)\r\n"
    script: list[Step] = [
        Expect(b"EXAMINE"),
        Send(b"* 4 EXISTS\r\nT1 OK\r\n"),
        Expect(b"FETCH 1:9"),
        Send(meta % 9 + meta % 7 + b"T2 OK [MESSAGELIMIT 2 7] done in part\r\n"),
        Expect(b"FETCH 1:6"),
        Send(meta % 5 + meta % 2 + b"T3 OK [MESSAGELIMIT 2 2] done in part\r\n"),
        Expect(b"FETCH 1:1"),
        Send(b"T4 OK\r\n"),
    ]
    with Hostile([*SIGNED_IN, *script, Hang()]) as server, imap(server) as source:
        source.examine(b"INBOX")
        assert [meta.uid for meta in source.scan(1, 9)] == [2, 5, 7, 9]


def test_a_line_of_many_megabytes_is_read_over(imap: Reach) -> None:
    long = b"* OK " + b"z" * (3 << 20) + b"\r\n* 9 FETCH (FLAGS (" + b"k " * (1 << 20) + b"))\r\n"
    arrived = fetched(imap, asked(1, long + body(1) + b"T2 OK\r\n"), [ONE])
    assert texts(arrived) == [[b"hi"]]
