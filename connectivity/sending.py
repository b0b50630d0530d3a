"""Causes for which a server does not take a message: a part of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity.cause import Cause, Retry, Turn

SENDING: Mapping[str, Cause] = {
    "sign-in-needed": Cause(
        _("The server wants a sign-in"),
        _("%(host)s takes messages only after a sign-in."),
        Turn.YOU,
        _("Turn on the sign-in for this account and enter its password."),
        "use_authentication",
        buttons=("authentication",),
    ),
    "sender-not-allowed": Cause(
        _("This sender is not allowed"),
        _("%(host)s does not let this account send as %(email)s."),
        Turn.YOU,
        _("Use the address that belongs to the account, or have it allowed there."),
        "email",
        Retry.NEVER,
    ),
    "relay-denied": Cause(
        _("The server does not pass it on"),
        _("%(host)s does not pass messages of this account on to other servers."),
        Turn.YOU,
        _("Turn on the sign-in for this account, or ask the administrator of the other account."),
        "use_authentication",
        Retry.NEVER,
        ("authentication",),
    ),
    "sending-limit": Cause(
        _("The limit for sending is reached"),
        _("%(host)s lets this account send no more for now."),
        Turn.NOBODY,
        _("Send again later. The provider says how much it allows in a day."),
    ),
    "daily-sends": Cause(
        _("Enough sent for today"),
        _("You have sent as many messages in 24 hours as your administrator allows."),
        Turn.NOBODY,
        _("It goes out by itself as soon as there is room. Your administrator can allow more."),
    ),
    "too-many-recipients": Cause(
        _("Too many recipients"),
        _("%(host)s does not take so many recipients at once."),
        Turn.YOU,
        _("Send to fewer people at a time."),
    ),
    "message-too-large": Cause(
        _("The message is too large"),
        _("%(host)s does not take messages of this size."),
        Turn.YOU,
        _("Send smaller attachments, or a link to them."),
        "",
        Retry.NEVER,
    ),
    "taken-for-spam": Cause(
        _("The message was taken for spam"),
        _("%(host)s did not take the message because it looks like spam, or comes from here."),
        Turn.PROVIDER,
        _("What the server said names the reason. Its operator can lift it."),
        "",
        Retry.NEVER,
    ),
    "unauthenticated-domain": Cause(
        _("The sender could not be proven"),
        _("%(host)s takes mail from this domain only with a proof (SPF, DKIM or DMARC)."),
        Turn.ADMINISTRATOR,
        _("Send through the provider of the address, or have the domain set up for this server."),
        "email",
        Retry.NEVER,
    ),
    "command-unknown": Cause(
        _("The server did not understand"),
        _("%(host)s does not know a command that sending needs."),
        Turn.PROVIDER,
        _("Check that this is a server for sending, and its port."),
        "port",
        Retry.NEVER,
        ("port",),
    ),
    "message-refused": Cause(
        _("The message was refused"),
        _("%(host)s did not take the message."),
        Turn.PROVIDER,
        _("What the server said, below, names its reason."),
        "",
        Retry.NEVER,
    ),
}
