"""Causes for which the other side wants patience or a permission: a part of the catalogue.

``%(provider)s`` is the provider's name where it is known, else the host.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity.cause import Cause, Retry, Turn

_GOES_ON = _("You need not do anything. It goes on by itself.")

WAITS: Mapping[str, Cause] = {
    "throttled": Cause(
        _("Asked to slow down"),
        _("%(provider)s asked for fewer requests."),
        Turn.NOBODY,
        _GOES_ON,
        retry=Retry.AT_RESET,
    ),
    "limited": Cause(
        _("Too many connections"),
        _("%(provider)s allows no more connections to this account at the moment."),
        Turn.NOBODY,
        _("Phones and other mail programs count too. It goes on by itself."),
        retry=Retry.AT_RESET,
    ),
    "over-quota": Cause(
        _("The limit of the provider is reached"),
        _("%(provider)s limits how much an account may fetch, and that much has been fetched."),
        Turn.NOBODY,
        _GOES_ON,
        retry=Retry.AT_RESET,
    ),
    "daily-budget": Cause(
        _("Enough for today"),
        _(
            "%(provider)s limits how much can be fetched in a day. The rest waits, so that your "
            "other programs are not shut out."
        ),
        Turn.NOBODY,
        _GOES_ON,
        retry=Retry.AT_RESET,
    ),
    "in-use": Cause(
        _("The mailbox is in use"),
        _("Another program has the mailbox at %(provider)s open, or looked into it just now."),
        Turn.NOBODY,
        _("It is tried again by itself. If it stays so, let the other program look less often."),
        retry=Retry.AT_RESET,
    ),
    "login-delay": Cause(
        _("Looked into too often"),
        _("%(provider)s allows only one look into this mailbox every few minutes."),
        Turn.NOBODY,
        _GOES_ON,
        retry=Retry.AT_RESET,
    ),
    "not-connected": Cause(
        _("The mailbox did not open"),
        _("%(provider)s accepted the sign-in, but could not open the mailbox."),
        Turn.PROVIDER,
        _(
            "This often passes by itself. If it stays so, see that IMAP is allowed for this "
            "account, and that the username is not that of a shared mailbox."
        ),
    ),
    "circuit-open": Cause(
        _("Trouble at the provider"),
        _("Several accounts at %(provider)s cannot be reached at the moment."),
        Turn.NOBODY,
        _("Your settings are not the reason. It goes on by itself."),
        retry=Retry.AT_RESET,
    ),
    "space-full": Cause(
        _("Your space is full"),
        _("There is no space left here for new mail."),
        Turn.YOU,
        _(
            "Nothing is lost: new mail waits where it is. Delete what you do not need and empty "
            "Trash, or ask your administrator for more space. It goes on by itself."
        ),
        retry=Retry.AT_RESET,
    ),
    "provider-paused": Cause(
        _("Paused by the administrator"),
        _("Your administrator paused retrieval at %(provider)s."),
        Turn.ADMINISTRATOR,
        _("Nothing is lost: your mail waits there. It goes on by itself."),
        retry=Retry.AT_RESET,
    ),
    "login-spacing": Cause(
        _("Taking turns"),
        _("Several accounts sign in at %(provider)s, one after another."),
        Turn.NOBODY,
        _GOES_ON,
        retry=Retry.AT_RESET,
    ),
    "folder-refused": Cause(
        _("A folder did not open"),
        _("%(provider)s refused to open a folder. The others were fetched."),
        Turn.PROVIDER,
        _("It is tried again by itself. The list of folders names it."),
    ),
    "token-expired": Cause(
        _("The permission ran out"),
        _("The permission to sign in at %(provider)s ran out and is asked for anew."),
        Turn.NOBODY,
        _GOES_ON,
    ),
    "oauth-revoked": Cause(
        _("The permission was withdrawn"),
        _("%(provider)s no longer accepts the permission you gave for this account."),
        Turn.YOU,
        _("Sign in at the provider again to give it anew."),
        retry=Retry.AFTER_FIX,
        buttons=("oauth",),
    ),
    "oauth-unavailable": Cause(
        _("The sign-in service does not answer"),
        _("The service of %(provider)s that lets programs sign in could not be reached."),
        Turn.NOBODY,
        _GOES_ON,
    ),
}
