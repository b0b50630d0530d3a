"""Web servers on loopback, with and without encryption, for whatever hosts a test names."""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from standin.certs import Pair


@dataclass(frozen=True)
class Request:
    """One request that came in; ``target`` is the path with its query."""

    scheme: str
    method: str
    host: str
    target: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All of it, for looking whether something was told."""
        return f"{self.scheme}://{self.host}{self.target} {self.body.decode('utf-8', 'replace')}"


@dataclass(frozen=True)
class Page:
    """What is answered at one place."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Web:
    """Serves inside a ``with`` block; pages are put at whole addresses without their port.

    What was not put is 404. A page of None is never answered. ``requests`` holds what came in.
    """

    def __init__(self, tls: Pair) -> None:
        self.requests: list[Request] = []
        self.pages: dict[str, Page | None] = {}
        self.over = threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.cert, tls.key)
        self._servers = [_Server(self, "https", context), _Server(self, "http", None)]
        self.https, self.http = (server.server_address[1] for server in self._servers)

    def put(self, url: str, body: bytes | str = b"", status: int = 200, **headers: str) -> None:
        """Answer this address, whatever its query, or exactly if it has one."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.pages[url] = Page(data, status, named)

    def move(self, url: str, target: str) -> None:
        """Send who asks for this address to another."""
        self.put(url, status=302, Location=target)

    def hang(self, url: str) -> None:
        """Never answer at this address."""
        self.pages[url] = None

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, web: Web, scheme: str, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.web, self.scheme, self.context = web, scheme, context

    def handle_error(self, *_: object) -> None:
        """Clients that refuse the certificate or leave early are what tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.0"
    timeout = 10

    def setup(self) -> None:
        if self.server.context is not None:
            # Here, as each connection has a thread: a handshake that hangs holds up nobody.
            self.request.settimeout(10)
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def do_GET(self) -> None:
        web, host = self.server.web, self.headers.get("Host", "").partition(":")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = {name.lower(): text for name, text in self.headers.items()}
        web.requests.append(Request(self.server.scheme, self.command, host, self.path, body, told))
        whole = f"{self.server.scheme}://{host}{self.path}"
        bare = f"{self.server.scheme}://{host}{urlsplit(self.path).path}"
        page = web.pages.get(whole, web.pages.get(bare, Page(status=404)))
        if page is None:
            web.over.wait(20)
            return
        self.send_response(page.status)
        for name, text in page.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    do_POST = do_GET  # noqa: N815 - the base class's name

    def log_message(self, *_: object) -> None:
        """Tests are silent."""
