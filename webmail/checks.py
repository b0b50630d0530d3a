"""System checks: a wrong or unsafe setting stops the start with one clear sentence.

They run before every command. What must be known even earlier, to read the settings at all, is
refused by ``webmail.environment`` under ids of the same series.
"""

from __future__ import annotations

import ssl
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.utils.module_loading import import_string

from connectivity.networks import parse_nameserver, parse_network
from lib.sealing import KeyFormatError, parse_keys
from webmail.environment import BROKERS, scheme

RELAYS = ("smtp", "smtp+starttls", "smtps")
#: The kernel's limit for the path of a unix socket is 108 bytes with its final NUL.
SOCKET_PATH_LIMIT = 107
SECRET_KEY_LENGTH = 40


def _error(rule: str, sentence: str) -> list[CheckMessage]:
    return [Error(sentence, id=f"tributary.{rule}")]


def secret_key() -> list[CheckMessage]:
    """SECRET_KEY signs sessions: it has to be long and random."""
    key = settings.SECRET_KEY
    if len(key) < SECRET_KEY_LENGTH or len(set(key)) < 10 or key.startswith("django-insecure-"):
        return _error(
            "E004",
            f"SECRET_KEY is too easy to guess: use at least {SECRET_KEY_LENGTH} random characters,"
            " or leave it out and one is made.",
        )
    return []


def credential_keys() -> list[CheckMessage]:
    """CREDENTIAL_KEYS opens the passwords of external accounts."""
    try:
        parse_keys(settings.CREDENTIAL_KEYS)
    except KeyFormatError as error:
        return _error("E005", f"CREDENTIAL_KEYS cannot be used: {error}.")
    return []


def secret_files() -> list[CheckMessage]:
    """Secrets on disk belong to this account alone."""
    folder = Path(settings.DATA_DIR) / "secrets"
    for path in [folder, *folder.glob("*")]:
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return _error("E006", f"Other accounts may read {path}: run chmod go-rwx on it.")
    return []


def broker() -> list[CheckMessage]:
    """BROKER_URL has to speak the Redis protocol."""
    url = settings.BROKER_URL
    kind = scheme(url)
    if kind not in BROKERS:
        return _error(
            "E007", "BROKER_URL has to begin with redis://, rediss:// or redis+socket://."
        )
    path = url.partition("://")[2]
    if kind == "redis+socket" and len(path.encode()) > SOCKET_PATH_LIMIT:
        return _error("E007", "The path of the broker's socket is too long: shorten DATA_DIR.")
    if kind != "redis+socket" and not urlsplit(url).hostname:
        return _error("E007", "BROKER_URL names no server.")
    return []


def hosts() -> list[CheckMessage]:
    """ALLOWED_HOSTS names the site; anything goes only while developing."""
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        return _error(
            "E008", 'ALLOWED_HOSTS must not be "*": name the hosts this site is reached by.'
        )
    if settings.DEBUG and settings.HTTPS:
        return _error(
            "E009", "DEBUG shows secrets on error pages: switch it off where HTTPS is on."
        )
    return []


def preload() -> list[CheckMessage]:
    """HSTS_PRELOAD is for browsers' own lists, which take whole domains only."""
    if settings.SECURE_HSTS_PRELOAD and not settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        return _error("E019", "HSTS_PRELOAD needs HSTS_SUBDOMAINS: switch that on, or this off.")
    return []


def networks() -> list[CheckMessage]:
    """CONNECTIVITY_ALLOWED_NETWORKS opens named ranges, never everything."""
    for entry in settings.CONNECTIVITY_ALLOWED_NETWORKS:
        try:
            network, _port = parse_network(entry)
        except ValueError:
            return _error(
                "E010",
                f"CONNECTIVITY_ALLOWED_NETWORKS: {entry!r} is no network such as 10.1.0.0/16 or "
                "10.1.0.0/16:993.",
            )
        if network.prefixlen == 0:
            return _error(
                "E010",
                f"CONNECTIVITY_ALLOWED_NETWORKS: {entry} would open every internal address.",
            )
    return []


def site() -> list[CheckMessage]:
    """SITE_URL is an address without anything behind the name."""
    url = settings.SITE_URL.rstrip("/")
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and url == f"{parts.scheme}://{parts.netloc}"
        usable = plain and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        usable = False
    if url and not usable:
        return _error("E015", "SITE_URL has to look like https://mail.example.org.")
    return []


def ports() -> list[CheckMessage]:
    """CONNECTIVITY_PORTS are numbers of ports."""
    for entry in settings.CONNECTIVITY_PORTS:
        if not (entry.isascii() and entry.isdigit() and 0 < int(entry) < 65536):
            return _error("E013", f"CONNECTIVITY_PORTS: {entry!r} is no port from 1 to 65535.")
    return []


def resolvers() -> list[CheckMessage]:
    """CONNECTIVITY_NAMESERVERS are addresses: nobody is there to resolve a name."""
    for entry in settings.CONNECTIVITY_NAMESERVERS:
        try:
            parse_nameserver(entry)
        except ValueError:
            return _error(
                "E014",
                f"CONNECTIVITY_NAMESERVERS: {entry!r} is no address such as 192.0.2.53 or "
                "[2001:db8::53]:53.",
            )
    return []


def lookup_ports() -> list[CheckMessage]:
    """CONNECTIVITY_LOOKUP_PORTS name ports of other kinds of servers; for tests only."""
    if settings.CONNECTIVITY_LOOKUP_PORTS:
        try:
            # By name: nobody else needs the module at the start.
            import_string("connectivity.discovery.ports_of")(settings.CONNECTIVITY_LOOKUP_PORTS)
        except ValueError as error:
            return _error("E016", f"CONNECTIVITY_LOOKUP_PORTS: {error} is not like https=8443.")
    return []


def providers_file() -> list[CheckMessage]:
    """CONNECTIVITY_PROVIDERS_FILE holds tiles that can be shown."""
    if settings.CONNECTIVITY_PROVIDERS_FILE:
        for text in import_string("connectivity.facts.own_mistakes")():
            return _error("E017", f"CONNECTIVITY_PROVIDERS_FILE has a mistake: {text}.")
    return []


def ca_file() -> list[CheckMessage]:
    """CONNECTIVITY_CA_FILE holds certificates."""
    path = settings.CONNECTIVITY_CA_FILE
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except OSError:  # ssl.SSLError is one of them
            return _error(
                "E011", f"CONNECTIVITY_CA_FILE {path} cannot be read as PEM certificates."
            )
    return []


def relay() -> list[CheckMessage]:
    """RELAY_URL names a server. The sentence never repeats it: it may hold a password."""
    url = settings.RELAY_URL
    if not url:
        return []
    try:
        parts = urlsplit(url)
        usable = parts.scheme in RELAYS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        return _error(
            "E012", "RELAY_URL has to look like smtp+starttls://user:password@mail.example.org:587."
        )
    return []


def push_key() -> list[CheckMessage]:
    """VAPID_PRIVATE_KEY signs what browsers are told. The sentence never repeats it."""
    if settings.VAPID_PRIVATE_KEY:
        try:
            import_string("protocols.webpush.signing_key")(settings.VAPID_PRIVATE_KEY)
        except ValueError:
            return _error("E018", "VAPID_PRIVATE_KEY is no key: make one with manage.py vapid.")
        if not settings.VAPID_CONTACT.startswith(("mailto:", "https://")):
            return _error("E018", "VAPID_CONTACT has to begin with mailto: or https://.")
    return []


def scanners() -> list[CheckMessage]:
    """SPAM_SCORERS and CLAMAV name daemons and where they listen."""
    try:
        # By name, as above.
        import_string("filtering.daemons.scorers")(settings.SPAM_SCORERS)
    except ValueError:
        return _error(
            "E020",
            "SPAM_SCORERS has to look like rspamd:http://127.0.0.1:11333, spamd:127.0.0.1:783.",
        )
    try:
        import_string("filtering.daemons.scanner")(settings.CLAMAV)
    except ValueError:
        return _error("E021", "CLAMAV has to be the path of a socket, or look like 127.0.0.1:3310.")
    return []


def system_mail(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Mail of the system has a way out, and links in it lead somewhere; for ``check --deploy``."""
    found: list[CheckMessage] = []
    if not settings.RELAY_URL and not settings.SYSTEM_MAIL_ACCOUNT:
        sentence = (
            "Nobody can get a link for a forgotten password: set RELAY_URL or SYSTEM_MAIL_ACCOUNT."
        )
        found.append(Caution(sentence, id="tributary.W001"))
    if not settings.SITE_URL and not any(name[:1] not in ".*" for name in settings.ALLOWED_HOSTS):
        sentence = "Links in mail of the system cannot be made: set SITE_URL."
        found.append(Caution(sentence, id="tributary.W002"))
    return found


RULES = (
    push_key,
    secret_key,
    credential_keys,
    secret_files,
    broker,
    hosts,
    preload,
    site,
    networks,
    ports,
    resolvers,
    lookup_ports,
    providers_file,
    ca_file,
    relay,
    scanners,
)


def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """All rules about the settings; registered by ``WebmailConfig``."""
    return [message for rule in RULES for message in rule()]
