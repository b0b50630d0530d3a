"""Causes for which a message does not reach somebody: a part of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity.cause import Cause, Retry, Turn

_OTHER_WAY = _("Ask the recipient, in another way, what their server accepts.")
_BY_ITSELF = _("You need not do anything. It is tried again by itself.")
_CHECK_ADDRESS = _("Check the address and send again.")

RECIPIENTS: Mapping[str, Cause] = {
    "mailbox-full": Cause(
        _("The recipient's mailbox is full"),
        _("%(host)s says that there is no room in the mailbox of the recipient."),
        Turn.PROVIDER,
        _OTHER_WAY,
    ),
    "no-such-recipient": Cause(
        _("The recipient is not known"),
        _("%(host)s says that there is no mailbox with this address."),
        Turn.YOU,
        _CHECK_ADDRESS,
        "",
        Retry.NEVER,
    ),
    "no-such-domain": Cause(
        _("The recipient's domain is not known"),
        _("%(host)s finds no mail server for the part of the address after the @."),
        Turn.YOU,
        _CHECK_ADDRESS,
        "",
        Retry.NEVER,
    ),
    "bad-address": Cause(
        _("The address cannot be used"),
        _("%(host)s cannot make sense of one of the addresses."),
        Turn.YOU,
        _CHECK_ADDRESS,
        "",
        Retry.NEVER,
    ),
    "recipient-refuses": Cause(
        _("The recipient takes no mail from you"),
        _("%(host)s says that this recipient does not take the message."),
        Turn.PROVIDER,
        _OTHER_WAY,
        "",
        Retry.NEVER,
    ),
    "recipient-later": Cause(
        _("The recipient's server asks for patience"),
        _("%(host)s cannot deliver the message at the moment."),
        Turn.NOBODY,
        _BY_ITSELF,
    ),
    "greylisted": Cause(
        _("The server wants to be asked twice"),
        _("%(host)s takes messages from senders new to it only at the second try."),
        Turn.NOBODY,
        _BY_ITSELF,
    ),
    "server-full": Cause(
        _("The server has no room"),
        _("%(host)s has no room for messages at the moment."),
        Turn.NOBODY,
        _BY_ITSELF,
    ),
    "not-delivered": Cause(
        _("The message could not be delivered"),
        _("%(host)s could not deliver the message to everybody."),
        Turn.YOU,
        _("Look at what the server said, and send it again to those it did not reach."),
        "",
        Retry.NEVER,
    ),
}
