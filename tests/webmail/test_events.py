"""Open pages hear that something changed: from the transaction to the stream."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from filtering.services import deliver
from filtering.services.deliver import Incoming
from lib import live
from lib.valkey import BrokerError, Line
from mailstore.models import Folder, FolderRole
from mailstore.services import folders, locks
from protocols.body import Body
from tests.broker import PrivateBroker, bundled
from tests.infra.running import ROOT, environment
from tests.postgres import free_port
from tests.waiting import wait_until
from webmail import stream as streaming
from webmail.events import OF_ONE_PERSON, Hub
from webmail.stream import Streams

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOST = 20


@pytest.fixture(scope="module")
def broker() -> Iterator[PrivateBroker]:
    with PrivateBroker(bundled()) as running:
        yield running


@pytest.fixture(autouse=True)
def asked(broker: PrivateBroker, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker of this module; nobody waits half a second for the second word."""
    settings.BROKER_URL = broker.url
    monkeypatch.setattr(live, "_teller", live.Teller())
    monkeypatch.setattr(streaming, "PAUSE", 0.0)


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()
    yield made
    made.stop()


class Page:
    """A page that listens: what the server would send to it."""

    def __init__(self, hub: Hub, key: str, **more: str) -> None:
        self.status = ""
        self.headers: dict[str, str] = {}
        environ: dict[str, Any] = {
            "HTTP_HOST": "localhost", "HTTP_COOKIE": f"theme=x; sessionid={key}", **more,
        }  # fmt: skip
        self._answer: Any = Streams(hub, most=MOST)(environ, self._start)
        self.words = iter(self._answer)

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, dict(headers)

    def close(self) -> None:
        self._answer.close()


def key_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def listens(hub: Hub, broker: PrivateBroker) -> None:
    """Wait until the hub has its subscription."""
    with Line(broker.url, seconds=10) as line:
        wait_until(lambda: line.ask("PUBLISH", live.channel(), "0") == 1, "the web process listens")


@pytest.mark.django_db(transaction=True)
def test_a_thousand_filed_messages_are_one_word(
    user: User, client_for: Callable[[User], Client], hub: Hub, broker: PrivateBroker
) -> None:
    page = Page(hub, key_of(client_for(user)))
    assert page.status == "200 OK"
    assert page.headers["Content-Type"] == "text/event-stream"
    assert page.headers["X-Accel-Buffering"] == "no"
    assert next(page.words) == b"retry: 3000\n\n"
    listens(hub, broker)
    inbox = folders.special(user, FolderRole.INBOX)
    heard: list[bytes] = []
    with Line(broker.url, seconds=60) as line:
        line.ask("SUBSCRIBE", live.channel())
        raw = b"From: a@example.test\r\nSubject: one of many\r\n\r\ntext\r\n"
        many = [Incoming(Body.of(b"X-Number: %d\r\n" % n + raw), inbox) for n in range(1000)]
        deliver.deliver(many, now=NOW)
        heard.append(next(page.words))
        assert line.heard() == ["message", live.channel(), str(user.pk)]
        # The next word is about the next change.
        with transaction.atomic():
            locks.count(inbox.pk)
        assert line.heard() == ["message", live.channel(), str(user.pk)]
        assert not line.waits(0)
    kind, number, data, *_ = heard[0].decode().split("\n")
    assert (kind, data) == ("event: change", f'data: {{"version": {number.removeprefix("id: ")}}}')
    page.close()


@pytest.mark.django_db(transaction=True)
def test_what_is_undone_is_not_told_and_others_hear_nothing(
    user: User, other_user: User, broker: PrivateBroker
) -> None:
    mine = folders.special(user, FolderRole.INBOX)
    theirs = folders.special(other_user, FolderRole.INBOX)
    with Line(broker.url, seconds=60) as line:
        line.ask("SUBSCRIBE", live.channel())
        with pytest.raises(RuntimeError), transaction.atomic():
            locks.count(mine.pk, unread=1)
            raise RuntimeError
        with transaction.atomic():
            locks.advance(theirs.pk)
            assert not line.waits(0)
        assert line.heard() == ["message", live.channel(), str(other_user.pk)]
    assert Folder.objects.get(pk=mine.pk).unread == 0


@pytest.mark.django_db(transaction=True)
def test_only_the_person_who_is_meant_hears(
    user: User, other_user: User, client_for: Callable[[User], Client], hub: Hub
) -> None:
    mine = Page(hub, key_of(client_for(user)))
    theirs = Page(hub, key_of(client_for(other_user)), HTTP_LAST_EVENT_ID="7")
    next(mine.words), next(theirs.words)
    # A stream that was broken off looks at once, as nobody knows what it missed.
    assert next(theirs.words).startswith(b"event: change\n")
    streams = {one.user_id: one for one in hub._all()}
    hub.told(f"{other_user.pk} nonsense {user.pk + 1000}")
    assert streams[other_user.pk].news_at > 0
    assert streams[user.pk].news_at == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["signed-out", "disabled", "password"])
def test_a_stream_ends_with_its_session(
    user: User,
    client_for: Callable[[User], Client],
    hub: Hub,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "CHECKED_EVERY", 0.0)
    client = client_for(user)
    page = Page(hub, key_of(client))
    next(page.words)
    [stream] = hub._all()
    stream.tell()
    assert next(page.words).startswith(b"event: change\n")
    if how == "signed-out":
        client.post("/sign-out/")
    elif how == "disabled":
        User.objects.filter(pk=user.pk).update(is_active=False)
    else:
        user.set_password("another quiet river")
        user.save()
    stream.tell()
    assert next(page.words, b"over") == b"over"
    page.close()
    page.close()
    assert hub._all() == []
    assert Page(hub, key_of(client)).status == "403 Forbidden"


@pytest.mark.django_db(transaction=True)
def test_who_is_refused(user: User, client_for: Callable[[User], Client], hub: Hub) -> None:
    key = key_of(client_for(user))
    assert Page(hub, "").status == "403 Forbidden"
    assert Page(hub, "nobody-has-this-one").status == "403 Forbidden"
    assert Page(hub, key, HTTP_HOST="evil.example").status == "400 Bad Request"
    anonymous = Client()
    anonymous.get("/sign-in/")
    assert SESSION_KEY not in anonymous.session
    # One more than a person may have ends the oldest; one more than all may have is refused.
    pages = [Page(hub, key) for _ in range(OF_ONE_PERSON + 1)]
    assert [next(page.words) for page in pages]
    assert list(pages[0].words) == [b"retry: 60000\n\n"]
    more = [Page(hub, key) for _ in range(MOST - len(pages))]
    assert {page.status for page in more} == {"200 OK"}
    assert Page(hub, key).status == "503 Service Unavailable"
    for page in [*pages, *more]:
        page.close()
    assert Page(hub, key).status == "200 OK"
    hub.stop()
    assert Page(hub, key).status == "503 Service Unavailable"


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_stops_nothing(user: User, settings: Settings) -> None:
    settings.BROKER_URL = f"redis://127.0.0.1:{free_port()}/0"
    inbox = folders.special(user, FolderRole.INBOX)
    teller = live._teller
    with transaction.atomic():
        locks.count(inbox.pk)
    wait_until(lambda: teller._rests_until > 0, "it was tried")
    teller.add(user.pk)
    teller.tell()
    assert teller._due == set()


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_comes_back_is_told_again(user: User, settings: Settings) -> None:
    with PrivateBroker(bundled()) as first:
        settings.BROKER_URL = first.url
        teller = live.Teller()
        teller._due.add(user.pk)
        teller.tell()
        line = teller._line
        assert line is not None
        line.close()  # as a server that was started anew leaves it
        with Line(first.url, seconds=60) as hears:
            hears.ask("SUBSCRIBE", live.channel())
            teller._due.add(user.pk)
            teller.tell()
            assert hears.heard() == ["message", live.channel(), str(user.pk)]


def test_a_password_and_a_socket_are_understood(broker: PrivateBroker) -> None:
    with Line(broker.url, seconds=10) as line:
        assert line.ask("CONFIG", "SET", "requirepass", "a b/c") == "OK"
        try:
            with (
                Line(broker.url, seconds=10) as other,
                pytest.raises(BrokerError) as refused,
            ):
                other.ask("PUBLISH", "x", "secret words")
            assert "secret" not in str(refused.value)
            known = broker.url.replace("redis://", "redis://:a%20b%2Fc@")
            with Line(known, seconds=10) as other:
                assert other.ask("PUBLISH", "x", "y") == 0
        finally:
            line.ask("CONFIG", "SET", "requirepass", "")
    with pytest.raises(OSError, match="[Nn]o such file"):
        Line(f"redis+socket://{os.devnull}-not-there", seconds=1)


@pytest.mark.django_db
def test_a_server_without_streams_says_so(user: User, client_for: Callable[[User], Client]) -> None:
    assert client_for(user).get("/mail/events").status_code == 204


def test_a_server_that_is_told_to_end_ends_the_streams(tmp_path: Path) -> None:
    """Whoever handles the signal: the server sets its own handlers later."""
    script = (
        "import os, signal\n"
        "from webmail.serving import _hub\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('handled', flush=True))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "print(_hub._is_over.wait(60))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.split() == ["handled", "True"], done.stderr
