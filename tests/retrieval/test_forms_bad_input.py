"""Bad input, each kind against a server that really behaves like that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from connectivity.services import probing
from mailstore.services import folders
from retrieval.services import accounts
from standin.certs import Pair, TlsFiles
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step, Tls
from tests.retrieval.conftest import SECRET, Remote
from tests.retrieval.pages import CANARY, NEW, SENTENCES, Page, stored, typed


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


@pytest.fixture
def hostile() -> Iterator[Callable[[list[Step]], int]]:
    """Starts scripted servers and returns their ports."""
    running: list[Hostile] = []

    def start(script: list[Step]) -> int:
        server = Hostile(script)
        server.__enter__()
        running.append(server)
        return server.port

    yield start
    for server in running:
        server.__exit__(None, None, None)


Broken = Callable[[str, "Where"], dict[str, Any]]


class Where:
    """What the broken accounts below are made of."""

    def __init__(
        self,
        remote: Remote,
        hostile: Callable[[list[Step]], int],
        certs: TlsFiles,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.remote, self.hostile, self.certs, self.settings = remote, hostile, certs, settings
        self.monkeypatch = monkeypatch

    def port(self, kind: str) -> int:
        server = self.remote.server
        return server.imap_port if kind == "imap" else server.pop3_port

    def hurry(self) -> None:
        """Give up soon: nothing more is going to come."""
        self.monkeypatch.setattr(accounts, "probe", partial(probing.probe, seconds=2.0))

    def tls(self, pair: Pair) -> dict[str, Any]:
        # Not one of the usual ports, so TLS is spoken from the start.
        return {"port": self.hostile([Tls(pair)])}


def wrong_protocol(kind: str, where: Where) -> dict[str, Any]:
    return {"port": where.port("pop" if kind == "imap" else "imap"), "require_ssl": None}


def wrong_password(kind: str, where: Where) -> dict[str, Any]:
    return {"port": where.port(kind), "require_ssl": None, "username": where.remote.name}


def hanging(kind: str, where: Where) -> dict[str, Any]:
    where.hurry()
    where.settings.RETRIEVAL_INTERVAL = 600
    return {"port": where.hostile([Hang()]), "require_ssl": None}


def hanging_later(kind: str, where: Where) -> dict[str, Any]:
    where.hurry()
    hello = b"* OK ready\r\n" if kind == "imap" else b"+OK ready\r\n"
    return {"port": where.hostile([Send(hello), Expect(), Hang()]), "require_ssl": None}


def dropping(kind: str, where: Where) -> dict[str, Any]:
    hello = b"* OK ready\r\n" if kind == "imap" else b"+OK ready\r\n"
    return {"port": where.hostile([Send(hello), Expect(), Drop()]), "require_ssl": None}


def private(kind: str, where: Where) -> dict[str, Any]:
    where.settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    return {"host": "10.20.30.40", "port": 993}


def loopback(kind: str, where: Where) -> dict[str, Any]:
    where.settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    return {"host": "127.0.0.1", "port": where.port(kind)}


BAD: list[tuple[str, str, Broken]] = [
    ("name", "host", lambda _kind, _where: {"host": "no-such-host.invalid"}),
    ("closed", "port", lambda _kind, _where: {"port": 9}),
    ("protocol", "port", wrong_protocol),
    ("tls-name", "host", lambda _kind, where: where.tls(where.certs.wrong_name)),
    ("tls-expired", "host", lambda _kind, where: where.tls(where.certs.expired)),
    ("tls-untrusted", "host", lambda _kind, where: where.tls(where.certs.self_signed)),
    ("login", "password", wrong_password),
    ("hung", "port", hanging),
    ("hung", "port", hanging_later),
    ("dropped", "port", dropping),
    ("private", "host", private),
    ("private", "host", loopback),
]


@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["imap", "pop"])
@pytest.mark.parametrize("action", ["test", "save"])
@pytest.mark.parametrize(("told", "field", "broken"), BAD)
@pytest.mark.accept("A11", "A47", "A48", "A49", "A190", "A195")
def test_bad_input(
    web: Client,
    remote: Remote,
    hostile: Callable[[list[Step]], int],
    tls_files: TlsFiles,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    action: str,
    told: str,
    field: str,
    broken: Broken,
) -> None:
    """Its own sentence at its field, nothing stored, everything kept but the password."""
    where = Where(remote, hostile, tls_files, settings, monkeypatch)
    values = typed(type=kind, password=CANARY, action=action, port=where.port(kind))
    values |= {"name": "My other mailbox", "filter_enabled": "on", "method": "manual"}
    if kind == "pop":
        values["destination"] = str(folders.special(User.objects.get(), "inbox").pk)
    changes = broken(kind, where)
    for name, value in changes.items():
        values.pop(name, None) if value is None else values.update({name: str(value)})

    response = web.post(NEW, values)

    assert response.status_code == 422
    source = response.content.decode()
    page = Page(response)
    assert SENTENCES[told] in page.text
    others = [text for name, text in SENTENCES.items() if name != told]
    assert not [text for text in others if text in page.text]
    assert f'id="id_{field}_error"' in source
    assert "administrator of the other account" in page.text
    assert stored() == (0, 0, 0)
    assert CANARY not in source
    for name in ("host", "port", "username", "name", "method"):
        assert page.values[name] == values[name], name
    assert page.values["filter_enabled"] == "on"
    assert ("require_ssl" in page.values) == ("require_ssl" in values)


@pytest.mark.accept("A196")
def test_required_ssl_never_falls_back_to_clear_text(web: Client) -> None:
    capability = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%TAG% OK done\r\n"
    dialogue: list[Step] = [Expect(), Send(capability)]
    server = Hostile([Send(b"* OK ready\r\n"), *dialogue * 6])
    with server:
        response = web.post(NEW, typed(port=server.port, password=CANARY))
    assert response.status_code == 422
    assert stored() == (0, 0, 0)
    assert all(CANARY.encode() not in bytes(heard.clear) for heard in server.heard)


@pytest.mark.accept("A195")
def test_a_refused_target_sounds_the_same_whatever_lives_there(
    web: Client, remote: Remote, settings: Settings
) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    answers = set()
    for port in (remote.server.imap_port, 9, 22):
        response = web.post(NEW, typed(host="127.0.0.1", port=port))
        assert response.status_code == 422
        answers.add(Page(response).text.count(SENTENCES["private"]))
    assert len(answers) == 1
    assert 0 not in answers


@pytest.mark.accept("A195")
def test_the_form_is_no_scanner(web: Client, settings: Settings) -> None:
    settings.CONNECTIVITY_TESTS_PER_HOUR = 2
    bad = typed(host="no-such-host.invalid", action="test")
    for _ in range(2):
        assert SENTENCES["name"] in Page(web.post(NEW, bad)).text
    third = Page(web.post(NEW, bad))
    assert "many connections in the last hour" in third.text
    assert SENTENCES["name"] not in third.text
    assert third.values["host"] == "no-such-host.invalid"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"host": ""}, "Enter the server address."),
        ({"host": "https://mail.example.com/"}, "Enter only the name of the server"),
        ({"host": "mail.example.com\r\nEVIL"}, "Enter only the name of the server"),
        ({"port": "0"}, "greater than or equal to 1"),
        ({"port": "70000"}, "less than or equal to 65535"),
        ({"port": "imap"}, "Enter a whole number"),
        ({"username": ""}, "Enter the username."),
        ({"username": "mara\nA2 DELETE INBOX"}, "cannot be typed"),
        ({"password": ""}, "Enter the password."),
        ({"password": "x\r\nA2 DELETE INBOX"}, "cannot be typed"),
        ({"transfer": "subfolders", "destination": ""}, "Choose a folder."),
        ({"transfer": "subfolders", "destination": "new"}, "Enter a name for the new folder."),
        ({"type": "exchange"}, "not one of the available choices"),
    ],
)
def test_shapes_are_refused_at_their_field(
    web: Client, changes: dict[str, str], sentence: str
) -> None:
    response = web.post(NEW, typed(**changes))
    assert response.status_code == 422
    assert sentence in Page(response).text
    assert stored() == (0, 0, 0)
    assert SECRET not in response.content.decode()
