"""Causes on the way to a server: its name, its greeting, its encryption: a part of the catalogue.

What the errors of `protocols` tell without words of a server's is in `connectivity.causes`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity.cause import Cause, Turn

_OTHER_TYPE = _("Choose the type that fits, or the port of the other one.")
SENDING_PORT = _("Use the port for sending: mostly 465 with SSL, or 587 with TLS.")
_OTHER_PORT = _("Use the port for mail. The administrator of the other account knows it.")

WIRES: Mapping[str, Cause] = {
    "name-timeout": Cause(
        _("The name was not answered"),
        _("The name service for %(host)s did not answer in time."),
        Turn.NOBODY,
        _("Try again in a few minutes. If it stays so, check the spelling of the server address."),
        "host",
        buttons=("again",),
    ),
    "name-unsure": Cause(
        _("The name could not be looked up"),
        _("The name service for %(host)s is out of order at the moment."),
        Turn.PROVIDER,
        _("Try again in a few minutes. If it stays so, check the spelling of the server address."),
        "host",
        buttons=("again",),
    ),
    "greets-as-pop": Cause(
        _("This is a POP server"),
        _("%(host)s answered on port %(port)s as a POP server."),
        Turn.YOU,
        _OTHER_TYPE,
        "port",
        buttons=("pop", "port"),
        sending=SENDING_PORT,
    ),
    "greets-as-imap": Cause(
        _("This is an IMAP server"),
        _("%(host)s answered on port %(port)s as an IMAP server."),
        Turn.YOU,
        _OTHER_TYPE,
        "port",
        buttons=("imap", "port"),
        sending=SENDING_PORT,
    ),
    "greets-as-smtp": Cause(
        _("This is a server for sending"),
        _("%(host)s answered on port %(port)s as a server for sending mail."),
        Turn.YOU,
        _("Use the port for receiving."),
        "port",
        buttons=("port",),
    ),
    "greets-as-web": Cause(
        _("This is a web server"),
        _("%(host)s answered on port %(port)s as a web server."),
        Turn.YOU,
        _OTHER_PORT,
        "port",
        buttons=("port",),
    ),
    "greets-as-ssh": Cause(
        _("This is no mail server"),
        _("%(host)s answered on port %(port)s as a server for remote work (SSH)."),
        Turn.YOU,
        _OTHER_PORT,
        "port",
        buttons=("port",),
    ),
    "tls-not-yet": Cause(
        _("The certificate is not valid yet"),
        _("The certificate of %(host)s begins to be valid at a later date."),
        Turn.PROVIDER,
        _("The operator of that server, or of this one, has to set the clock. Nothing was sent."),
        "host",
        buttons=("pin",),
    ),
    "tls-self-signed": Cause(
        _("The server vouches for itself"),
        _("%(host)s made its certificate itself, so nobody else vouches for it."),
        Turn.PROVIDER,
        _("The operator of that server needs a certificate from a public authority."),
        "host",
        buttons=("pin",),
    ),
    "tls-old": Cause(
        _("The encryption is out of date"),
        _("%(host)s knows only versions of TLS that are no longer safe. 1.2 is needed at least."),
        Turn.PROVIDER,
        _("The operator of that server has to renew its software. Nothing was sent."),
        "host",
    ),
    "tls-refused": Cause(
        _("The server refused to encrypt"),
        _("%(host)s broke off while the encrypted connection was being agreed on."),
        Turn.PROVIDER,
        _("Check the server address and the port, or ask the operator of that server."),
        "host",
        buttons=("port",),
    ),
}
