"""An address that a message was from and that its writer has no more, as a reason. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _

from smtp_accounts import addresses

_GONE = "gone:"
LONGEST = len(_GONE) + 320
"""Characters of a reason, kept beside the draft and in the form."""


def reason(address: str) -> str:
    """What to keep with a draft whose message was from an address that is gone."""
    return f"{_GONE}{address}"


def sentence(reason: str) -> str:
    """The words beside From; empty for every other reason, and where it names no address."""
    if not reason.startswith(_GONE):
        return ""
    address = addresses.normal(reason.removeprefix(_GONE))
    if not address:
        return ""
    words = _("This was from %(address)s, which is no longer one of your addresses.")
    return words % {"address": address}
