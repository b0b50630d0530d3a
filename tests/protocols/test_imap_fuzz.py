"""Whatever bytes a server sends: an answer or an error of ours, in bounded memory."""

import contextlib
import re
import socket
import tracemalloc
import zlib
from collections.abc import Callable

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from protocols import hints
from protocols.body import Body
from protocols.deflate import PIECE, Deflate
from protocols.errors import MailServerError, Stage
from protocols.imap import Form, ImapSource, Survey, Wanted, messages, parse
from protocols.imap.channel import Channel
from protocols.imap.idle import Idler
from protocols.imap.parse import Parts
from protocols.types import Deadline
from protocols.wire import Wire

fuzz = settings(
    max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# What conversations are made of; hypothesis puts it together in ways nobody would.
WORDS = [
    *(b"* ", b"T1 ", b"T2 ", b"T3 ", b"T4 ", b"+ ", b"OK ", b"NO ", b"BAD ", b"* BYE "),
    *(b"\r\n", b"\n", b" ", b"(", b")", b'"', b"\\", b"NIL", b"[", b"]", b"\x00", b"\xff\xfe"),
    *(b"{3}\r\n", b"{0}\r\n", b"{99999}\r\n", b"{3+}\r\n", b"~{1}\r\n", b"{99999999999999}\r\n"),
    *(b"* 1 FETCH (", b"* 4294967296 FETCH (", b"UID 1", b"UID 2", b"UID 99999999999", b"FLAGS ("),
    *(b"RFC822.SIZE 5", b"RFC822.SIZE 9999999999999999999", b"BODY[] ", b"BODY[HEADER] "),
    *(b"BODY[TEXT] ", b"BODY[]<0> ", b"BODY[HEADER.FIELDS (MESSAGE-ID)] ", b"MODSEQ (1)"),
    *(b'INTERNALDATE "01-Feb-2024 10:00:00 +0100"', b'INTERNALDATE "99-Xxx-0000 0:0:0 +9999"'),
    *(
        b"X-GM-MSGID 7",
        b"EMAILID (M1)",
        b"* LIST ",
        b'"/" ',
        b"INBOX",
        b"&AAA-",
        b"&",
        b"* STATUS ",
    ),
    *(b"(MESSAGES 3 UIDNEXT 4 UIDVALIDITY 5)", b"* 3 EXISTS", b"* 0 EXISTS", b"* 2 EXPUNGE"),
    *(b"* OK [UIDVALIDITY 7] ", b"* OK [UIDNEXT 4] ", b"[THROTTLED]", b"[MESSAGELIMIT 2 7]"),
    *(b"* NAMESPACE ", b'((("" "/"))) NIL', b"* 1 FETCH (UID 1 BODY[] {2}\r\nhi)\r\n"),
    *(b"T1 OK\r\n", b"T2 OK\r\n", b"T3 OK\r\n", b"T1 NO\r\n", b"T2 BAD\r\n", b"+ idling\r\n"),
]
talk = st.lists(st.sampled_from(WORDS) | st.binary(max_size=12), max_size=60).map(b"".join)
line = st.lists(st.sampled_from(WORDS) | st.binary(max_size=12), max_size=20).map(b"".join)


def wire_with(data: bytes) -> Wire:
    """A connection on which all of this has been said, and nothing more will be."""
    ours, theirs = socket.socketpair()
    theirs.sendall(data)
    theirs.shutdown(socket.SHUT_WR)
    # Kept open, so that what we send is not an error of its own.
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    wire = Wire(ours, "fuzz.test", Deadline(5))
    wire.release()
    wire.peer = theirs  # type: ignore[attr-defined] # keeps it from being collected
    return wire


def bodies(form: Form, depth: int) -> Callable[[ImapSource], None]:
    def run(source: ImapSource) -> None:
        wanted = iter([Wanted(b"INBOX", 7, (1, 2), form), Wanted(b"Other", 0, (1,), form)])
        for arrived in source.bodies(lambda: next(wanted, None), depth=depth):
            assert {one.uid for one in arrived.messages} <= set(arrived.wanted.uids)
            assert all(one.body.size for one in arrived.messages)

    return run


def scanned(source: ImapSource) -> None:
    source.examine(b"INBOX")
    assert all(1 <= meta.uid <= 9 for meta in source.scan(1, 9, message_ids=True))


def surveyed(depth: int) -> Callable[[ImapSource], None]:
    def run(source: ImapSource) -> None:
        wanted = [Survey(b"INBOX", 1, 9), Survey(b"B\xc3\xbccher")]
        assert len(list(source.survey(wanted, depth))) == 2

    return run


def idled(source: ImapSource) -> None:
    idler = Idler(source._wire, Channel(source._wire, frozenset()), frozenset())
    idler.start()
    for _ in range(50):
        idler.take()


TALKS: list[Callable[[ImapSource], object]] = [
    lambda source: source.list_folders(),
    scanned,
    surveyed(1),
    surveyed(20),
    *(bodies(form, depth) for form in Form for depth in (1, 3)),
    idled,
]


@fuzz
@given(talk, st.sampled_from(TALKS), st.sets(st.sampled_from(["LIST-STATUS", "NAMESPACE"])))
@example(b"+\r\n" * 20, surveyed(20), set())
@example(b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc BODY[] {3}\r\nabc)\r\n", bodies(Form.WHOLE, 3), set())
def test_any_talk_ends_in_an_answer_or_an_error_of_ours(
    data: bytes, run: Callable[[ImapSource], object], capabilities: set[str]
) -> None:
    wire = wire_with(data)
    try:
        with contextlib.suppress(MailServerError):
            run(ImapSource(wire, frozenset(capabilities)))
    finally:
        wire.close()
        wire.peer.close()  # type: ignore[attr-defined] # see wire_with


def _sections(parts: Parts) -> list[object]:
    return list(messages.sections(parts))


@fuzz
@given(st.lists(line, min_size=1, max_size=4), st.binary(max_size=50))
@example([b"&IC4-gnp.exe"], b"")
@example([b"&AAA-&ABs-[31m"], b"")
def test_no_parser_raises(lines: list[bytes], literal: bytes) -> None:
    parts: list[bytes | Body] = [lines[0]]
    for each in lines[1:]:
        parts += [Body.of(literal), each]
    for reading in (parse.list_line, parse.status_line, messages.fetch_meta, _sections):
        reading(parts)
    list(messages.sections(parts))
    messages.message_id(parts)
    messages.whole(parts)
    assert not CONTROLS.search(parse.readable_name(lines[0]))


@fuzz
@given(st.text(max_size=200) | line.map(lambda data: data.decode("latin-1")))
def test_no_date_and_no_hint_raises(text: str) -> None:
    messages.internal_date(text)
    hint = hints.read(text)
    assert (hints.error(text, Stage.FETCH) is None) == (hint is None)
    if hint and hint.retry_after is not None:
        assert 0 <= hint.retry_after <= hints.LONGEST


@fuzz
@given(
    st.lists(st.binary(max_size=3_000) | st.just(b"z" * 5_000), max_size=6),
    st.integers(1, 20_000),
)
def test_every_body_arrives_as_it_is_however_it_is_cut(texts: list[bytes], cut: int) -> None:
    answer = b"* 9 EXISTS\r\nT1 OK\r\n"
    for uid, text in enumerate(texts, 1):
        answer += b"* 1 FETCH (UID %d FLAGS () BODY[] {%d}\r\n%b)\r\n" % (uid, len(text), text)
    wire = wire_with(b"")
    data = answer + b"T2 OK\r\n"
    pieces = iter([data[at : at + cut] for at in range(0, len(data), cut)])
    # In pieces of this very size, as a network may cut them.
    wire._receive = lambda: next(pieces)  # type: ignore[method-assign] # see above
    wanted = iter([Wanted(b"INBOX", 0, tuple(range(1, len(texts) + 1)))])
    source = ImapSource(wire, frozenset())
    arrived = next(source.bodies(lambda: next(wanted, None), depth=1))
    assert [each.body.read() for each in arrived.messages] == [text for text in texts if text]


@fuzz
@given(st.binary(max_size=5_000), st.integers(1, 700))
def test_any_stream_inflates_or_is_refused(data: bytes, cut: int) -> None:
    deflate = Deflate()
    with contextlib.suppress(ValueError):
        for at in range(0, len(data), cut):
            assert len(deflate.inflate(data[at : at + cut])) <= PIECE
            while deflate.pending:
                assert len(deflate.inflate()) <= PIECE


@fuzz
@given(st.lists(st.binary(max_size=2_000), max_size=8), st.integers(1, 700))
def test_what_was_deflated_inflates_to_the_same(texts: list[bytes], cut: int) -> None:
    ours, theirs = Deflate(), Deflate()
    sent = b"".join(ours.deflate(text) for text in texts)
    found = b""
    for at in range(0, len(sent), cut):
        found += theirs.inflate(sent[at : at + cut])
        while theirs.pending:
            found += theirs.inflate()
    assert found == b"".join(texts)


def test_a_bomb_is_never_held_as_what_it_stands_for() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = bomb.compress(bytes(64 << 20)) + bomb.flush()
    deflate, size = Deflate(), 0
    tracemalloc.start()
    try:
        size += len(deflate.inflate(data))
        while deflate.pending:
            size += len(deflate.inflate())
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert size == 64 << 20
    assert deflate.ended


def test_hostile_lines_cost_no_more_than_a_look() -> None:
    """Each of these took minutes or gigabytes with a pattern that looks twice."""
    size = 1 << 19
    lines = [
        b'* LIST () "/" "' + b"\\a" * (size // 2),
        b"* LIST (" + b"(" * size,
        b"* STATUS " + b"MESSAGES 1" * (size // 10),
        b"* 1 FETCH (" + b"FLAGS (" * (size // 7),
        b"* 1 FETCH (" + b"UID 1 " * (size // 6),
        b"* 1 FETCH (" + b'BODY[] "' + b"\\" * size,
        b"* 1 FETCH (" + b'BODY[] "\\' * (size // 9),
        b"* 1 FETCH (" + b'INTERNALDATE "' * (size // 14),
    ]
    for text in lines:
        parts = [text + b"\r\n"]
        tracemalloc.start()
        try:
            parse.list_line(parts)
            parse.status_line(parts)
            messages.fetch_meta(parts)
            list(messages.sections(parts))
            assert tracemalloc.get_traced_memory()[1] < 12 << 20
        finally:
            tracemalloc.stop()
