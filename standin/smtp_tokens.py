"""Signing in to the stand-in SMTP server with an OAuth 2 access token (RFC 7628)."""

import asyncio
import base64
import binascii
import re
from collections.abc import Callable

from aiosmtpd.smtp import MISSING, SMTP, AuthResult

MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
#: Whose token it is, by what its provider says; empty for one it knows nothing of.
Owner = Callable[[str], str]
_COMPLAINT = '{"status":"401","schemes":"bearer"}'
_SAID = re.compile(r"(?:user=|n,a=)([^\x01]+?),?\x01auth=Bearer ([!-~]+)\x01\x01")


class TokenHandler:
    """The part of aiosmtpd's handler that is asked to check tokens, by `owner`."""

    owner: Owner | None = None

    async def auth_XOAUTH2(self, smtp: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - its name
        """AUTH XOAUTH2."""
        return await self._with_token(smtp, args)

    async def auth_OAUTHBEARER(self, smtp: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - its name
        """AUTH OAUTHBEARER."""
        return await self._with_token(smtp, args)

    async def _with_token(self, smtp: SMTP, args: list[str]) -> AuthResult:
        said = await smtp.challenge_auth("") if len(args) == 1 else _decoded(args[1])
        found = _SAID.fullmatch(said.decode("utf-8", "replace")) if said is not MISSING else None
        if found and self.owner is not None:
            name = found[1].replace("=2C", ",").replace("=3D", "=")
            # The provider is asked over the network, and other sessions go on meanwhile.
            if await asyncio.to_thread(self.owner, found[2]) == name:
                return AuthResult(success=True, auth_data=name)
        # The client answers a complaint with something of no interest, then hears a no.
        await smtp.challenge_auth(_COMPLAINT)
        return AuthResult(success=False, handled=False)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
