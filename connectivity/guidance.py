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
