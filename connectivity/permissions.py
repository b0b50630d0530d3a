"""Causes around a sign-in at the provider (OAuth 2): a part of the catalogue.

``%(provider)s`` is the provider's name where it is known, else the host.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity.cause import Cause, Retry, Turn

_AGAIN = _("Sign in at the provider again.")
_OAUTH = ("oauth",)

PERMISSIONS: Mapping[str, Cause] = {
    "oauth-denied": Cause(
        _("The permission was not given"),
        _("The sign-in at %(provider)s ended without a permission to read and send mail."),
        Turn.YOU,
        _("Sign in again and agree to it. Nothing was saved."),
        "",
        Retry.AFTER_FIX,
        _OAUTH,
    ),
    "oauth-scope-missing": Cause(
        _("A permission is missing"),
        _("%(provider)s was told not to give one of the permissions that mail needs."),
        Turn.YOU,
        _("Sign in again and leave all boxes ticked."),
        "",
        Retry.AFTER_FIX,
        _OAUTH,
    ),
    "oauth-elsewhere": Cause(
        _("This server is not the provider's"),
        _("You signed in at a provider, and %(host)s is not one of its mail servers."),
        Turn.YOU,
        _("The permission you gave is only shown to that provider. Use its own server address."),
        "host",
        Retry.AFTER_FIX,
    ),
    "oauth-consent": Cause(
        _("Your permission is needed"),
        _("%(provider)s wants you to agree before your mail can be read."),
        Turn.YOU,
        _("Sign in at the provider and agree."),
        "",
        Retry.AFTER_FIX,
        _OAUTH,
    ),
    "oauth-admin-consent": Cause(
        _("An administrator has to agree"),
        _("%(provider)s lets only the administrator of your organisation allow this program."),
        Turn.PROVIDER,
        _("Ask the administrator of the other account to allow it, then sign in again."),
        "",
        Retry.AFTER_FIX,
        _OAUTH,
    ),
    "oauth-second-factor": Cause(
        _("A second factor is asked for"),
        _("%(provider)s wants to see your second factor before it goes on."),
        Turn.YOU,
        _AGAIN,
        "",
        Retry.AFTER_FIX,
        _OAUTH,
    ),
    "oauth-idle": Cause(
        _("The permission ran out unused"),
        _("%(provider)s ended a permission that had not been used for a long time."),
        Turn.YOU,
        _AGAIN,
        "",
        Retry.AFTER_FIX,
        _OAUTH,
    ),
    "oauth-password-changed": Cause(
        _("The permission ended with the old password"),
        _("The password at %(provider)s was changed, which ends all permissions given before."),
        Turn.YOU,
        _AGAIN,
        "",
        Retry.AFTER_FIX,
        _OAUTH,
    ),
    "oauth-unknown-user": Cause(
        _("This account is not known there"),
        _("%(provider)s does not know the account you signed in with."),
        Turn.YOU,
        _("Sign in with the address this mailbox belongs to."),
        "",
        Retry.AFTER_FIX,
        _OAUTH,
    ),
}
