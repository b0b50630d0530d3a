"""Who lets programs sign in for people (OAuth 2.0): addresses and permissions of each.

Taken from the documentation of Microsoft (identity platform v2.0, "Authenticate an IMAP, POP or
SMTP connection using OAuth") and Google ("OAuth 2.0 for web server applications", "IMAP, POP,
and SMTP: XOAUTH2"). An `OAuthClient` may name other addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

IMAP, POP, SMTP = "imap", "pop", "smtp"
_OUTLOOK = "https://outlook.office.com"
#: What tells who signed in (OpenID Connect Core section 5.4).
WHO = frozenset({"openid", "email"})


@dataclass(frozen=True, slots=True)
class OAuthProvider:
    """One sign-in service.

    ``permissions`` are the scopes that let a program fetch (imap, pop) and send (smtp); ``always``
    are asked for besides. ``{tenant}`` in an address is what the client names, else ``tenant``.
    ``extra`` goes with every sign-in. Empty addresses: there is no such thing. ``register_url``
    is where an administrator gets a client ID.
    """

    key: str
    name: str
    authorize_url: str
    token_url: str
    permissions: Mapping[str, str]
    always: frozenset[str]
    register_url: str
    checked_on: date
    device_url: str = ""
    revoke_url: str = ""
    issuer: str = ""
    tenant: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def scopes(self) -> frozenset[str]:
        """Everything to ask for, so that one permission serves fetching and sending."""
        return frozenset(self.permissions.values()) | self.always


_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"

OAUTH_PROVIDERS: Mapping[str, OAuthProvider] = {
    each.key: each
    for each in (
        OAuthProvider(
            key="microsoft",
            name="Microsoft",
            authorize_url=f"{_MICROSOFT}/authorize",
            token_url=f"{_MICROSOFT}/token",
            device_url=f"{_MICROSOFT}/devicecode",
            # Microsoft has no way to withdraw a single permission, and its issuer is that of the
            # person's organisation, which is known only afterwards.
            permissions={
                IMAP: f"{_OUTLOOK}/IMAP.AccessAsUser.All",
                POP: f"{_OUTLOOK}/POP.AccessAsUser.All",
                SMTP: f"{_OUTLOOK}/SMTP.Send",
            },
            always=WHO | {"offline_access"},
            # People with private accounts and those of organisations alike.
            tenant="common",
            extra={"prompt": "select_account"},
            register_url="https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps",
            checked_on=date(2026, 11, 21),
        ),
        OAuthProvider(
            key="google",
            name="Google",
            authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
            token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
            # Google's device flow does not allow its mail permission.
            revoke_url="https://oauth2.googleapis.com/revoke",
            issuer="https://accounts.google.com",
            permissions=dict.fromkeys((IMAP, POP, SMTP), "https://mail.google.com/"),
            always=WHO,
            # Without both there is no refresh token, or only the first time.
            extra={"access_type": "offline", "prompt": "consent"},
            register_url="https://console.cloud.google.com/auth/clients",
            checked_on=date(2026, 11, 21),
        ),
    )
}


def kind_of(values: Mapping[str, object], draft_kind: str) -> str:
    """What a draft's account is for: "imap", "pop" or "smtp"."""
    if draft_kind == SMTP:
        return SMTP
    return POP if values.get("type") == POP else IMAP


def granted(provider: OAuthProvider, scopes: frozenset[str], kind: str) -> bool:
    """Whether these scopes, as a provider named them, let a program do ``kind``.

    None named means all that were asked for (RFC 6749 section 5.1). Microsoft leaves the address
    of its service out at times.
    """
    wanted = provider.permissions[kind].lower()
    named = {each.lower() for each in scopes}
    return not named or bool({wanted, wanted.removeprefix(f"{_OUTLOOK}/")} & named)
