"""DKIM signatures of a message, checked by ourselves (RFC 6376, RFC 8301, RFC 8463). Pure.

Whoever asks DNS is handed in. What a stranger wrote is capped before it reaches the library, whose
patterns take quadratic time on long runs of blanks: bodies are hashed here, and signatures that
have such runs are none.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import dkim
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dkim.util import parse_tag_value

from mailstore import headers

MAX_MESSAGE: Final = 30 * 1024 * 1024
MAX_SIGNATURES: Final = 10
MAX_FIELD: Final = 8192
#: Letters of a key record. 8192 bits fit, and nobody can make us calculate with more.
MAX_KEY: Final = 2000
LEAST_BITS: Final = 1024

PASS, FAIL, NO_KEY, WEAK, EXPIRED, PARTIAL, BROKEN, UNANSWERED = (
    "pass", "fail", "nokey", "weak", "expired", "partial", "broken", "unanswered",
)  # fmt: skip

_LINE_END = re.compile(rb"\r?\n")
_BLANKS = re.compile(rb"\t[ \t]*| [ \t]+")
_SPACE = re.compile(rb"\s+")
_LONG_GAP = re.compile(rb"\s{200}")
_FIELD_NAME = re.compile(rb"[!-9;-~]{1,100}")
_NAME = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")


class UnansweredError(Exception):
    """DNS did not answer; another time it may."""


# The TXT records of a name. Raises `UnansweredError`.
Ask = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: whose, its selector, whether it holds, and the fields it covers."""

    domain: str
    selector: str
    result: str
    covers: tuple[str, ...] = ()


def check(raw: bytes, ask: Ask, received: datetime) -> list[Signature]:
    """The signatures of a message, at most `MAX_SIGNATURES`; none for what cannot be read.

    `received` is when it arrived: what expired later held then.
    """
    if len(raw) > MAX_MESSAGE:
        return []
    start = headers.offset(raw)
    body_at = headers.body_start(raw[start:]) + start
    if body_at - start > headers.MAX_BLOCK:
        return []
    try:
        fields, _none = dkim.rfc822_parse(raw[start:body_at])
    except (dkim.DKIMException, IndexError):
        return []
    body = raw[body_at:]
    if body.count(b"\n") != body.count(b"\r\n"):
        body = _LINE_END.sub(b"\r\n", body)
    checker = _Checker(fields, body, ask, received)
    signed = [one for one in fields if one[0].lower() == b"dkim-signature"]
    return [checker.signature(one) for one in signed[:MAX_SIGNATURES]]


class _Checker:
    """Checks the signatures of one message; asks for each key once."""

    def __init__(self, fields: list[Any], body: bytes, ask: Ask, received: datetime) -> None:
        self._ask, self._received = ask, received
        self._fields, self._body = fields, body
        self._hashes: dict[bytes, bytes] = {}
        self._keys: dict[str, Sequence[str]] = {}

    def signature(self, field: list[bytes]) -> Signature:
        """What is to be said of a signature. Never raises."""
        if len(field[1]) > MAX_FIELD or _LONG_GAP.search(field[1]):
            return Signature("", "", BROKEN)
        try:
            tags = parse_tag_value(field[1])
            domain, selector = tags[b"d"].lower(), tags[b"s"].lower()
            if not (_NAME.fullmatch(domain) and _NAME.fullmatch(selector)):
                return Signature("", "", BROKEN)
            covers = tuple(one.strip().lower() for one in tags[b"h"].split(b":"))
            result = self._result(field, tags, covers)
        except Exception:  # noqa: BLE001 # dkimpy lets through whatever base64 and ASN.1 raise
            return Signature("", "", BROKEN)
        names = tuple(one.decode() for one in covers if _FIELD_NAME.fullmatch(one))
        return Signature(domain.decode(), selector.decode(), result, names)

    def _result(self, field: list[bytes], tags: dict[bytes, bytes], covers: Any) -> str:
        expires = tags.get(b"x", b"")
        dkim.validate_signature_fields({key: tags[key] for key in tags if key not in (b"x", b"t")})
        if expires and int(expires) < self._received.timestamp():
            return EXPIRED
        if b"l" in tags:
            # Anything may be written below what it covers.
            return PARTIAL
        if b"from" not in covers:
            return BROKEN
        if tags[b"a"].endswith(b"sha1"):
            return WEAK
        name = f"{tags[b's'].decode()}._domainkey.{tags[b'd'].decode()}".lower()
        try:
            key = self._key(name)
        except UnansweredError:
            return UNANSWERED
        return self._verified(field, tags, list(covers), key) if key else NO_KEY

    def _key(self, name: str) -> str:
        """The key record of that name; empty for none, a revoked one or one for trials."""
        if name not in self._keys:
            self._keys[name] = self._ask(name)
        found = [one for one in self._keys[name] if "p=" in one]
        if len(found) != 1 or len(found[0]) > MAX_KEY:
            return ""
        tags = parse_tag_value(found[0].encode())
        is_trial = b"y" in tags.get(b"t", b"").split(b":")
        return found[0] if tags.get(b"p") and not is_trial else ""

    def _verified(
        self, field: list[bytes], tags: dict[bytes, bytes], covers: list[bytes], key: str
    ) -> str:
        checker = dkim.DKIM(None, minkey=LEAST_BITS)
        checker.headers = self._fields
        said = parse_tag_value(key.encode())
        edwards = _Edwards(said) if said.get(b"k", b"").lower() == b"ed25519" else None
        if (edwards is not None) != tags[b"a"].startswith(b"ed25519"):
            return FAIL
        found = (edwards, 256, b"ed25519", False) if edwards else dkim.evaluate_pk(tags[b"d"], key)
        checker.pk, checker.keysize, checker.ktag, checker.seqtlsrpt = found
        if checker.ktag == b"rsa" and checker.keysize < LEAST_BITS:
            return WEAK
        if base64.b64decode(_SPACE.sub(b"", tags[b"bh"])) != self._body_hash(tags):
            return FAIL
        # Without it the library leaves the body alone, which it would go through again each time.
        head = {name: value for name, value in tags.items() if name != b"bh"}
        holds = checker.verify_sig_process(head, covers, field, None)
        return PASS if holds and (edwards is None or edwards.held) else FAIL

    def _body_hash(self, tags: dict[bytes, bytes]) -> bytes:
        """The hash of the body in the form a signature names (RFC 6376 section 3.4)."""
        form = tags.get(b"c", b"").partition(b"/")[2] or b"simple"
        if form not in self._hashes:
            self._hashes[form] = sha256(canonical(self._body, relaxed=form == b"relaxed")).digest()
        return self._hashes[form]


class _Edwards:
    """A key of RFC 8463 as the library asks for one. It remembers whether the signature held: the
    library knows a refusal only from a package that we do without."""

    def __init__(self, record: dict[bytes, bytes]) -> None:
        self.held = False
        key = base64.b64decode(_SPACE.sub(b"", record[b"p"]))
        self._key = Ed25519PublicKey.from_public_bytes(key)

    def verify(self, digest: bytes, signature: bytes) -> None:
        """Called by the library."""
        with suppress(InvalidSignature):
            self._key.verify(signature, digest)
            self.held = True


def canonical(body: bytes, *, relaxed: bool) -> bytes:
    """A body, its lines ended by CRLF, as RFC 6376 sections 3.4.3 and 3.4.4 have it; linear."""
    if relaxed:
        body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n" if end or not relaxed else b""
