"""Whether a message is signed or encrypted, by which method, and nothing more: no signature is
checked here, so nobody may read "signed" as "genuine". RFC 3156 (PGP/MIME), RFC 8551 (S/MIME),
RFC 9580 (text in armour)."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailstore.mime import Part

PGP, SMIME = "PGP", "S/MIME"
#: How far into a text an armour is looked for, and into a part its first object identifier.
_REACH = 64 * 1024
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_ARMOUR = {"-----BEGIN PGP MESSAGE-----": True, "-----BEGIN PGP SIGNED MESSAGE-----": False}


@dataclass(frozen=True, slots=True)
class Seal:
    """How a message is sealed. ``part`` is the attachment that holds what cannot be shown."""

    method: str
    is_encrypted: bool
    part: int | None = None


def seal(parts: Sequence[Part], text: str = "", first: bytes = b"") -> Seal | None:
    """The outermost seal of a message, told from its attachments and its text.

    ``first`` is the beginning of an S/MIME part where there is one (`sealed_part`): whether it is
    signed or encrypted is said inside it, whatever its name says.
    """
    kinds = {one.content_type.removeprefix("application/").removeprefix("x-"): one for one in parts}
    if "pgp-encrypted" in kinds:
        others = [one for one in parts if one.content_type == "application/octet-stream"]
        return Seal(PGP, is_encrypted=True, part=others[0].index if others else None)
    if "pkcs7-mime" in kinds:
        is_signed = _SIGNED_DATA in first[:64]
        return Seal(SMIME, is_encrypted=not is_signed, part=kinds["pkcs7-mime"].index)
    if "pgp-signature" in kinds:
        return Seal(PGP, is_encrypted=False)
    if "pkcs7-signature" in kinds:
        return Seal(SMIME, is_encrypted=False)
    for mark, is_encrypted in _ARMOUR.items():
        at = text[:_REACH].find(mark)
        # At the beginning of a line: elsewhere it is spoken of.
        if at == 0 or (at > 0 and text[at - 1] == "\n"):
            return Seal(PGP, is_encrypted=is_encrypted)
    return None


def sealed_part(parts: Sequence[Part]) -> int | None:
    """The part whose beginning `seal` wants to see."""
    names = ("application/pkcs7-mime", "application/x-pkcs7-mime")
    return next((one.index for one in parts if one.content_type in names), None)
