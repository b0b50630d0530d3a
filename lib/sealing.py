"""Sealing one secret so that it opens only in the row it was sealed for.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. The associated data names the format
version, the key, the table, the row, the field and the owner: a ciphertext copied to another
row, field or owner does not open.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12


class SealError(Exception):
    """The token does not open: another key, another row, or it was changed."""


class KeyFormatError(ValueError):
    """A key entry that is not ``id:base64 of 32 bytes``. The text never contains the key."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed secret lives; all of it is authenticated."""

    table: str
    pk: str
    field: str
    owner: str

    def associated(self, key_id: str) -> bytes:
        """The associated data. No part can contain the separator, so no two places collide."""
        parts = (str(VERSION), key_id, self.table, self.pk, self.field, self.owner)
        if any("|" in part for part in parts):
            raise ValueError("a place may not contain '|'")
        return "|".join(parts).encode()


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """Keys by id. ``newest`` seals, all of them open."""

    newest: str
    keys: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(self.keys)}>"

    def seal(self, secret: str, place: Place) -> bytes:
        """Return version, nonce and ciphertext of ``secret`` under the newest key."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = AESGCM(self.keys[self.newest])
        sealed = cipher.encrypt(nonce, secret.encode(), place.associated(self.newest))
        return bytes([VERSION]) + nonce + sealed

    def open(self, token: bytes, key_id: str, place: Place) -> str:
        """Return the secret. Raises `SealError` and tells only the kind of failure."""
        key = self.keys.get(key_id)
        if key is None:
            raise SealError(f"key {key_id!r} is not in CREDENTIAL_KEYS")
        if not token or token[0] != VERSION:
            raise SealError("unknown token format")
        nonce, sealed = token[1 : 1 + _NONCE_BYTES], token[1 + _NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, sealed, place.associated(key_id)).decode()
        except (InvalidTag, ValueError):
            raise SealError("the token was changed or belongs to another row") from None


def parse_keys(entries: Sequence[str]) -> Keyring:
    """Read ``id:base64`` entries, newest first. Raises `KeyFormatError`."""
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(entries, start=1):
        key_id, _, encoded = entry.partition(":")
        if not key_id or "|" in key_id or len(key_id) > 32:
            raise KeyFormatError(f"entry {number} has no usable id")
        if key_id in keys:
            raise KeyFormatError(f"the id of entry {number} is used twice")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise KeyFormatError(f"entry {number} is not the base64 form of {_KEY_BYTES} bytes")
        keys[key_id] = key
    if not keys:
        raise KeyFormatError("there is no key")
    return Keyring(newest=next(iter(keys)), keys=keys)
