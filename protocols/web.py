"""One question to a web server, by the same rules as to a mail server (RFC 9110).

httpx2 speaks HTTP; the connection below it is ours: the host passes the guard, is resolved once,
the certificate is verified, and every byte has a deadline and a cap. No proxy, cookie or other
habit of the machine's environment takes part.
"""

import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore2
import httpx2

from protocols import address, tls
from protocols.address import AddressPolicy
from protocols.errors import (
    AddressRefused,
    Dropped,
    Hung,
    MailServerError,
    ProtocolBroken,
    Stage,
)
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Security

HTTPS = 443
HTTPS_ONLY = frozenset({HTTPS})
CAP = 262_144  # bytes of a body
_MOVED = frozenset({301, 302, 303, 307, 308})
_NONE: Mapping[str, str] = MappingProxyType({})
_HOST = re.compile(r"[a-z0-9._:-]{1,255}")
_TARGET = re.compile(r"[!-~]*")
# "identity": a compressed answer may be small on the wire and huge here.
HEADERS = {"User-Agent": "Tributary", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, and which address said it; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def get(
    url: str,
    *,
    policy: AddressPolicy,
    trust: Trust,
    deadline: float,
    redirects: int = 0,
    headers: Mapping[str, str] = _NONE,
    allow_http: bool = False,
    ports: frozenset[int] = HTTPS_ONLY,
    cap: int = CAP,
) -> Answer:
    """Ask for `url`, within `deadline` seconds in all; whatever the status is, it is an answer.

    At most `redirects` times another address is gone to: judged like the first, never from https
    to http, and without `headers` where it is another server. A redirect beyond that is the answer.
    `ports` are those of the public internet; networks the policy names are open on all.

    Raises `AddressRefused` for an address that may not be asked, and else a `MailServerError`.
    """
    total = Deadline(deadline)
    for left in range(redirects, -1, -1):
        guarded = Guarded(policy, trust, total, allow_http=allow_http, ports=ports, cap=cap)
        answer = _ask("GET", url, guarded, headers)
        if answer.status not in _MOVED or not left:
            break
        target = _target(url, answer)
        if url.startswith("https:") and not target.startswith("https:"):
            raise _refused(target)
        if urlsplit(target).netloc != urlsplit(url).netloc:
            headers = _NONE
        url = target
    return answer


def post(
    url: str,
    form: Mapping[str, str] | bytes,
    *,
    policy: AddressPolicy,
    trust: Trust,
    deadline: float,
    headers: Mapping[str, str] = _NONE,
    allow_http: bool = False,
    ports: frozenset[int] = HTTPS_ONLY,
    cap: int = CAP,
) -> Answer:
    """Send a form, or a body as it is, by https.

    No redirect is followed, for it would carry the form elsewhere.

    Raises as `get` does.
    """
    guarded = Guarded(policy, trust, deadline, allow_http=allow_http, ports=ports, cap=cap)
    return _ask("POST", url, guarded, headers, form)


def client_options(
    policy: AddressPolicy, trust: Trust, deadline: float, *, cap: int = CAP
) -> dict[str, Any]:
    """Arguments for an httpx2 client, or one of authlib's, that keeps these rules."""
    return {
        "transport": Guarded(policy, trust, deadline, cap=cap),
        "trust_env": False,
        "follow_redirects": False,
        "timeout": None,
        "headers": dict(HEADERS),
    }


def _ask(
    method: str,
    url: str,
    guarded: "Guarded",
    headers: Mapping[str, str],
    form: Mapping[str, str] | bytes | None = None,
) -> Answer:
    check(url, allow_http=guarded.allow_http)
    with httpx2.Client(transport=guarded, trust_env=False, timeout=None, headers=HEADERS) as client:
        try:
            body = {"content": form} if isinstance(form, bytes) else {"data": form}
            said = client.request(method, url, headers=dict(headers), **body)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ValueError) as error:
            raise guarded.explain(error) from None
        told = {name.lower(): value for name, value in said.headers.items()}
        return Answer(said.status_code, told, said.content, url)


def _target(url: str, answer: Answer) -> str:
    try:
        return urljoin(url, answer.headers.get("location", ""))
    except ValueError:
        raise ProtocolBroken(Stage.FETCH, server_line="moved to no address") from None


def check(url: str, *, allow_http: bool = False) -> None:
    """Raises `AddressRefused` for what is no plain address of a web server."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _refused(url) from None
    schemes = ("https", "http") if allow_http else ("https",)
    # urlsplit takes out line ends and tabs, so the whole is looked at as well.
    plain = _HOST.fullmatch(host) and _TARGET.fullmatch(url)
    if parts.scheme not in schemes or not plain or "@" in parts.netloc:
        raise _refused(url)


def _refused(url: str) -> AddressRefused:
    return AddressRefused(Stage.CONNECT, host=re.sub(r"[^\w.:/-]", "?", url)[:200], port=HTTPS)


class Guarded(httpx2.BaseTransport):
    """The way to a server below httpx2: for one conversation, with one deadline for all of it."""

    def __init__(
        self,
        policy: AddressPolicy,
        trust: Trust,
        deadline: float | Deadline,
        *,
        allow_http: bool = False,
        ports: frozenset[int] = HTTPS_ONLY,
        cap: int = CAP,
    ) -> None:
        """`deadline` counts from here on."""
        if policy.allowed_ports is not None:
            policy = replace(policy, allowed_ports=ports)
        total = deadline if isinstance(deadline, Deadline) else Deadline(deadline)
        self.allow_http = allow_http
        self._cap = cap
        self._wires = _Wires(policy, trust, total)
        # httpcore2 changes the context it is given; the real one is chosen in `_Stream`.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._pool = httpcore2.ConnectionPool(ssl_context=context, network_backend=self._wires)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Called by httpx2 for every request; raises a `MailServerError`."""
        url = request.url
        check(str(url), allow_http=self.allow_http)
        wanted = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        try:
            said = self._pool.handle_request(
                httpcore2.Request(
                    request.method, wanted, headers=request.headers.raw, content=request.stream
                )
            )
            body = self._read(said)
        except MailServerError:
            raise
        except Exception as error:  # noqa: BLE001 - httpcore2, h11 and httpx2 have their own trees
            raise self.explain(error) from None
        headers = [pair for pair in said.headers if pair[0].lower() != b"content-encoding"]
        return httpx2.Response(said.status, headers=headers, content=body)

    def _read(self, said: httpcore2.Response) -> bytes:
        told = {name.lower(): value.lower() for name, value in said.headers}
        if told.get(b"content-encoding", b"identity") != b"identity":
            raise ProtocolBroken(Stage.FETCH, server_line="an answer compressed unasked")
        body = bytearray()
        stream = said.stream
        for piece in stream if isinstance(stream, Iterable) else ():
            body += piece
            if len(body) > self._cap:
                said.close()
                raise ProtocolBroken(Stage.FETCH, server_line="an answer too long")
        return bytes(body)

    def explain(self, error: Exception) -> MailServerError:
        """Our error for one of httpx2's, httpcore2's or h11's."""
        if isinstance(error, httpx2.TimeoutException | httpcore2.TimeoutException):
            return Hung(Stage.FETCH)
        if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
            return AddressRefused(Stage.CONNECT, host="?", port=HTTPS)
        if self._wires.ended:
            return Dropped(Stage.FETCH)
        return ProtocolBroken(Stage.FETCH, server_line="no answer in HTTP")

    def close(self) -> None:
        """Hang up."""
        self._pool.close()


class _Wires(httpcore2.NetworkBackend):
    """Connects for httpcore2, to judged addresses only."""

    def __init__(self, policy: AddressPolicy, trust: Trust, total: Deadline) -> None:
        self._policy, self._trust, self._total = policy, trust, total
        self.ended = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore2.NetworkStream:
        endpoint = Endpoint(host, port, Security.TLS)
        self._total.stage = Stage.CONNECT
        return _Stream(address.connect(endpoint, self._policy, self._total), host, self)

    def secured(self, sock: socket.socket, host: str) -> socket.socket:
        """The handshake, with the certificate verified."""
        self._total.stage = Stage.ENCRYPTION
        return tls.wrap(sock, self._trust, host, self._total)

    def patience(self) -> float:
        """Seconds a single call may take; raises `Hung`."""
        self._total.stage = Stage.FETCH
        return self._total.remaining()


class _Stream(httpcore2.NetworkStream):
    """A connected socket for httpcore2, whose errors are ours."""

    def __init__(self, sock: socket.socket, host: str, wires: _Wires) -> None:
        self._sock, self._host, self._wires = sock, host, wires
        self._unsent = b""

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return _Stream(self._wires.secured(self._sock, self._host), self._host, self._wires)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._flush()
            self._sock.settimeout(self._wires.patience())
            data = self._sock.recv(max_bytes)
        except ConnectionResetError:
            data = b""
        except TimeoutError:
            raise Hung(Stage.FETCH) from None
        except OSError:
            raise Dropped(Stage.FETCH) from None
        self._wires.ended = not data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Kept until an answer is wanted: head and form in one piece, so that a server that
        # answers to the head alone and hangs up does not make the form's sending fail.
        self._unsent += buffer

    def _flush(self) -> None:
        data, self._unsent = self._unsent, b""
        if data:
            self._sock.settimeout(self._wires.patience())
            self._sock.sendall(data)

    def close(self) -> None:
        self._sock.close()

    def get_extra_info(self, info: str) -> object:
        # Nothing is kept alive and no HTTP/2 is spoken, so nobody needs to know anything.
        return False if info == "is_readable" else None
