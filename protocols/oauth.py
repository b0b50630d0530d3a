"""A fresh access token for a mailbox from its provider (OAuth 2.0, RFC 6749 section 6).

One HTTPS request over our own wire: the host passes the guard, is resolved once, and every byte
has a deadline and a cap. Redirects are not followed, for they would carry the secrets elsewhere.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

from protocols import greet
from protocols.address import AddressPolicy
from protocols.errors import (
    AddressRefused,
    Dropped,
    MailServerError,
    OAuthRevoked,
    OAuthUnavailable,
    Stage,
    redact,
)
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Security
from protocols.wire import Wire

HTTPS = 443
DEADLINE = 30.0
HEAD_LINES, LINE_CAP = 100, 8192
ANSWER_CAP = 65_536
LIFETIME = 3600.0  # where the provider does not tell (RFC 6749 section 5.1)
LONGEST_LIFE, LONGEST_WAIT = 30 * 86_400.0, 86_400.0
# Only these ask for the person. All else, a wrong client secret too, may be mended without.
_ASKS_FOR_PERSON = frozenset({"invalid_grant", "interaction_required"})
_TOKEN = re.compile(r"[!-~]{1,16384}")


@dataclass(frozen=True, slots=True)
class Token:
    """What a provider granted; `refresh` is what to ask with the next time.

    `expires_in` are seconds from now, `scopes` those named, none where it named none.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_in: float
    scopes: frozenset[str]


def refresh(
    url: str,
    *,
    client_id: str,
    client_secret: str,
    refresh_token: str,
    policy: AddressPolicy,
    trust: Trust,
    scope: str = "",
    deadline: float = DEADLINE,
) -> Token:
    """Ask the token endpoint `url` for an access token, within `deadline` seconds in all.

    `scope` is the one that mail needs: where the provider names the granted ones and it is not
    among them, the person unticked it.

    Raises `OAuthRevoked` where the person has to agree again, `AddressRefused` for a URL or an
    address that may not be asked, and `OAuthUnavailable` for everything else.
    """
    secrets = [each for each in (client_secret, refresh_token) if each]
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client_id,
        **({"client_secret": client_secret} if client_secret else {}),
    }
    try:
        status, headers, body = _post(url, form, policy, trust, deadline)
    except AddressRefused:
        raise
    except MailServerError as error:
        raise OAuthUnavailable(Stage.LOGIN, server_line=redact(str(error), *secrets)) from None
    answer = _object(body)
    if status != 200 or not isinstance(answer.get("access_token"), str):
        raise _failure(status, headers, answer, secrets)
    token = _token(answer, refresh_token)
    if scope and token.scopes and scope not in token.scopes:
        raise OAuthRevoked(Stage.LOGIN, server_line="the permission to read mail was not given")
    return token


def _token(answer: Mapping[str, object], before: str) -> Token:
    access, renewed = str(answer["access_token"]), answer.get("refresh_token")
    kind = str(answer.get("token_type", "bearer")).lower()
    if kind != "bearer" or not _TOKEN.fullmatch(access):
        raise OAuthUnavailable(Stage.LOGIN, server_line="a token of an unknown kind")
    usable = isinstance(renewed, str) and _TOKEN.fullmatch(renewed)
    named = answer.get("scope")
    return Token(
        access=access,
        refresh=str(renewed) if usable else before,
        expires_in=_lifetime(answer.get("expires_in")),
        scopes=frozenset(named.split()) if isinstance(named, str) else frozenset(),
    )


def _lifetime(told: object) -> float:
    # Some providers write the number as text.
    found = re.fullmatch(r"\d{1,9}", str(told))
    return min(float(found[0]), LONGEST_LIFE) if found else LIFETIME


def _failure(
    status: int, headers: Mapping[str, str], answer: Mapping[str, object], secrets: list[str]
) -> MailServerError:
    name = str(answer.get("error", ""))
    words = f"{status} {name} {answer.get('error_description', '')}"
    said = redact(words, *secrets)
    if 400 <= status < 500 and name in _ASKS_FOR_PERSON:
        return OAuthRevoked(Stage.LOGIN, server_line=said)
    return OAuthUnavailable(Stage.LOGIN, server_line=said, retry_after=_retry_after(headers))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds (RFC 9110 section 10.2.3); a date counts from the server's own."""
    told = headers.get("retry-after", "")
    if re.fullmatch(r"\d{1,9}", told):
        return min(float(told), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), LONGEST_WAIT)


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


Answer = tuple[int, Mapping[str, str], bytes]


def _post(
    url: str, form: Mapping[str, str], policy: AddressPolicy, trust: Trust, deadline: float
) -> Answer:
    endpoint, target = _parts(url)
    if policy.allowed_ports is not None:
        policy = replace(policy, allowed_ports=frozenset({HTTPS}))
    data = urlencode(form).encode()
    host = endpoint.host if endpoint.port == HTTPS else f"{endpoint.host}:{endpoint.port}"
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    wire = greet.dial(endpoint, policy, trust, Deadline(deadline))
    try:
        wire.limit(deadline, Stage.LOGIN)
        wire.send(head.encode("ascii") + data)
        return _answer(wire)
    finally:
        wire.close()


def _parts(url: str) -> tuple[Endpoint, str]:
    """Where to connect, and what to ask for there; raises `AddressRefused`."""
    refused = AddressRefused(Stage.CONNECT, host=re.sub(r"[^\w.:-]", "?", url)[:200], port=HTTPS)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or HTTPS
    except ValueError:
        raise refused from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    plain = re.fullmatch(r"[!-~]+", target) and re.fullmatch(r"[a-z0-9.:-]+", host or "")
    if parts.scheme != "https" or not host or not plain or "@" in parts.netloc:
        raise refused
    return Endpoint(f"[{host}]" if ":" in host else host, port, Security.TLS), target


def _answer(wire: Wire) -> Answer:
    while True:
        first = re.match(rb"HTTP/1\.[01] (\d{3})", wire.readline(LINE_CAP))
        if first is None:
            raise wire.broken("no answer in HTTP")
        headers = _headers(wire)
        if not first[1].startswith(b"1"):
            break
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b"".join(_chunks(wire))
    else:
        body = _content(wire, headers.get("content-length"))
    return int(first[1]), headers, body


def _headers(wire: Wire) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(HEAD_LINES):
        line = wire.readline(LINE_CAP).decode("latin-1").strip()
        if not line:
            return found
        name, _, value = line.partition(":")
        found[name.lower()] = value.strip()
    raise wire.broken("too many headers")


def _content(wire: Wire, told: str | None) -> bytes:
    if told is not None:
        if not re.fullmatch(r"\d{1,6}", told) or int(told) > ANSWER_CAP:
            raise wire.broken("answer too long")
        return b"".join(wire.pieces(int(told)))
    body = bytearray()
    try:
        for piece in wire.pieces(ANSWER_CAP + 1):
            body += piece
    except Dropped:
        return bytes(body)  # the end of the connection is that of the answer
    raise wire.broken("answer too long")


def _chunks(wire: Wire) -> Iterator[bytes]:
    """RFC 9112 section 7.1; what follows the last one is of no interest."""
    total = 0
    while True:
        size = re.match(rb"([0-9A-Fa-f]{1,6})[ \t]*(?:;|\r?\n)", wire.readline(LINE_CAP))
        if size is None:
            raise wire.broken("chunk not understood")
        total += int(size[1], 16)
        if total > ANSWER_CAP:
            raise wire.broken("answer too long")
        if not int(size[1], 16):
            return
        yield from wire.pieces(int(size[1], 16))
        wire.readline(LINE_CAP)
