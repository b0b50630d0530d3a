"""What to do at a provider first, step by step, by the ids ``data/providers.json`` refers to."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: What to do at the provider first.
STEPS: Mapping[str, str | Promise] = {
    "2-step-google": _("Turn on 2-Step Verification in your Google account"),
    "open-google": _("Open the page for app passwords"),
    "create-google": _("Create one, call it Tributary, and copy the 16 letters"),
    "2-step-apple": _("Turn on two-factor authentication for your Apple Account"),
    "open-apple": _("Sign in at account.apple.com and look for app-specific passwords"),
    "open": _(
        "Sign in to %(name)s in a browser and look for app passwords in its security settings"
    ),
    "open-external": _(
        "Sign in to %(name)s in a browser and look for passwords for external applications"
    ),
    "create": _("Create one, call it Tributary, and copy it"),
    "create-mail": _("Create one for mail, call it Tributary, and copy it"),
    "allow": _("Sign in to %(name)s in a browser and allow POP3 and IMAP in the e-mail settings"),
    "allow-programs": _(
        "Sign in to %(name)s in a browser and allow mail programs in the e-mail settings"
    ),
    "allow-zoho": _("Turn on IMAP or POP access in the settings of Zoho Mail"),
    "2-factor": _("With two-factor sign-in, create an app password and use it here"),
    "2-factor-zoho": _(
        "With two-factor sign-in, create an application-specific password and use it here"
    ),
    "region-zoho": _("Accounts outside the .com region use another server, such as imap.zoho.eu"),
    "sign-in-address": _("Enter your address"),
    "sign-in-there": _("You are sent to Microsoft, sign in there and agree to the access"),
    "sign-in-back": _("You come back here, and the account is tested before it is saved"),
    "ask-server": _("Ask the administrator for the server address and whether IMAP is switched on"),
    "ask-username": _("Ask also which username is wanted: the address, or one like DOMAIN\\name"),
    "bridge-run": _(
        "Install Proton Mail Bridge on a computer that is always on, and sign in there"
    ),
    "bridge-details": _(
        "Copy server, port and password from the mailbox details in Bridge; the Proton password "
        "does not work"
    ),
    "bridge-private": _(
        "Ask the administrator of this installation to allow the network that computer is in"
    ),
    "bridge-pin": _("Bridge makes its own certificate: the test shows it, and you confirm it once"),
    "same-server": _("Enter the server address of that installation"),
    "same-password": _("Username is the full address, password the one of the mailbox"),
}
