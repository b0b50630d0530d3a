"""A certificate authority of our own, with good certificates and every kind of bad one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_GOOD_NAMES = (
    "localhost",
    "127.0.0.1",
    "::1",
    "river.test",
    "*.river.test",
    "hoster.test",
    "*.hoster.test",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Paths of a certificate and its key, both PEM."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The authority and server certificates signed by it, except `self_signed`."""

    ca_file: Path
    good: Pair
    wrong_name: Pair
    expired: Pair
    self_signed: Pair


def make(folder: Path) -> TlsFiles:
    """Write a new authority and its certificates into `folder`; good ones last ten years."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("Tributary stand-in authority")
    ca = _signed(ca_name, ca_name, ca_key, ca_key, (), authority=True)
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(ca.public_bytes(Encoding.PEM))

    def issue(stem: str, names: tuple[str, ...], *, days: int = 3650, own: bool = False) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(names[0])
        issuer, signer = (name, key) if own else (ca_name, ca_key)
        cert = _signed(name, issuer, key, signer, names, days=days)
        return _write(folder, stem, cert, key)

    return TlsFiles(
        ca_file=ca_file,
        good=issue("good", _GOOD_NAMES),
        wrong_name=issue("wrong-name", ("mail.elsewhere.example",)),
        expired=issue("expired", _GOOD_NAMES, days=-2),
        self_signed=issue("self-signed", _GOOD_NAMES, own=True),
    )


def existing(folder: Path) -> TlsFiles | None:
    """What `make` wrote into this folder earlier, or None."""
    stems = ("good", "wrong-name", "expired", "self-signed")
    pairs = [Pair(folder / f"{stem}.pem", folder / f"{stem}.key") for stem in stems]
    files = [folder / "ca.pem", *(file for pair in pairs for file in (pair.cert, pair.key))]
    return TlsFiles(files[0], *pairs) if all(file.exists() for file in files) else None


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    names: tuple[str, ...],
    *,
    days: int = 3650,
    authority: bool = False,
) -> x509.Certificate:
    end = datetime.now(UTC) + timedelta(days=days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(end, datetime.now(UTC)) - timedelta(days=30))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
        ).add_extension(usage, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(
    folder: Path, stem: str, cert: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> Pair:
    pair = Pair(folder / f"{stem}.pem", folder / f"{stem}.key")
    pair.cert.write_bytes(cert.public_bytes(Encoding.PEM))
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    pair.key.chmod(0o600)
    return pair
