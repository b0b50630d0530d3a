"""COMPRESS=DEFLATE against a real Dovecot, and streams that abuse it."""

import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.address import AddressPolicy
from protocols.errors import Dropped, MailServerError, ProtocolBroken, Refused
from protocols.imap import ImapSource, Wanted
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.certs import TlsFiles
from standin.dovecot import Dovecot
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step
from tests.protocols.scripted import CAPS, CLEAR, LOGIN

PLUGINS = "mail_plugins = zlib\nprotocol imap {\n  mail_plugins = zlib imap_zlib\n}\n"
RAWS = [
    b"Subject: small\r\n\r\nhello\r\n",
    b"Subject: bytes\r\n\r\n" + bytes(range(14, 256)) * 4_000 + b"\r\n",
    b"Subject: zeros\r\n\r\n" + b"0" * 5_000_000 + b"\r\n",
]
OFFERED: list[Step] = [
    *CLEAR,
    Expect(b"LOGIN"),
    Send(b"%TAG% OK in\r\n"),
    Expect(b"CAPABILITY"),
    Send(CAPS % b"COMPRESS=DEFLATE"),
    Expect(b"COMPRESS DEFLATE"),
]
AGREED: list[Step] = [*OFFERED, Send(b"%TAG% OK go on\r\n")]


@pytest.fixture(scope="module")
def compressing(server_folder: Path, tls_files: TlsFiles) -> Iterator[Dovecot]:
    server = Dovecot(
        server_folder / "compressing",
        {"mara": "a pass word"},
        tls=tls_files.good,
        ca_file=tls_files.ca_file,
        settings=PLUGINS,
    )
    with server:
        for raw in RAWS:
            server.append("mara", "INBOX", raw)
        yield server


def meet(port: int, policy: AddressPolicy, trust: Trust, security: Security) -> ImapSource:
    endpoint = Endpoint("localhost", port, security)
    login = Login("mara", "a pass word")
    return ImapSource.open(endpoint, login, policy=policy, trust=trust, compress=True)


def packed(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize("security", list(Security))
def test_everything_travels_compressed_and_arrives_as_it_is(
    compressing: Dovecot, loopback: AddressPolicy, trust: Trust, security: Security
) -> None:
    tls = security is Security.TLS
    port = compressing.imaps_port if tls else compressing.imap_port
    batches = iter([Wanted(b"INBOX", 0, (1, 2)), Wanted(b"INBOX", 0, (3,))])
    with meet(port, loopback, trust, security) as source:
        assert source._wire._deflate is not None
        assert any(box.role == "inbox" for box in source.list_folders())
        arrived = list(source.bodies(lambda: next(batches, None), depth=3))
        found = [message.body.read() for each in arrived for message in each.messages]
        assert found == RAWS
        source.examine(b"INBOX")
        assert [meta.size for meta in source.scan(1, 3)] == list(map(len, RAWS))


def test_it_is_only_done_where_it_is_asked_for_and_offered(
    compressing: Dovecot, dovecot: Dovecot, loopback: AddressPolicy, trust: Trust
) -> None:
    with meet(dovecot.imap_port, loopback, trust, Security.NONE) as source:
        assert source._wire._deflate is None
        assert source.list_folders()
    endpoint = Endpoint("localhost", compressing.imap_port, Security.NONE)
    login = Login("mara", "a pass word")
    with ImapSource.open(endpoint, login, policy=loopback, trust=trust) as source:
        assert "COMPRESS=DEFLATE" in source.capabilities
        assert source._wire._deflate is None


def test_a_server_that_refuses_after_all_is_served_without(
    loopback: AddressPolicy, trust: Trust
) -> None:
    listing = b'* LIST () "/" INBOX\r\n%TAG% OK\r\n'
    script = [*OFFERED, Send(b"%TAG% NO later\r\n"), Expect(b"LIST"), Send(listing)]
    with Hostile([*script, Expect(b"STATUS"), Send(b"%TAG% NO\r\n"), Hang()]) as server:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        source = ImapSource.open(
            endpoint, LOGIN, policy=loopback, trust=trust, deadline=4, compress=True
        )
        assert [box.raw_name for box in source.list_folders()] == [b"INBOX"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"* OK this is plain text\r\n", ProtocolBroken),
        (packed(b"* LIST (") + b"\xff\xff\xff\xff", ProtocolBroken),
        (zlib.compressobj(9, zlib.DEFLATED, -15).flush(), Dropped),
        (packed(b"* BYE\r\n"), Dropped),
        (packed(b"* LIST " + b"x" * (40 << 20)), ProtocolBroken),
        (packed(b"* 1 FETCH (BODY[] {300000000}\r\n"), ProtocolBroken),
        (packed(b"T1 OK this one was answered\r\n"), ProtocolBroken),
        (b"", Dropped),
    ],
    ids=["plain", "broken", "ended", "bye", "bomb", "literal", "tag", "closed"],
)
def test_a_stream_that_cannot_be_trusted_ends_the_connection(
    loopback: AddressPolicy, trust: Trust, sent: bytes, expected: type[MailServerError]
) -> None:
    with Hostile([*AGREED, Expect(), Send(sent), Drop()]) as server:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        source = ImapSource.open(
            endpoint, LOGIN, policy=loopback, trust=trust, deadline=4, compress=True
        )
        tracemalloc.start()
        try:
            with pytest.raises(expected):
                source.list_folders()
            # The cap of a line, as it is kept and as it is handed on, and not what it stands for.
            assert tracemalloc.get_traced_memory()[1] < 40 << 20
        finally:
            tracemalloc.stop()
    with pytest.raises(MailServerError):
        source.examine(b"INBOX")


def test_bytes_that_came_before_compression_began_are_refused(
    loopback: AddressPolicy, trust: Trust
) -> None:
    injected = b"%TAG% OK go on\r\n* BYE\r\n"
    with Hostile([*OFFERED, Send(injected), Hang()]) as server:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        with pytest.raises(ProtocolBroken) as caught:
            ImapSource.open(
                endpoint, LOGIN, policy=loopback, trust=trust, deadline=4, compress=True
            )
        assert not isinstance(caught.value, Refused)
