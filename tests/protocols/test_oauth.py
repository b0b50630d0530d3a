"""Fresh access tokens from a local HTTPS server."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest

from protocols import oauth
from protocols.address import AddressPolicy
from protocols.errors import AddressRefused, MailServerError, OAuthRevoked, OAuthUnavailable
from protocols.tls import Trust
from standin.certs import Pair, TlsFiles
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step, Tls

GRANT = b'{"access_token": "at-1", "expires_in": 3599, "token_type": "Bearer"}'
SECRETS = {"client_secret": "s3cret-of-the-client", "refresh_token": "1//refresh-me"}


class Provider(HTTPServer):
    """A token endpoint that gives the same answer to everyone."""

    def __init__(self, pair: Pair) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.cert, pair.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.status, self.body = 200, GRANT
        self.headers: dict[str, str] = {}
        self.chunked = False
        self.asked: list[tuple[str, dict[str, list[str]]]] = []

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Provider
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, parse_qs(data)))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        if self.server.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            body = self.server.body
            pieces = [body[at : at + 20] for at in range(0, len(body), 20)] + [b""]
            data_out = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        else:
            data_out = self.server.body
            self.send_header("Content-Length", str(len(data_out)))
        self.end_headers()
        self.wfile.write(data_out)

    def log_message(self, *_: object) -> None:
        """Tests are silent."""


@pytest.fixture
def provider(tls_files: TlsFiles) -> Iterator[Provider]:
    with Provider(tls_files.good) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


Ask = Callable[..., oauth.Token]


@pytest.fixture
def ask(loopback: AddressPolicy, trust: Trust) -> Ask:
    def asked(port: int, *, scope: str = "", host: str = "localhost") -> oauth.Token:
        return oauth.refresh(
            f"https://{host}:{port}/oauth2/v2.0/token",
            client_id="tributary",
            **SECRETS,
            policy=loopback,
            trust=trust,
            scope=scope,
            deadline=5,
        )

    return asked


def failure(ask: Ask, port: int, **options: str) -> MailServerError:
    with pytest.raises(MailServerError) as caught:
        ask(port, **options)
    for secret in SECRETS.values():
        assert secret not in f"{caught.value!r} {caught.value} {caught.value.server_line}"
    return caught.value


@pytest.mark.parametrize("chunked", [False, True])
def test_a_token_is_asked_for_and_given(provider: Provider, ask: Ask, chunked: bool) -> None:
    provider.chunked = chunked
    token = ask(provider.server_port)
    assert (token.access, token.expires_in, token.refresh) == ("at-1", 3599, "1//refresh-me")
    assert "at-1" not in repr(token)
    assert "refresh-me" not in repr(token)
    [(path, form)] = provider.asked
    assert path == "/oauth2/v2.0/token"
    assert form == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["1//refresh-me"],
        "client_id": ["tributary"],
        "client_secret": ["s3cret-of-the-client"],
    }


def test_a_new_refresh_token_takes_the_place_of_the_old(provider: Provider, ask: Ask) -> None:
    provider.body = b'{"access_token": "a", "refresh_token": "1//next", "expires_in": "60"}'
    token = ask(provider.server_port)
    assert (token.refresh, token.expires_in) == ("1//next", 60)


@pytest.mark.parametrize("name", ["invalid_grant", "interaction_required"])
def test_row_18_only_a_dead_grant_asks_for_the_person(
    provider: Provider, ask: Ask, name: str
) -> None:
    provider.status = 400
    provider.body = f'{{"error": "{name}", "error_description": "1//refresh-me expired"}}'.encode()
    error = failure(ask, provider.server_port)
    assert isinstance(error, OAuthRevoked)
    assert (error.cause, error.temporary) == ("oauth-revoked", False)
    assert name in error.server_line


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b'{"error": "invalid_client"}'),
        (400, b'{"error": "temporarily_unavailable"}'),
        (429, b'{"error": "slow_down"}'),
        (500, b"<html>invalid_grant</html>"),
        (503, b'{"error": "invalid_grant"}'),
        (302, b""),
        (200, b"not json"),
        (200, b"[" * 30_000),
        (200, b'{"access_token": "a b"}'),
        (200, b'{"access_token": 7}'),
        (200, b'{"access_token": "a", "token_type": "mac"}'),
        (200, b'{"access_token": "a"}' + b" " * 70_000),
    ],
)
def test_row_18_everything_else_may_pass(
    provider: Provider, ask: Ask, status: int, body: bytes
) -> None:
    provider.status, provider.body = status, body
    provider.headers = {"Retry-After": "120", "Location": "https://elsewhere.example/"}
    error = failure(ask, provider.server_port)
    assert isinstance(error, OAuthUnavailable)
    assert error.temporary


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120),
        ("999999999", 86_400),
        ("Fri, 20 Nov 2026 12:01:30 GMT", 90),
        ("Fri, 20 Nov 99999999999 12:01:30 GMT", None),
        ("Fri, 20 Nov 2026 12:01:30 +99999999999999", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_provider_says_when_to_ask_again(
    tls_files: TlsFiles, ask: Ask, told: str, seconds: float | None
) -> None:
    head = b"HTTP/1.1 503 no\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\nRetry-After: %b\r\n"
    answer = head % told.encode() + b"Content-Length: 0\r\n\r\n"
    with Hostile([Tls(tls_files.good), Expect(b"^\r"), Send(answer)]) as server:
        error = failure(ask, server.port)
    assert isinstance(error, OAuthUnavailable)
    assert error.retry_after == seconds


def test_row_19_the_mail_permission_was_not_given(provider: Provider, ask: Ask) -> None:
    provider.body = GRANT[:-1] + b', "scope": "openid email"}'
    assert isinstance(failure(ask, provider.server_port, scope="mail.read"), OAuthRevoked)
    provider.body = GRANT[:-1] + b', "scope": "openid mail.read"}'
    assert ask(provider.server_port, scope="mail.read").scopes == {"openid", "mail.read"}
    provider.body = GRANT
    assert ask(provider.server_port, scope="mail.read").scopes == frozenset()


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000,
        b"",
    ],
)
def test_an_answer_that_makes_no_sense_may_pass(
    tls_files: TlsFiles, ask: Ask, answer: bytes
) -> None:
    script: list[Step] = [Tls(tls_files.good), Expect(b"^\r"), Send(answer), Drop()]
    with Hostile(script) as server:
        assert isinstance(failure(ask, server.port), OAuthUnavailable)


def test_an_answer_may_end_with_its_connection(tls_files: TlsFiles, ask: Ask) -> None:
    answer = b"HTTP/1.1 100 go on\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + GRANT
    script: list[Step] = [Tls(tls_files.good), Expect(b"^\r"), Send(answer), Drop()]
    with Hostile(script) as server:
        assert ask(server.port).access == "at-1"


def test_a_silent_provider_is_given_up(
    tls_files: TlsFiles, loopback: AddressPolicy, trust: Trust
) -> None:
    with Hostile([Tls(tls_files.good), Hang()]) as server, pytest.raises(OAuthUnavailable):
        oauth.refresh(
            f"https://localhost:{server.port}/",
            client_id="x",
            **SECRETS,
            policy=loopback,
            trust=trust,
            deadline=0.5,
        )


def test_a_certificate_of_somebody_else_gets_no_secret(tls_files: TlsFiles, ask: Ask) -> None:
    with Hostile([Tls(tls_files.wrong_name), Hang()]) as server:
        assert isinstance(failure(ask, server.port), OAuthUnavailable)
        assert not any(heard.encrypted for heard in server.heard)


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/token",
        "https://user@8.8.8.8/token",
        "https:///token",
        "https://localhost/to ken",
        "https://localhost/\r\nX: y",
        "https://localhost:99999/",
        "https://10.0.0.1/token",
        "https://169.254.169.254/latest",
        "https://8.8.8.8:8443/token",
    ],
)
def test_only_public_addresses_are_asked_and_only_by_https(url: str, trust: Trust) -> None:
    with pytest.raises(AddressRefused):
        oauth.refresh(
            url, client_id="x", **SECRETS, policy=AddressPolicy(), trust=trust, deadline=5
        )
