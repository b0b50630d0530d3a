"""Causes around how this installation is registered at a provider: a part of the catalogue.

``%(provider)s`` is the provider's name where it is known, else the host.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity.cause import Cause, Retry, Turn

_AGAIN = _("Sign in at the provider again.")
_OPERATOR = _("An administrator of this installation has to mend it. Tell them what is said below.")
_OAUTH = ("oauth",)

REGISTRATIONS: Mapping[str, Cause] = {
    "oauth-state": Cause(
        _("This sign-in is over"),
        _("It was begun more than ten minutes ago, in another browser, or is finished already."),
        Turn.YOU,
        _AGAIN,
        "",
        Retry.NEVER,
        _OAUTH,
    ),
    "oauth-issuer": Cause(
        _("Another service answered"),
        _("The answer to this sign-in did not come from %(provider)s. It was not used."),
        Turn.YOU,
        _("Sign in again. If it happens again, tell an administrator of this installation."),
        "",
        Retry.NEVER,
        _OAUTH,
    ),
    "oauth-unregistered": Cause(
        _("This sign-in is not set up"),
        _("Nobody has registered this installation with the provider, so it lets nobody sign in."),
        Turn.ADMINISTRATOR,
        _("Contact your administrator: it is done once, under Sign-in providers."),
        "",
    ),
    "oauth-no-device": Cause(
        _("No sign-in on another device"),
        _("%(provider)s offers no sign-in by a code typed on another device."),
        Turn.ADMINISTRATOR,
        _("Use the sign-in in this browser. It needs a public address of this installation."),
        "",
    ),
    "oauth-refused": Cause(
        _("The sign-in was ended"),
        _("%(provider)s ended the sign-in without giving a permission."),
        Turn.YOU,
        _AGAIN,
        "",
        Retry.NEVER,
        _OAUTH,
    ),
    "oauth-redirect": Cause(
        _("The way back is not registered"),
        _("%(provider)s does not know the address of this installation that it should return to."),
        Turn.ADMINISTRATOR,
        _("An administrator of this installation has to enter the redirect address there."),
        "",
    ),
    "oauth-client": Cause(
        _("This installation is not known there"),
        _("%(provider)s does not accept the client ID or the client secret of this installation."),
        Turn.ADMINISTRATOR,
        _OPERATOR,
        "",
    ),
    "oauth-secret-expired": Cause(
        _("The client secret has run out"),
        _("The client secret this installation has from %(provider)s is no longer valid."),
        Turn.ADMINISTRATOR,
        _("An administrator of this installation has to enter a new one."),
        "",
    ),
    "oauth-scope": Cause(
        _("The permissions are not registered"),
        _("%(provider)s does not let this installation ask for the permissions that mail needs."),
        Turn.ADMINISTRATOR,
        _OPERATOR,
        "",
    ),
}
