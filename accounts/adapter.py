"""What django-allauth's second factors ask of us: sealing their secrets, and our name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import qrcode
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from qrcode.image.svg import SvgPathFillImage

from accounts.models import User
from lib.sealing import Keyring, Place, parse_keys

_OWNER: ContextVar[int | None] = ContextVar("owner", default=None)
TABLE = "mfa_authenticator"


@contextmanager
def secrets_of(user: User) -> Iterator[None]:
    """Whose secrets are sealed and opened inside: one copied to another person does not open."""
    token = _OWNER.set(user.pk)
    try:
        yield
    finally:
        _OWNER.reset(token)


def keyring() -> Keyring:
    """The keys of this installation (CREDENTIAL_KEYS)."""
    return parse_keys(settings.CREDENTIAL_KEYS)


def seal(text: str, owner: int, ring: Keyring) -> str:
    """The id of the key, a colon, and what is sealed in hex."""
    return f"{ring.newest}:{ring.seal(text, _place(owner)).hex()}"


def unseal(sealed: str, owner: int, ring: Keyring) -> str:
    """What `seal` was given. Raises `lib.sealing.SealError`."""
    key_id, _, token = sealed.rpartition(":")
    return ring.open(bytes.fromhex(token), key_id, _place(owner))


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """What ``MFA_ADAPTER`` names."""

    #: What an authenticator app shows beside the address.
    issuer = ""

    def get_totp_issuer(self) -> str:
        """Said by `accounts.services.second_factor.address_of`."""
        return self.issuer

    def encrypt(self, text: str) -> str:
        """Seal a secret for the person of `secrets_of`."""
        return seal(text, _owner(), keyring())

    def build_totp_svg(self, url: str) -> str:
        """A QR code on white: apps read no light squares on a dark page."""
        drawn = qrcode.make(url, image_factory=SvgPathFillImage, border=2)
        return str(drawn.to_string(encoding="unicode"))

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, object]:
        """Whom a device shows as the owner of a passkey."""
        known = user_pk_to_url_str(user).encode()
        return {"id": known, "name": user.email, "display_name": user.name}

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` sealed."""
        return unseal(encrypted_text, _owner(), keyring())


def _owner() -> int:
    owner = _OWNER.get()
    if owner is None:
        raise LookupError("whose secret it is has to be said first: secrets_of(user)")
    return owner


def _place(owner: int) -> Place:
    return Place(table=TABLE, pk="", field="data", owner=str(owner))
