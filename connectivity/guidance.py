"""What to tell people about a provider, by the ids ``data/providers.json`` refers to.

The data file says which sentences a tile shows; the sentences stand here so that they are
translated. ``%(name)s`` is the provider's name. Where in a provider's pages a setting is found
changes without notice, so the steps say what to look for, and the tile links to the provider's
own help on it.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: The sentence a tile begins with.
LEADS: Mapping[str, str | Promise] = {
    "app-password": _("%(name)s wants an app password here, not your normal one."),
    "app-password-google": _(
        "Google wants an app password of 16 letters here, not your normal password. "
        "Google may change its rules for app passwords."
    ),
    "app-password-apple": _("Apple wants an app-specific password here, not your normal one."),
    "allow-first": _("%(name)s lets other programs in only after you have allowed it."),
    "sign-in-microsoft": _(
        "Microsoft lets other programs in only by a sign-in on its own pages. There is no "
        "password to enter here."
    ),
    "exchange": _(
        "An Exchange server of your company or of a hosting company, reached over IMAP. "
        "Its administrator knows the server address."
    ),
    "bridge": _(
        "Proton encrypts mail so that only its own Bridge can read it. Bridge has to run on a "
        "computer that this installation can reach."
    ),
    "same-product": _(
        "Another installation of Tributary. Mail is retrieved over IMAP or POP; calendars and "
        "contacts need the DAV services of that installation."
    ),
    "any-imap": _(
        "IMAP fetches the messages of all folders and leaves the originals on the server."
    ),
    "any-pop": _("POP fetches only the Inbox and normally removes the messages from the server."),
}

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

#: What else is good to know, below the steps.
NOTES: Mapping[str, str | Promise] = {
    "google-password": _("Changing the Google password ends all app passwords."),
    "google-workspace": _(
        "In Google Workspace the administrator decides whether app passwords and IMAP are allowed."
    ),
    "google-day": _(
        "Google gives out about 2,500 MB a day over IMAP and 1,250 MB over POP; a large mailbox "
        "takes several days."
    ),
    "yahoo-normal": _("“Too many bad auth attempts” means that the normal password was used."),
    "yahoo-newest": _("Yahoo shows other programs the newest 10,000 messages of a folder."),
    "microsoft-consent": _(
        "A work or school account may need the consent of its administrator first."
    ),
    "outlook-imap": _(
        "Outlook.com may want IMAP allowed first: in its settings, under Forwarding and IMAP."
    ),
    "microsoft-home": _("The server address is the same for all these accounts."),
    "local-part": _(
        "The username is the part of your address before the @; it is filled in for you."
    ),
    "whole-address": _("If sign-in is refused, try your whole address as username."),
    "seldom": _("%(name)s asks POP programs not to come too often."),
}

#: With what the facts were compared on the day given.
SOURCES: Mapping[str, str | Promise] = {
    "published": _("the published autoconfiguration data"),
    "help": _("the provider's help pages"),
    "product": _("the product itself"),
}

#: The places settings are looked for, by the ids of ``connectivity.discovery.StepId``.
STEP_NAMES: Mapping[str, str | Promise] = {
    "tile": _("Provider list"),
    "autoconfig": _("The settings the domain publishes for mail programs"),
    "well-known": _("The same, at the domain itself"),
    "catalogue": _("Catalogue of known providers"),
    "mx": _("The servers that receive the mail of the domain"),
    "srv": _("The mail servers named in the name service (DNS)"),
    "autodiscover": _("Microsoft autodiscover"),
    "guess": _("Usual server names"),
    "autoconfig-http": _("Settings published without encryption"),
}

#: How such a step ended, by the ids of ``connectivity.discovery.Outcome``.
OUTCOME_NAMES: Mapping[str, str | Promise] = {
    "found": _("found"),
    "nothing": _("nothing there"),
    "failed": _("no usable answer"),
    "skipped": _("not asked"),
}
