"""Send From as the window lists it: grouped, each with what it is and what it can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from smtp_accounts.services import sizes
from smtp_accounts.services.identities import SendFrom
from smtp_accounts.services.sizes import Limit


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``exact`` marks an address of the identity that is not its own, such as one with
    a plus; ``max_bytes`` is how large a message its server takes."""

    key: str
    address: str
    label: str
    description: str
    color: int
    is_default: bool
    is_chosen: bool
    disabled_reason: str
    exact: bool
    max_bytes: int
    server: str


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that send through the same server."""

    title: str
    entries: Sequence[Entry]


def groups(
    known: Sequence[SendFrom],
    within: Limit,
    *,
    chosen: str,
    exact_address: str = "",
    is_exact: bool = False,
) -> list[Group]:
    """The list, in the order of ``known``. ``exact_address`` is offered under the chosen key.

    ``within`` is how large a message may be whatever the server.
    """
    found: dict[str, list[Entry]] = {}
    for one in known:
        title = one.account.host if one.account else _("This server")
        lines = found.setdefault(title, [])
        is_chosen = one.key == chosen
        lines.append(_entry(one, within, is_chosen=is_chosen and not is_exact))
        if is_chosen and exact_address:
            lines.append(_entry(one, within, is_chosen=is_exact, exact=exact_address))
    if len(found) == len(known):
        # A heading over every single line would say the same twice.
        return [Group(_("Send From"), [line for lines in found.values() for line in lines])]
    return [Group(title, lines) for title, lines in found.items()]


def _entry(one: SendFrom, within: Limit, *, is_chosen: bool, exact: str = "") -> Entry:
    limit = sizes.limit_of(one.account, within)
    label = one.label.replace(one.address, exact) if exact else one.label
    return Entry(
        key=one.key,
        address=exact or one.address,
        label=label,
        description=one.description,
        color=one.color,
        is_default=one.is_default,
        is_chosen=is_chosen,
        disabled_reason=one.disabled_reason,
        exact=bool(exact),
        max_bytes=limit.size,
        server=limit.server,
    )
