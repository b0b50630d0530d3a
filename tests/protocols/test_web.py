"""Questions to web servers: a real HTTPS server, and scripted ones for what none would say."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from protocols import web
from protocols.address import AddressPolicy
from protocols.errors import (
    AddressRefused,
    ConnectFailed,
    Dropped,
    EncryptionFailed,
    Hung,
    MailServerError,
    ProtocolBroken,
)
from protocols.tls import Trust
from standin import ports
from standin.certs import TlsFiles
from standin.hostile import Drip, Drop, Expect, Hang, Hostile, Send, Step, Tls

Get = Callable[..., web.Answer]


class Site(ThreadingHTTPServer):
    """Answers by path; /to/… redirects to what follows."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = context
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.moved: dict[str, str] = {}

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size)
        told = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.path, told, body))
        target = self.server.moved.get(self.path)
        self.send_response(302 if target else 404 if "missing" in self.path else 200)
        if target:
            self.send_header("Location", target)
        self.send_header("Set-Cookie", "seen=1; Path=/")
        said = b"<ok/>"
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET  # noqa: N815 - the base class's name

    def log_message(self, *_: object) -> None:
        """Tests are silent."""


def _running(site: Site) -> Iterator[Site]:
    thread = threading.Thread(target=site.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield site
    site.shutdown()
    site.server_close()
    thread.join()


@pytest.fixture
def site(tls_files: TlsFiles) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls_files.good.cert, tls_files.good.key)
    made = Site(context)
    made.socket = context.wrap_socket(made.socket, server_side=True)
    yield from _running(made)


@pytest.fixture
def plain_site() -> Iterator[Site]:
    yield from _running(Site(None))


@pytest.fixture
def get(loopback: AddressPolicy, trust: Trust) -> Get:
    def asked(url: str, **options: object) -> web.Answer:
        options.setdefault("deadline", 5.0)
        return web.get(url, policy=loopback, trust=trust, **options)  # type: ignore[arg-type] # any

    return asked


def of(site: Site, path: str = "/") -> str:
    return f"{'https' if site.context else 'http'}://localhost:{site.server_port}{path}"


def test_an_answer_is_whatever_the_status(site: Site, get: Get) -> None:
    answer = get(of(site, "/a?b=c%20d"), headers={"X-Who": "me"})
    assert (answer.status, answer.body, answer.url) == (200, b"<ok/>", of(site, "/a?b=c%20d"))
    assert answer.headers["content-length"] == "5"
    path, told, _ = site.asked[0]
    assert path == "/a?b=c%20d"
    assert (told["x-who"], told["user-agent"]) == ("me", "Tributary")
    assert get(of(site, "/missing")).status == 404


def test_a_form_is_sent(site: Site, loopback: AddressPolicy, trust: Trust) -> None:
    answer = web.post(of(site), {"a": "b c", "ü": "&"}, policy=loopback, trust=trust, deadline=5)
    assert answer.status == 200
    _, told, body = site.asked[0]
    assert told["content-type"] == "application/x-www-form-urlencoded"
    assert body == b"a=b+c&%C3%BC=%26"


def test_a_form_is_not_carried_elsewhere(site: Site, loopback: AddressPolicy, trust: Trust) -> None:
    site.moved = {"/": of(site, "/next")}
    answer = web.post(of(site), {"a": "b"}, policy=loopback, trust=trust, deadline=5)
    assert (answer.status, len(site.asked)) == (302, 1)


def test_redirects_are_followed_as_far_as_allowed(site: Site, get: Get) -> None:
    site.moved = {"/": "/one", "/one": of(site, "/two")}
    assert get(of(site)).status == 302
    assert get(of(site), redirects=1).url == of(site, "/one")
    answer = get(of(site), redirects=2)
    assert (answer.status, answer.url) == (200, of(site, "/two"))
    assert not any("cookie" in told for _, told, _ in site.asked)


def test_a_redirect_without_end_ends(site: Site, get: Get) -> None:
    site.moved = {"/": "/one", "/one": "/"}
    assert get(of(site), redirects=5).status == 302
    assert len(site.asked) == 6


def test_a_redirect_to_no_address(site: Site, get: Get) -> None:
    site.moved = {"/": "https://[::1"}
    with pytest.raises(ProtocolBroken):
        get(of(site), redirects=1)


def test_another_server_does_not_get_the_headers(site: Site, plain_site: Site, get: Get) -> None:
    plain_site.moved = {"/": of(site)}
    get(of(plain_site), redirects=1, allow_http=True, headers={"Authorization": "secret"})
    assert plain_site.asked[0][1]["authorization"] == "secret"
    assert "authorization" not in site.asked[0][1]


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:{port}/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433.nip.invalid@10.0.0.1/",
        "file:///etc/passwd",
        "gopher://localhost:{port}/",
    ],
)
def test_each_redirect_is_judged_anew(site: Site, get: Get, target: str) -> None:
    site.moved = {"/": target.format(port=site.server_port)}
    with pytest.raises(AddressRefused):
        get(of(site), redirects=3, allow_http=True)
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "ftp://localhost/",
        "https://user@localhost/",
        "https:///x",
        "https://localhost:99999/",
        "https://localhost/a b",
        "https://localhost/\r\nX: y",
        "https://localhost\t.example/",
        "//localhost/",
        "",
        "https://8.8.8.8:22/",
    ],
)
def test_only_plain_addresses_are_asked(trust: Trust, url: str) -> None:
    with pytest.raises(AddressRefused):
        web.get(url, policy=AddressPolicy(), trust=trust, deadline=5)


@pytest.mark.parametrize(
    "url", ["https://user@{}/", "https://user:secret@{}/", "https://{}\t/", "https://{}/a b"]
)
def test_not_even_where_everything_is_open(site: Site, get: Get, url: str) -> None:
    with pytest.raises(AddressRefused):
        get(url.format(f"localhost:{site.server_port}"))
    assert not site.asked


def test_http_only_where_allowed(plain_site: Site, get: Get) -> None:
    with pytest.raises(AddressRefused):
        get(of(plain_site))
    assert get(of(plain_site), allow_http=True).body == b"<ok/>"


def test_nobody_listens(get: Get) -> None:
    with pytest.raises(ConnectFailed):
        get(f"https://localhost:{ports.pick((0,))[0]}/")


def test_the_certificate_is_verified(tls_files: TlsFiles, get: Get) -> None:
    with Hostile([Tls(tls_files.wrong_name), Hang()]) as server:
        with pytest.raises(EncryptionFailed) as caught:
            get(f"https://localhost:{server.port}/")
        assert caught.value.cause == "tls-name"
        assert not any(heard.encrypted for heard in server.heard)


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (b"", Dropped),
        (b"SSH-2.0-x\r\n", MailServerError),
        (OK + b"Content-Length: 99\r\n\r\nshort", Dropped),
        (OK + b"Content-Length: -1\r\n\r\n", ProtocolBroken),
        (OK + b"Content-Length: 400000\r\n\r\n" + b"x" * 400_000, ProtocolBroken),
        (OK + b"\r\n" + b"x" * 400_000, ProtocolBroken),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", ProtocolBroken),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", ProtocolBroken),
        (OK + b"X: " + b"y" * 200_000, ProtocolBroken),
    ],
)
def test_answers_that_make_no_sense(
    tls_files: TlsFiles, get: Get, answer: bytes, wanted: type[MailServerError]
) -> None:
    script: list[Step] = [Tls(tls_files.good), Expect(b"^\r"), Send(answer), Drop()]
    with Hostile(script) as server, pytest.raises(wanted):
        get(f"https://localhost:{server.port}/")


def test_a_drip_does_not_stretch_the_deadline(tls_files: TlsFiles, get: Get) -> None:
    head: list[Step] = [Tls(tls_files.good), Expect(b"^\r"), Send(OK + b"\r\n")]
    with Hostile([*head, Drip(b"x" * 600, 0.05)]) as server, pytest.raises(Hung):
        get(f"https://localhost:{server.port}/", deadline=0.5)


def test_a_library_keeps_the_rules_too(
    site: Site, plain_site: Site, loopback: AddressPolicy, trust: Trust
) -> None:
    site.moved = {"/": "/one"}
    with httpx2.Client(**web.client_options(loopback, trust, 5)) as client:
        assert client.get(of(site)).status_code == 302
        with pytest.raises(AddressRefused):
            client.get("https://10.0.0.1/")
        with pytest.raises(AddressRefused):
            client.get(of(plain_site))
