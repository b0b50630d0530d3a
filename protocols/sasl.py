"""Signing in with an OAuth 2 access token: SASL XOAUTH2 and OAUTHBEARER (RFC 7628).

XOAUTH2 is what Google made up and Microsoft took over, https://developers.google.com/gmail/imap;
both know nothing else everywhere, so it comes first.
"""

import base64
import binascii
import json
from collections.abc import Collection

from protocols.errors import redact

XOAUTH2, OAUTHBEARER = "XOAUTH2", "OAUTHBEARER"
MECHANISMS = (XOAUTH2, OAUTHBEARER)
_COMPLAINT_CAP = 4096


def chosen(offered: Collection[str]) -> str:
    """The mechanism to use of those a server offers, in capitals; empty where it takes none."""
    return next((each for each in MECHANISMS if each in offered), "")


def first(mechanism: str, username: str, token: str) -> bytes:
    """The client's first answer, in base64."""
    if mechanism == XOAUTH2:
        said = f"user={username}\1auth=Bearer {token}\1\1"
    else:
        name = username.replace("=", "=3D").replace(",", "=2C")
        said = f"n,a={name},\1auth=Bearer {token}\1\1"
    return base64.b64encode(said.encode())


def dismissal(mechanism: str) -> bytes:
    """The answer to a server's complaint, after which it says no.

    Nothing for XOAUTH2, else a single ^A in base64 (RFC 7628 section 3.2.3).
    """
    return b"" if mechanism == XOAUTH2 else base64.b64encode(b"\1")


def complaint(challenge: bytes | str | None, *secrets: str) -> str:
    """What a server's challenge says is wrong with a token, such as "401 invalid_token".

    It is JSON in base64 (RFC 7628 section 3.2.2); empty where it is not.
    """
    try:
        raw = base64.b64decode((challenge or b"")[:_COMPLAINT_CAP], validate=True)
        found = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    words = (str(found[name]) for name in ("status", "error", "scope") if name in found)
    return redact(" ".join(words), *secrets)
