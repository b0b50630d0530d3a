"""Signing messages as their senders do, and the records that say so in DNS."""

from __future__ import annotations

import base64
from functools import lru_cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@lru_cache
def key(bits: int = 1024) -> rsa.RSAPrivateKey:
    """A key of that size, the same in every test."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def record(bits: int = 1024) -> str:
    """The text of the key's record, in two pieces as DNS wants long ones."""
    der = (
        key(bits)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"
    return f'"{text[:200]}" "{text[200:]}"'


def signed(
    raw: bytes,
    domain: str = "harbourline.test",
    *,
    bits: int = 1024,
    also: tuple[bytes, ...] = (),
    **more: object,
) -> bytes:
    """The message with a signature of that domain on top, selector "sel"."""
    raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    pem = key(bits).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    names = [b"from", b"subject", b"to", *also]
    options = {"canonicalize": (b"relaxed", b"relaxed"), "include_headers": names, **more}
    made: bytes = dkim.sign(raw, b"sel", domain.encode(), pem, **options)
    return made + raw
