"""Web push: a few words to one browser, by way of its maker's push service (RFC 8030).

The words are encrypted for that browser (RFC 8291), and signed with the installation's key, so
that the service knows who calls (RFC 8292). The address of the service came from a browser, that
is from anybody, so it is reached as every address people name.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocols import web
from protocols.address import AddressPolicy
from protocols.tls import Trust

#: Seconds a service keeps a message for a browser that is away.
KEPT_FOR = 12 * 3600
#: Seconds a signature is good for; a service takes 24 hours at most.
GOOD_FOR = 6 * 3600
#: Bytes of what is told; services take 4096 in all (RFC 8030 section 7.2).
LONGEST = 3000
KEY_BYTES, AUTH_BYTES = 65, 16
_ANSWER_CAP = 4096


@dataclass(frozen=True, slots=True)
class Browser:
    """A subscription: where it is reached, its public key (an uncompressed point) and secret."""

    endpoint: str
    key: bytes = field(repr=False)
    auth: bytes = field(repr=False)


def signing_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The installation's key, from base64url of 32 bytes. Raises ValueError."""
    raw = unpacked(text)
    if len(raw) != 32:
        raise ValueError("a key has 32 bytes")
    return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())


def new_signing_key() -> str:
    """A new one, in that form."""
    key = ec.generate_private_key(ec.SECP256R1())
    return packed(key.private_numbers().private_value.to_bytes(32, "big"))


def public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """What a browser is told when it subscribes, in base64url."""
    return packed(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def is_point(key: bytes) -> bool:
    """Whether these bytes are a public key."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError:
        return False
    return len(key) == KEY_BYTES


def send(
    browser: Browser,
    words: bytes,
    *,
    key: ec.EllipticCurvePrivateKey,
    contact: str,
    now: float,
    policy: AddressPolicy,
    trust: Trust,
    deadline: float,
) -> int:
    """Hand over the words within `deadline` seconds; the status the service answers with.

    404 and 410 say that the browser is gone for good. `contact` is a mailto: or https: address
    of the operator, `now` seconds since 1970. Raises a `MailServerError`.
    """
    headers = {
        "Authorization": signature(browser.endpoint, key=key, contact=contact, now=now),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEPT_FOR),
        "Urgency": "normal",
    }
    return web.post(
        browser.endpoint,
        encrypted(words, browser),
        policy=policy,
        trust=trust,
        deadline=deadline,
        headers=headers,
        cap=_ANSWER_CAP,
    ).status


def encrypted(words: bytes, browser: Browser) -> bytes:
    """One record of RFC 8188, under a key made for this message alone. Raises ValueError."""
    sealed: bytes = http_ece.encrypt(
        words[:LONGEST],
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=browser.key,
        auth_secret=browser.auth,
        version="aes128gcm",
    )
    return sealed


def signature(endpoint: str, *, key: ec.EllipticCurvePrivateKey, contact: str, now: float) -> str:
    """The Authorization header: a signed token for that service alone (RFC 8292 section 3)."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(now) + GOOD_FOR,
        "sub": contact,
    }
    head = packed(json.dumps({"typ": "JWT", "alg": "ES256"}).encode())
    signed = f"{head}.{packed(json.dumps(claims).encode())}"
    first, second = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    mark = packed(first.to_bytes(32, "big") + second.to_bytes(32, "big"))
    return f"vapid t={signed}.{mark}, k={public_key(key)}"


def packed(raw: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """The bytes of such a text. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
