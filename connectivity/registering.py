"""What an administrator does at a provider before its sign-in can be used here, in steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Guide:
    """How to register this installation: ``about`` is whom it serves, ``steps`` are in order.

    ``wants_redirect`` and ``wants_scopes`` are the numbers of the steps that need these texts.
    """

    about: Text
    steps: tuple[Text, ...]
    wants_redirect: int
    wants_scopes: int
    note: Text = ""


GUIDES: Mapping[str, Guide] = {
    "microsoft": Guide(
        _("For Outlook.com, Hotmail, Live and Microsoft 365. They accept no passwords any more."),
        (
            _(
                "In Microsoft Entra, open “App registrations” and choose “New registration”. "
                "Give it a name your users recognise."
            ),
            _(
                "Under “Supported account types”, choose accounts in any organisational directory "
                "and personal Microsoft accounts."
            ),
            _("Under “Redirect URI”, choose “Web” and paste this address:"),
            _(
                "Under “API permissions”, add these delegated permissions of Microsoft Graph: "
                "IMAP.AccessAsUser.All, POP.AccessAsUser.All, SMTP.Send, offline_access, openid "
                "and email. They are asked for as:"
            ),
            _(
                "Under “Certificates & secrets”, make a client secret. Copy its value, not its "
                "ID, and note when it expires."
            ),
            _("Copy the “Application (client) ID” from the overview."),
        ),
        wants_redirect=3,
        wants_scopes=4,
        note=_(
            "To serve only your own organisation, enter its tenant here. To sign in with a code "
            "on another device, allow public client flows under “Authentication”."
        ),
    ),
    "google": Guide(
        _("For Gmail and Google Workspace. App passwords keep working beside it."),
        (
            _("In the Google Cloud console, make a project and open “Google Auth Platform”."),
            _(
                "Under “Audience”, choose “Internal” for your own Workspace. “External” is for "
                "everybody, and Google reviews it before more than 100 people can use it."
            ),
            _("Under “Data access”, add this permission:"),
            _("Under “Clients”, make a client of type “Web application” with this redirect URI:"),
            _("Copy the client ID and the client secret that are shown then."),
        ),
        wants_redirect=4,
        wants_scopes=3,
        note=_(
            "While Google lists the application as “Testing”, every permission ends after seven "
            "days and has to be given again."
        ),
    ),
}
