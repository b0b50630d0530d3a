"""Permission to use a mailbox, from its provider: OAuth 2.0 (RFC 6749) with authlib.

Code with PKCE (RFC 7636), device flow (RFC 8628), renewal and withdrawal (RFC 7009). All of it
goes over `protocols.web`: guarded addresses, one deadline, capped answers, and no redirects, for
they would carry the secrets elsewhere.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from protocols import web
from protocols.address import AddressPolicy
from protocols.errors import (
    AddressRefused,
    MailServerError,
    OAuthRefused,
    OAuthRevoked,
    OAuthUnavailable,
    Stage,
    redact,
)
from protocols.tls import Trust

DEADLINE = 30.0
ANSWER_CAP = 65_536
LIFETIME = 3600.0  # where the provider does not tell (RFC 6749 section 5.1)
LONGEST_LIFE, LONGEST_WAIT = 30 * 86_400.0, 86_400.0
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
# Only these ask for the person. All else, a wrong client secret too, may be mended without.
_ASKS_FOR_PERSON = frozenset({"invalid_grant", "interaction_required"})
# What authlib trips over where a field holds a list, an infinite number, or lists without end.
_NOT_FORESEEN = (ValueError, TypeError, OverflowError, RecursionError)
_TOKEN = re.compile(r"[!-~]{1,16384}")
_USER_CODE = re.compile(r"[!-~]{1,32}")


@dataclass(frozen=True, slots=True)
class Token:
    """What a provider granted; `refresh` is what to ask with the next time.

    `expires_in` are seconds from now, `scopes` those named, none where it named none. `claims`
    is what the ID token says, unverified but from the provider's own mouth over TLS (OpenID
    Connect Core section 3.1.3.7, 6); empty where there was none.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_in: float
    scopes: frozenset[str]
    claims: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Party:
    """Who asks a provider, and by which rules: `deadline` are seconds for each request."""

    client_id: str
    client_secret: str = field(repr=False)
    policy: AddressPolicy
    trust: Trust
    deadline: float = DEADLINE


@dataclass(frozen=True, slots=True)
class Device:
    """A sign-in on another device: the person types `user_code` at `verification_url`.

    `code` is what to poll with, every `interval` seconds, for `expires_in` seconds at most.
    """

    code: str = field(repr=False)
    user_code: str
    verification_url: str
    interval: int
    expires_in: float


def authorization_url(
    url: str,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: frozenset[str],
    state: str,
    verifier: str,
    extra: Mapping[str, str],
) -> str:
    """Where the browser goes to sign in; `verifier` stays here, only its hash is sent.

    `extra` are further parameters such as `login_hint`; empty ones are left out.
    """
    return str(
        prepare_grant_uri(
            url,
            client_id=client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=" ".join(sorted(scopes)),
            state=state,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **{name: value for name, value in extra.items() if value},
        )
    )


def exchange(url: str, party: Party, *, code: str, verifier: str, redirect_uri: str) -> Token:
    """The tokens for a code the browser brought back (RFC 6749 section 4.1.3).

    Raises `OAuthRefused`, `OAuthUnavailable` or `AddressRefused`.
    """

    def ask(client: OAuth2Client) -> None:
        client.fetch_token(
            url,
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
        )

    return _token(_asked(url, party, ask, (code, verifier), _no), "")


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
    party = Party(client_id, client_secret, policy, trust, deadline)

    def ask(client: OAuth2Client) -> None:
        client.refresh_token(url, refresh_token=refresh_token)

    token = _token(_asked(url, party, ask, (refresh_token,), _died), refresh_token)
    if scope and token.scopes and scope not in token.scopes:
        raise OAuthRevoked(Stage.LOGIN, server_line="the permission to read mail was not given")
    return token


def revoke(url: str, party: Party, *, token: str) -> None:
    """Tell the provider that a refresh token is not needed any more (RFC 7009).

    One it does not know counts as withdrawn. Raises `OAuthUnavailable` or `AddressRefused`.
    """

    def ask(client: OAuth2Client) -> None:
        said = client.revoke_token(
            url,
            token=token,
            token_type_hint="refresh_token",  # noqa: S106 - the name of a kind
        )
        if said.status_code != 200:
            _answered(said, (token,), _no)

    _asked(url, party, ask, (token,), _no)


def device_begin(url: str, party: Party, *, scopes: frozenset[str]) -> Device:
    """Begin a sign-in for which the browser need not come back here (RFC 8628 section 3.1).

    Raises `OAuthRefused`, `OAuthUnavailable` or `AddressRefused`.
    """

    def ask(client: OAuth2Client) -> None:
        form = {"scope": " ".join(sorted(scopes))}
        method = client.token_endpoint_auth_method
        said = client.post(url, data=form, auth=client.client_auth(method))
        found.update(_answered(said, (), _no))

    found: dict[str, object] = {}
    _asked(url, party, ask, (), _no)
    return _device(found)


def device_poll(url: str, party: Party, *, code: str) -> Token:
    """Ask whether the person has agreed (RFC 8628 section 3.4).

    Raises `OAuthRefused` with `authorization_pending`, `slow_down` (wait five seconds more from
    now on), `expired_token`, `access_denied`; else as `exchange` does.
    """

    def ask(client: OAuth2Client) -> None:
        client.fetch_token(url, grant_type=DEVICE_GRANT, device_code=code)

    return _token(_asked(url, party, ask, (code,), _no), "")


Judge = Callable[[str, str, float | None], MailServerError]


def _no(name: str, said: str, wait: float | None) -> MailServerError:
    """The error for a provider's `error` while somebody signs in."""
    if name and name not in {"temporarily_unavailable", "server_error"}:
        return OAuthRefused(name, said)
    return OAuthUnavailable(Stage.LOGIN, server_line=said, retry_after=wait)


def _died(name: str, said: str, wait: float | None) -> MailServerError:
    """The error for a provider's `error` at a renewal."""
    if name in _ASKS_FOR_PERSON:
        return OAuthRevoked(Stage.LOGIN, server_line=said)
    return OAuthUnavailable(Stage.LOGIN, server_line=said, retry_after=wait)


def _asked(
    url: str,
    party: Party,
    ask: Callable[[OAuth2Client], None],
    secrets: tuple[str, ...],
    judge: Judge,
) -> Mapping[str, object]:
    """Have authlib ask, and look at the answer before authlib does; what the answer holds."""
    secrets = tuple(filter(None, (*secrets, party.client_secret)))
    web.check(url)
    found: dict[str, object] = {}

    def look(said: httpx2.Response) -> httpx2.Response:
        found.update(_answered(said, secrets, judge))
        return said

    try:
        with _client(party) as client:
            client.register_compliance_hook("access_token_response", look)
            client.register_compliance_hook("refresh_token_response", look)
            ask(client)
    except (AddressRefused, OAuthRefused, OAuthRevoked, OAuthUnavailable):
        raise
    except MailServerError as error:
        raise OAuthUnavailable(Stage.LOGIN, server_line=redact(str(error), *secrets)) from None
    except (AuthlibBaseError, httpx2.HTTPError, httpx2.InvalidURL, *_NOT_FORESEEN):
        # What authlib does not understand although `_answered` did; its words may hold tokens.
        raise OAuthUnavailable(Stage.LOGIN, server_line="not understood") from None
    return found


def _client(party: Party) -> OAuth2Client:
    method = "client_secret_post" if party.client_secret else "none"
    options = web.client_options(party.policy, party.trust, party.deadline, cap=ANSWER_CAP)
    return OAuth2Client(
        party.client_id,
        party.client_secret or None,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        **options,
    )


def _answered(
    said: httpx2.Response, secrets: tuple[str, ...], judge: Judge
) -> Mapping[str, object]:
    """What a right answer holds; raises what `judge` makes of any other."""
    answer = _object(said.content)
    if said.status_code == 200 and "error" not in answer:
        return answer
    name = str(answer.get("error", "")) if 400 <= said.status_code < 500 else ""
    words = f"{said.status_code} {answer.get('error', '')} {answer.get('error_description', '')}"
    raise judge(name, redact(words, *secrets), _retry_after(said.headers))


def _token(answer: Mapping[str, object], before: str) -> Token:
    access, renewed = answer.get("access_token"), answer.get("refresh_token")
    kind = str(answer.get("token_type", "bearer")).lower()
    if kind != "bearer" or not isinstance(access, str) or not _TOKEN.fullmatch(access):
        raise OAuthUnavailable(Stage.LOGIN, server_line="a token of an unknown kind")
    usable = isinstance(renewed, str) and _TOKEN.fullmatch(renewed)
    named = answer.get("scope")
    return Token(
        access=access,
        refresh=str(renewed) if usable else before,
        expires_in=_lifetime(answer.get("expires_in")),
        scopes=frozenset(named.split()) if isinstance(named, str) else frozenset(),
        claims=_claims(answer.get("id_token")),
    )


def _claims(token: object) -> Mapping[str, object]:
    """The middle part of a signed token (RFC 7519); empty where there is none to read."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        return {}
    try:
        return _object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}


def _device(answer: Mapping[str, Any]) -> Device:
    code, user_code = str(answer.get("device_code", "")), str(answer.get("user_code", ""))
    # Microsoft still uses the older name.
    place = str(answer.get("verification_uri") or answer.get("verification_url") or "")
    interval = re.fullmatch(r"\d{1,4}", str(answer.get("interval", 5)))
    try:
        web.check(place)
    except AddressRefused:
        place = ""
    if not (place and interval and _TOKEN.fullmatch(code) and _USER_CODE.fullmatch(user_code)):
        raise OAuthUnavailable(Stage.LOGIN, server_line="an answer without a code")
    return Device(
        code=code,
        user_code=user_code,
        verification_url=place,
        interval=max(1, int(interval[0])),
        expires_in=min(_lifetime(answer.get("expires_in")), LIFETIME),
    )


def _lifetime(told: object) -> float:
    # Some providers write the number as text.
    found = re.fullmatch(r"\d{1,9}", str(told))
    return min(float(found[0]), LONGEST_LIFE) if found else LIFETIME


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
