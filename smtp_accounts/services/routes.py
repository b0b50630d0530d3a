"""Which way a recipient is reached: a mailbox here, the chosen account's server, or the relay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop

from accounts.models import Domain, User
from connectivity import providers
from connectivity.services import network
from protocols.address import AddressPolicy
from protocols.types import Endpoint, Login, Security
from smtp_accounts import addresses
from smtp_accounts.models import OutboxMessage, SmtpAccount
from smtp_accounts.services import accounts

NO_RELAY = gettext_noop(
    "Mail from your address here cannot leave this server: no relay is set up. "
    "Send it from one of your other addresses, or ask your administrator."
)
_RELAY = {
    "smtp": (Security.NONE, 25),
    "smtp+starttls": (Security.STARTTLS, 587),
    "smtps": (Security.TLS, 465),
}
# The operator named the relay; it may well stand in the operator's own network.
_ANYWHERE = AddressPolicy(
    allowed_networks=(ip_network("0.0.0.0/0"), ip_network("::/0")), allowed_ports=None
)


class NoRouteError(Exception):
    """This installation has no way out for a message from its own addresses."""


@dataclass(frozen=True, slots=True)
class Route:
    """A server to hand a message to, and how to get in."""

    endpoint: Endpoint
    login: Login | None
    policy: AddressPolicy


@dataclass(frozen=True, slots=True)
class Split:
    """Recipients by the way they are reached."""

    here: dict[str, User]
    nobody: tuple[str, ...]
    elsewhere: tuple[str, ...]


def split(recipients: Sequence[str]) -> Split:
    """Sort recipients: users of this installation, its domains' unknown names, all others."""
    return split_each([recipients])[0]


def split_each(messages: Sequence[Sequence[str]]) -> list[Split]:
    """The same for the recipients of several messages, asked for together."""
    everybody = {one.lower() for recipients in messages for one in recipients}
    domains = {_domain(one) for one in everybody}
    ours = set(Domain.objects.filter(name__in=domains).values_list("name", flat=True))
    local = [one for one in everybody if _domain(one) in ours]
    users = User.objects.filter(email__in=local, is_active=True).select_related("domain")
    found = {user.email: user for user in users} if local else {}
    return [
        Split(
            here={one: found[one.lower()] for one in each if one.lower() in found},
            nobody=tuple(one for one in each if _domain(one) in ours and one.lower() not in found),
            elsewhere=tuple(one for one in each if _domain(one) not in ours),
        )
        for each in messages
    ]


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def is_vouched_for(message: OutboxMessage, account: SmtpAccount | None) -> bool:
    """Whether people here may get a message at once, filed by us instead of sent to us.

    What is filed has passed no other server, so nobody asked whose address its From is. A test
    of the account proves little: a server of the person's own takes whatever it is given. It
    counts where the server belongs to the domain of the From, has let the person in, and knows
    the person by that very address; then nobody could tell better. All other mail from elsewhere
    goes the way of elsewhere, through its own server to the one our domain names, where SPF, DKIM
    and DMARC are asked for as of any stranger's.
    """
    if message.is_local_from:
        return True  # ours to give out
    if account is None or not account.use_authentication or account.last_ok_at is None:
        return False
    name, address = addresses.key(account.username), addresses.key(message.from_address)
    local, _, domain = address.rpartition("@")
    provider = providers.by_host(account.host)
    if provider is not None and domain in provider.domains:
        return name == address
    host = account.host.lower().rstrip(".")
    return name in (address, local) and (host == domain or host.endswith(f".{domain}"))


def of(message: OutboxMessage, *, now: datetime) -> Route | None:
    """The way out for other people's recipients, None where this installation has none.

    Only a From of this installation goes through the relay; an external From goes through its
    own server or not at all. Raises `CredentialError`, and what the provider of an access token
    raises.
    """
    if message.is_local_from:
        return relay()
    if message.account is None:
        return None
    return Route(
        endpoint=accounts.endpoint(message.account),
        login=accounts.login(message.account, now=now),
        policy=network.policy(),
    )


def relay() -> Route | None:
    """The installation's own relay from `RELAY_URL`; None where none is set."""
    if not settings.RELAY_URL:
        return None
    url = urlsplit(settings.RELAY_URL)
    security, port = _RELAY[url.scheme]
    login = None
    if url.username:
        login = Login(unquote(url.username), unquote(url.password or ""))
    return Route(Endpoint(url.hostname or "", url.port or port, security), login, _ANYWHERE)
