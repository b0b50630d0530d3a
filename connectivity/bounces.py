"""Causes that servers on the way to a recipient report (RFC 3463): a part of the catalogue.

Most are read in a report that came back. What begins with 4 may also be an answer while the
message waits here, so that no sentence says how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity.cause import Cause, Retry, Turn

_DOMAIN_OR_LATER = _("Check the part of the address after the @, or send it again later.")
_TELL_THEM = _("Tell the recipient in another way. Their administrator can mend it.")

BOUNCES: Mapping[str, Cause] = {
    "recipient-unreached": Cause(
        _("The recipient's server could not be reached"),
        _("%(host)s got no answer from the server of the recipient, or lost the connection to it."),
        Turn.YOU,
        _DOMAIN_OR_LATER,
    ),
    "recipient-not-found": Cause(
        _("The recipient's server could not be looked up"),
        _("%(host)s could not find out which server takes mail for the recipient."),
        Turn.YOU,
        _DOMAIN_OR_LATER,
    ),
    "waited-too-long": Cause(
        _("It could not be delivered in time"),
        _("%(host)s kept trying for as long as it does, and stopped."),
        Turn.YOU,
        _("Send it again later, or ask the recipient in another way."),
        "",
        Retry.NEVER,
    ),
    "mail-loop": Cause(
        _("The message went round in circles"),
        _("%(host)s says that mail for this recipient is passed on in a circle."),
        Turn.PROVIDER,
        _TELL_THEM,
    ),
    "recipient-fault": Cause(
        _("The recipient's server has a fault"),
        _("%(host)s says that the mail system of the recipient does not work as it should."),
        Turn.PROVIDER,
        _TELL_THEM,
    ),
    "list-fault": Cause(
        _("The mailing list could not be served"),
        _("%(host)s could not pass the message on to the members of a list."),
        Turn.PROVIDER,
        _("Tell whoever looks after the list."),
    ),
    "no-safe-way": Cause(
        _("No safe way to the recipient's server"),
        _("%(host)s could not agree with the server of the recipient on how to encrypt."),
        Turn.PROVIDER,
        _TELL_THEM,
    ),
    "not-understood": Cause(
        _("Two servers did not understand each other"),
        _("%(host)s reports a command that one of two servers on the way did not understand."),
        Turn.PROVIDER,
        _("Tell the administrator of the other account what the server said."),
        "",
        Retry.NEVER,
    ),
    "content-not-taken": Cause(
        _("This kind of message is not taken"),
        _("%(host)s cannot pass on or show what the message is made of."),
        Turn.YOU,
        _("Send it as plain text, or with its attachments in another format."),
        "",
        Retry.NEVER,
    ),
    "content-unsafe": Cause(
        _("The message was taken for dangerous"),
        _("%(host)s did not take the message because of a file or a link in it."),
        Turn.YOU,
        _("Send it without that file or link."),
        "",
        Retry.NEVER,
    ),
}
