"""New Retrieval Task against real servers: what is shown, tested, stored, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity.models import Credential, Feature
from connectivity.services import credentials, features
from mailstore.models import Folder, Source
from mailstore.services import folders
from retrieval.models import RetrievalTask
from retrieval.services import accounts
from standin.certs import Pair, TlsFiles
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step, Tls
from tests.retrieval.conftest import SECRET, Remote

NEW = reverse("retrieval-new")
CANARY = "Sehr-geheim-4711"
SENTENCES = {
    "name": "No server has the name",
    "closed": "it accepts no connections on port",
    "protocol": "but not as a server of this type",
    "tls-name": "issued for another server name",
    "tls-expired": "has expired or is not valid yet",
    "tls-untrusted": "Nobody known here vouches for the certificate",
    "login": "it did not accept this username and password",
    "hung": "then stopped answering",
    "dropped": "closed the connection before everything was done",
    "private": "it is not a mail server on the public internet",
    "no-tls": "offers no encryption on port",
}


class Page(HTMLParser):
    """The form of a page as a browser sees it: controls with their values, and all text."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.order: list[str] = []
        self.text = ""
        self._select = ""
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "select":
            self._select = name
            self.order.append(name)
        elif tag == "option" and "selected" in given:
            self.values[self._select] = given["value"]
        elif tag == "input" and name not in ("", "csrfmiddlewaretoken"):
            if name not in self.order:
                self.order.append(name)
            if given.get("type") in ("checkbox", "radio"):
                if "checked" in given:
                    self.values[name] = given.get("value", "on")
            else:
                self.values[name] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        self.text += " " + " ".join(data.split())


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def typed(**changes: Any) -> dict[str, str]:
    """What a person typed; None takes a field away, as an unticked box is."""
    values: dict[str, Any] = {
        "type": "imap",
        "host": "localhost",
        "port": 143,
        "username": "mara@remote.test",
        "password": SECRET,
        "method": "automatic",
        "transfer": "root",
        "require_ssl": "on",
        "action": "save",
    }
    values |= changes
    return {name: str(value) for name, value in values.items() if value is not None}


def stored() -> tuple[int, int, int]:
    return (
        RetrievalTask.objects.count(),
        Credential.objects.count(),
        Source.objects.count(),
    )


# ---- what the pages show


@pytest.mark.accept("A40", "A41")
def test_step_one_asks_for_the_address_or_a_provider(web: Client) -> None:
    page = Page(web.get(NEW))
    assert "address" in page.order
    for tile in ("Gmail", "Yahoo", "iCloud", "Other IMAP server", "Other POP server"):
        assert tile in page.text


@pytest.mark.accept("A56")
def test_a_checklist_for_ones_own_it_is_at_hand(web: Client) -> None:
    text = Page(web.get(NEW)).text
    for needed in ("Server address", "Port", "Username", "Password", "SSL", "APOP"):
        assert needed in text


@pytest.mark.accept("A205")
def test_the_fields_come_in_their_order(web: Client) -> None:
    wanted = [
        "type",
        "host",
        "port",
        "username",
        "password",
        "method",
        "transfer",
        "destination",
        "use_apop",
        "leave_on_server",
        "require_ssl",
        "filter_enabled",
    ]
    page = Page(web.get(NEW, {"type": "pop"}))
    assert [name for name in page.order if name in wanted] == wanted
    text = web.get(NEW, {"type": "pop"}).content.decode()
    assert text.index('value="test"') < text.index('value="save"')


@pytest.mark.parametrize(
    ("kind", "port"),
    [
        pytest.param("imap", "143", marks=pytest.mark.accept("A76", "A79")),
        pytest.param("pop", "110", marks=pytest.mark.accept("A60", "A63")),
    ],
)
def test_the_plain_defaults(web: Client, kind: str, port: str) -> None:
    page = Page(web.get(NEW, {"type": kind}))
    assert (page.values["type"], page.values["port"]) == (kind, port)
    assert page.values["method"] == "automatic"
    assert page.values["require_ssl"] == "on"
    assert "leave_on_server" not in page.values
    assert "use_apop" not in page.values
    assert "filter_enabled" not in page.values


@pytest.mark.accept("A42", "A43", "A64", "A80", "A58", "A72", "A44")
def test_the_notes_are_shown(web: Client) -> None:
    text = Page(web.get(NEW, {"type": "pop"})).text
    for note in (
        "IMAP fetches all messages of all folders",
        "POP fetches only the Inbox, and normally deletes the originals",
        "Some providers use another port",
        "May be unnecessary if the spam filter of the other side is good",
        "Messages will be removed there.",
        "Manual",
        "Automatic",
        "Every 10 minutes",
    ):
        assert note in text


@pytest.mark.accept("A74", "A89", "A202")
def test_the_filter_switch_is_named_after_the_type(web: Client) -> None:
    source = web.get(NEW, {"type": "imap"}).content.decode()
    assert "Enable spam and content filtering" in source
    assert '<span class="for-imap">(Inbox only)</span>' in source


@pytest.mark.accept("A203")
def test_the_secure_port_is_offered_in_one_click_and_never_forced(web: Client) -> None:
    source = web.get(NEW, {"type": "imap"}).content.decode()
    assert 'value="port:993"' in source
    after = Page(web.post(NEW, typed(action="port:993", port=143)))
    assert after.values["port"] == "993"
    again = Page(web.post(NEW, typed(action="refresh", port=1143)))
    assert again.values["port"] == "1143"


def test_another_type_without_javascript(web: Client) -> None:
    response = web.post(NEW, typed(action="refresh", type="pop", port=143, host="mx.test"))
    page = Page(response)
    assert (page.values["type"], page.values["port"]) == ("pop", "110")
    assert page.values["host"] == "mx.test"
    assert SECRET not in response.content.decode()


@pytest.mark.accept("A8", "A199")
def test_a_gmail_address_brings_its_servers_and_the_app_password_note(web: Client) -> None:
    page = Page(web.get(NEW, {"address": "mara@gmail.com"}))
    assert (page.values["host"], page.values["port"]) == ("imap.gmail.com", "993")
    assert page.values["username"] == "mara@gmail.com"
    assert "app password of 16 letters" in page.text
    assert "less secure" not in page.text


def test_an_unknown_address_goes_on_with_sensible_values(web: Client) -> None:
    page = Page(web.get(NEW, {"address": "mara@remote.test"}))
    assert page.values["username"] == "mara@remote.test"
    assert "not in our list" in page.text


@pytest.mark.accept("A59")
def test_a_provider_without_pop_does_not_offer_it(web: Client) -> None:
    page = Page(web.get(NEW, {"provider": "icloud", "type": "pop"}))
    assert page.values["type"] == "imap"
    assert "iCloud does not offer POP" in page.text


def test_something_that_is_no_address(web: Client) -> None:
    response = web.get(NEW, {"address": "mara"})
    assert response.status_code == 422
    assert 'value="mara"' in response.content.decode()


def test_htmx_gets_the_dialog_alone(web: Client) -> None:
    response = web.get(NEW, headers={"HX-Request": "true"})
    assert response.content.decode().lstrip().startswith("<dialog")
    page = web.get(NEW).content.decode()
    assert "<dialog" not in page
    assert "<html" in page


# ---- bad input, each against a server that really behaves like that


def imap_answers(*steps: Step) -> list[Step]:
    return [Send(b"* OK ready\r\n"), *steps]


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
    ) -> None:
        self.remote, self.hostile, self.certs, self.settings = remote, hostile, certs, settings

    def port(self, kind: str) -> int:
        server = self.remote.server
        return server.imap_port if kind == "imap" else server.pop3_port

    def tls(self, pair: Pair) -> dict[str, Any]:
        # Not one of the usual ports, so TLS is spoken from the start.
        return {"port": self.hostile([Tls(pair)])}


def wrong_protocol(kind: str, where: Where) -> dict[str, Any]:
    return {"port": where.port("pop" if kind == "imap" else "imap"), "require_ssl": None}


def wrong_password(kind: str, where: Where) -> dict[str, Any]:
    return {"port": where.port(kind), "require_ssl": None, "username": where.remote.name}


def hanging(kind: str, where: Where) -> dict[str, Any]:
    where.settings.RETRIEVAL_INTERVAL = 600
    return {"port": where.hostile([Hang()]), "require_ssl": None}


def hanging_later(kind: str, where: Where) -> dict[str, Any]:
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
    monkeypatch.setattr(accounts, "DEADLINE", 2.0)
    where = Where(remote, hostile, tls_files, settings)
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
def test_required_ssl_never_falls_back_to_clear_text(
    web: Client, hostile: Callable[[list[Step]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "DEADLINE", 5.0)
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


# ---- saving


@pytest.mark.accept("A48", "A57", "A77", "A78", "A81", "A82", "A83", "A84", "A88")
def test_an_imap_task_is_saved_after_its_test(web: Client, remote: Remote, user: User) -> None:
    remote.fill(range(3))
    response = web.post(
        NEW,
        typed(
            port=remote.server.imaps_port,
            username=remote.name,
            transfer="subfolders",
            destination="new",
            new_folder="Harbourline",
            filter_enabled="on",
            name="Work",
            color=3,
        ),
    )
    assert response.status_code == 302, Page(response).text
    assert response["Location"] == reverse("connectivity")
    task = RetrievalTask.objects.get()
    assert (task.user, task.type, task.host) == (user, "imap", "localhost")
    assert (task.port, task.security) == (remote.server.imaps_port, "tls")
    assert task.require_ssl
    assert task.filter_enabled
    assert task.method == "automatic"
    assert task.next_at is not None
    assert task.transfer == "subfolders"
    assert task.destination is not None
    assert (task.destination.name, task.destination.parent) == ("Harbourline", None)
    assert (task.source.name, task.source.color) == ("Work", 3)
    assert credentials.reveal(task.credential) == SECRET
    assert "The first messages arrive in a moment" in Page(web.get("/settings/connectivity/")).text


@pytest.mark.accept("A61", "A62", "A65", "A66", "A67", "A68", "A69", "A70", "A71", "A73")
def test_a_pop_task_is_saved_after_its_test(web: Client, remote: Remote, user: User) -> None:
    folder = folders.create(user, parent=None, name="College")
    response = web.post(
        NEW,
        typed(
            type="pop",
            port=remote.server.pop3s_port,
            username=remote.name,
            method="manual",
            destination=folder.pk,
            use_apop="on",
        ),
    )
    assert response.status_code == 302, Page(response).text
    task = RetrievalTask.objects.get()
    assert (task.type, task.security, task.destination) == ("pop", "tls", folder)
    assert task.use_apop
    assert not task.leave_on_server
    assert task.next_at is None
    kept = {"type": "pop", "port": remote.server.pop3s_port, "username": remote.name}
    web.post(NEW, typed(**kept, destination=folder.pk, leave_on_server="on", anyway="1"))
    assert RetrievalTask.objects.latest("pk").leave_on_server


def test_starttls_is_found_on_the_plain_port(web: Client, remote: Remote) -> None:
    """Require SSL on a port that is neither 143 nor 993: the server itself is asked."""
    response = web.post(NEW, typed(port=remote.server.imap_port, username=remote.name))
    assert response.status_code == 302, Page(response).text
    assert RetrievalTask.objects.get().security == "starttls"


@pytest.mark.accept("A47")
def test_a_test_stores_nothing_and_tells_what_is_there(web: Client, remote: Remote) -> None:
    remote.fill(range(3))
    response = web.post(
        NEW, typed(action="test", port=remote.server.imaps_port, username=remote.name)
    )
    assert response.status_code == 200
    page = Page(response)
    assert "Everything works." in page.text
    assert "3 messages" in page.text
    assert "Nothing is saved yet." in page.text
    assert stored() == (0, 0, 0)
    assert SECRET not in response.content.decode()


def test_an_app_password_pasted_in_groups_loses_its_spaces(web: Client, remote: Remote) -> None:
    remote.server.add_user(f"{remote.name}g", "kwytqdnbhzplabcd")
    web.post(
        NEW,
        typed(
            port=remote.server.imaps_port,
            username=f"{remote.name}g",
            password="kwyt qdnb hzpl abcd",
        ),
    )
    assert credentials.reveal(RetrievalTask.objects.get().credential) == "kwytqdnbhzplabcd"


def test_the_same_source_twice_is_warned_about_and_may_be_wanted(
    web: Client, remote: Remote
) -> None:
    values = typed(port=remote.server.imaps_port, username=remote.name)
    web.post(NEW, values)
    first = RetrievalTask.objects.get()
    again = web.post(NEW, values)
    assert again.status_code == 422
    assert f"You already fetch {remote.name}" in Page(again).text
    assert reverse("retrieval-detail", args=[first.pk]) in again.content.decode()
    assert RetrievalTask.objects.count() == 1
    assert web.post(NEW, {**values, "anyway": "1"}).status_code == 302
    assert RetrievalTask.objects.count() == 2


def test_htmx_goes_back_to_the_page_after_saving(web: Client, remote: Remote) -> None:
    response = web.post(
        NEW,
        typed(port=remote.server.imaps_port, username=remote.name),
        headers={"HX-Request": "true"},
    )
    assert response.headers["HX-Redirect"] == reverse("connectivity")


@pytest.mark.accept("A51")
def test_ones_own_local_account_is_refused(web: Client, remote: Remote, user: User) -> None:
    response = web.post(
        NEW, typed(port=remote.server.imaps_port, username=user.email, password=CANARY)
    )
    page = Page(response)
    assert response.status_code == 422
    assert "you cannot add a local account to message retrieval" in page.text
    assert user.email in page.text
    assert stored() == (0, 0, 0)
    assert CANARY not in response.content.decode()


@pytest.mark.accept("A52")
def test_an_external_account_is_not_taken_for_a_local_one(
    web: Client, remote: Remote, user: User, settings: Settings
) -> None:
    # Another domain on a server of this machine: somebody else's mailbox.
    remote.server.add_user("mara@elsewhere.test", SECRET)
    values = typed(port=remote.server.imaps_port, username="mara@elsewhere.test")
    assert web.post(NEW, values).status_code == 302
    # An address of a domain hosted here, on a server that is not here: mail split over two.
    elsewhere = web.post(NEW, typed(host="no-such-host.invalid", username=user.email))
    assert "local account" not in Page(elsewhere).text
    assert SENTENCES["name"] in Page(elsewhere).text


@pytest.mark.accept("A5", "A6")
def test_switched_off_the_form_names_the_administrator(
    web: Client, make_user: Callable[..., User], domain: Domain, user: User
) -> None:
    boss = make_user("admin@example.test", role="domain-admin", display_name="Ada Admin")
    features.set_switch(domain, Feature.RETRIEVAL, enabled=False)
    for response in (web.get(NEW), web.post(NEW, typed())):
        assert response.status_code == 403
        text = Page(response).text
        assert "Contact your administrator" in text
        assert boss.email in text
    assert stored() == (0, 0, 0)


def test_another_users_folder_is_no_destination(
    web: Client, remote: Remote, other_user: User
) -> None:
    his = Folder.objects.filter(user=other_user).first()
    assert his is not None
    response = web.post(
        NEW,
        typed(
            port=remote.server.imaps_port,
            username=remote.name,
            transfer="subfolders",
            destination=his.pk,
        ),
    )
    assert response.status_code == 422
    assert stored() == (0, 0, 0)
