"""Certificates nobody vouches for: shown as they are, and believed one by one only."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from protocols import certificates
from protocols.address import AddressPolicy
from protocols.check import CheckReport, CheckStage, Kind, State, check
from protocols.errors import EncryptionFailed
from protocols.imap.idle import Idler
from protocols.smtp import send
from protocols.tls import SeenCertificate, Trust, fingerprint
from protocols.types import Deadline, Endpoint, Login, Security
from standin.certs import Pair, TlsFiles
from standin.dovecot import Dovecot
from standin.hostile import Drop, Expect, Hostile, Send, Step
from standin.smtp import SmtpServer
from tests.servers import USERS

LOGIN = Login("mara", "a pass word")
BAD = [("self_signed", "tls-untrusted"), ("expired", "tls-expired"), ("wrong_name", "tls-name")]
WAYS = [
    *(("imap", way) for way in Security if way is not Security.NONE),
    *(("pop", way) for way in Security if way is not Security.NONE),
    *(("smtp", way) for way in Security if way is not Security.NONE),
]


@dataclass
class Doubtful:
    """Real servers with one certificate."""

    pair: Pair
    cause: str
    mail: Dovecot
    sending: SmtpServer

    @property
    def sha256(self) -> str:
        return sha256_of(self.pair)

    def endpoint(self, kind: str, security: Security) -> Endpoint:
        tls = security is Security.TLS
        ports = {
            "imap": self.mail.imaps_port if tls else self.mail.imap_port,
            "pop": self.mail.pop3s_port if tls else self.mail.pop3_port,
            "smtp": self.sending.tls_port if tls else self.sending.port,
        }
        return Endpoint("localhost", ports[kind], security)


def sha256_of(pair: Pair) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pair.cert.read_text())).hexdigest()


@pytest.fixture(scope="module", params=BAD, ids=[name for name, _ in BAD])
def doubtful(
    request: pytest.FixtureRequest, server_folder: Path, tls_files: TlsFiles
) -> Iterator[Doubtful]:
    name, cause = request.param
    pair: Pair = getattr(tls_files, name)
    folder = server_folder / f"dovecot-{name}"
    with (
        Dovecot(folder, USERS, tls=pair, ca_file=tls_files.ca_file) as mail,
        SmtpServer(USERS, tls=pair) as sending,
    ):
        yield Doubtful(pair, cause, mail, sending)


def seen_in(report: CheckReport) -> SeenCertificate:
    assert isinstance(report.error, EncryptionFailed)
    assert report.error.certificate is not None
    return report.error.certificate


@pytest.mark.parametrize(("kind", "security"), WAYS)
def test_what_was_not_believed_is_shown(
    doubtful: Doubtful, loopback: AddressPolicy, trust: Trust, kind: Kind, security: Security
) -> None:
    endpoint = doubtful.endpoint(kind, security)
    report = check(kind, endpoint, LOGIN, policy=loopback, trust=trust, security=security)
    assert report.error is not None
    assert report.error.cause == doubtful.cause
    seen = seen_in(report)
    assert seen.sha256 == doubtful.sha256
    parsed = x509.load_pem_x509_certificate(doubtful.pair.cert.read_bytes())
    assert (seen.not_before, seen.not_after) == (
        parsed.not_valid_before_utc,
        parsed.not_valid_after_utc,
    )
    wanted = "mail.elsewhere.example" if doubtful.cause == "tls-name" else "localhost"
    assert seen.names[0] == wanted
    assert seen.subject == f"CN={wanted}"
    own = doubtful.cause == "tls-untrusted"
    assert seen.issuer == (seen.subject if own else "CN=Tributary stand-in authority")
    states = {stage.stage: stage.state for stage in report.stages}
    assert states[CheckStage.ENCRYPTION] is State.FAILED
    assert doubtful.sending.logins == []


@pytest.mark.parametrize(("kind", "security"), WAYS)
def test_the_pinned_one_is_believed_whatever_is_wrong_with_it(
    doubtful: Doubtful, loopback: AddressPolicy, trust: Trust, kind: Kind, security: Security
) -> None:
    pinned = Trust(trust.ca_file, pin=doubtful.sha256)
    endpoint = doubtful.endpoint(kind, security)
    report = check(kind, endpoint, LOGIN, policy=loopback, trust=pinned, security=security)
    assert report.ok, str(report.error)
    doubtful.sending.logins.clear()


@pytest.mark.parametrize(("kind", "security"), WAYS)
def test_with_a_pin_no_other_one_is_believed_not_even_a_good_one(
    dovecot: Dovecot,
    smtp_server: SmtpServer,
    tls_files: TlsFiles,
    loopback: AddressPolicy,
    trust: Trust,
    kind: Kind,
    security: Security,
) -> None:
    old = sha256_of(tls_files.self_signed)
    servers = Doubtful(tls_files.good, "", dovecot, smtp_server)
    report = check(
        kind,
        servers.endpoint(kind, security),
        LOGIN,
        policy=loopback,
        trust=Trust(trust.ca_file, pin=old),
        security=security,
    )
    assert report.error is not None
    assert report.error.cause == "tls-pin-changed"
    assert seen_in(report).sha256 == servers.sha256
    told = report.error.public % report.error.params
    assert fingerprint(old) in told
    assert fingerprint(servers.sha256) in told
    assert smtp_server.logins == []


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_message_is_handed_to_a_pinned_server_only(
    doubtful: Doubtful, loopback: AddressPolicy, trust: Trust, security: Security
) -> None:
    def hand_over(pin: str) -> None:
        send(
            doubtful.endpoint("smtp", security),
            LOGIN,
            policy=loopback,
            trust=Trust(trust.ca_file, pin=pin),
            sender="mara@provider.test",
            recipients=["bob@elsewhere.test"],
            message=b"Subject: x\r\n\r\nx\r\n",
        )

    doubtful.sending.accepted.clear()
    with pytest.raises(EncryptionFailed):
        hand_over("0" * 64)
    assert doubtful.sending.accepted == []
    hand_over(doubtful.sha256)
    assert len(doubtful.sending.accepted) == 1


def test_listening_believes_the_pinned_one_as_well(
    doubtful: Doubtful, loopback: AddressPolicy
) -> None:
    endpoint = doubtful.endpoint("imap", Security.TLS)
    pinned = Trust(pin=doubtful.sha256)
    Idler.open(endpoint, LOGIN, policy=loopback, trust=pinned).close()
    with pytest.raises(EncryptionFailed) as caught:
        Idler.open(endpoint, LOGIN, policy=loopback, trust=Trust(pin="f" * 64))
    assert caught.value.cause == "tls-pin-changed"


@pytest.mark.parametrize(
    ("kind", "script"),
    [
        ("imap", [Send(b"* OK ready\r\n"), Expect(), Send(b"A1 NO not now\r\n")]),
        ("imap", [Send(b"* OK ready\r\n"), Expect(), Send(b"* BAD what\r\n" * 200)]),
        ("imap", [Send(b"* OK ready\r\n"), Expect(), Send(b"A1 OK go\r\n* OK more\r\n")]),
        ("imap", [Send(b"+OK no such server\r\n")]),
        ("pop", [Send(b"+OK ready\r\n"), Expect(), Send(b"-ERR no\r\n")]),
        ("smtp", [Send(b"220 ready\r\n"), Expect(), Send(b"250-x\r\n" * 200)]),
        ("smtp", [Send(b"220 x\r\n"), Expect(), Send(b"250 x\r\n"), Expect(), Send(b"454 no\r\n")]),
        ("smtp", [Drop()]),
    ],
)
def test_a_server_that_shows_no_certificate_is_left_alone(
    loopback: AddressPolicy, kind: str, script: list[Step]
) -> None:
    with Hostile(list(script)) as server:
        endpoint = Endpoint("127.0.0.1", server.port, Security.STARTTLS)
        assert certificates.look(kind, endpoint, loopback, Deadline(5)) is None


def test_looking_passes_the_guard() -> None:
    endpoint = Endpoint("127.0.0.1", 993, Security.TLS)
    assert certificates.look("imap", endpoint, AddressPolicy(), Deadline(5)) is None


@pytest.mark.parametrize("der", [b"", b"\x30\x03\x02\x01\x01", b"x" * 1000, b"\x30" * 70_000])
def test_what_is_no_certificate_is_not_read(der: bytes) -> None:
    assert certificates.read(der) is None


def test_names_of_a_certificate_are_made_fit_to_show() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a\r\nb\u202e<script>")])
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(f"{n}.example") for n in range(500)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    seen = certificates.read(made.public_bytes(Encoding.DER))
    assert seen is not None
    assert not set("\r\n\u202e") & set(seen.subject)
    assert len(seen.names) == 20
