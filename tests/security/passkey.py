"""A passkey as it is stored, without a browser that made one."""

from __future__ import annotations

from typing import Any

from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

ID = b"a passkey's name"


def stored() -> dict[str, Any]:
    """What `allauth.mfa.models.Authenticator.data` holds of one; nobody can sign in with it."""
    key = ES256({1: 2, 3: -7, -1: 1, -2: b"\1" * 32, -3: b"\2" * 32})
    made = AttestedCredentialData.create(Aaguid.NONE, ID, key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    proof = AttestationObject.create(
        "none", AuthenticatorData.create(b"\0" * 32, flags, 0, made), {}
    )
    said = CollectedClientData.create("webauthn.create", b"x" * 32, "https://testserver")
    answer = {
        "attestationObject": websafe_encode(bytes(proof)),
        "clientDataJSON": websafe_encode(bytes(said)),
    }
    name = websafe_encode(ID)
    return {
        "name": "Mine",
        "credential": {"id": name, "rawId": name, "type": "public-key", "response": answer},
    }
