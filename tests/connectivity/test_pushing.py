"""Browsers are told of new mail: over a real push service, read with the browser's own key."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from connectivity.models import PushDue, PushSubscription
from connectivity.services import pushing
from filtering.services import deliver
from filtering.services.deliver import Incoming
from mailstore.models import Folder, FolderRole, Message, Thread
from mailstore.services import folders
from protocols import webpush
from protocols.body import Body
from standin.certs import TlsFiles
from tests.web.site import Web

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = webpush.new_signing_key()
AUTH = bytes(range(16))
ADDRESS = "/settings/notifications/push/"


@pytest.fixture(autouse=True)
def switched_on(settings: Settings, tls_files: TlsFiles) -> None:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    settings.VAPID_PRIVATE_KEY = KEY
    settings.VAPID_CONTACT = "mailto:postmaster@example.test"


class Chrome:
    """A browser: its keys, and what it reads of what was sent to it."""

    def __init__(self, web: Web, name: str = "one") -> None:
        self.web = web
        self.path = f"/send/{name}"
        self.endpoint = f"https://localhost:{web.https}{self.path}"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.point = self._key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.answers(201)

    def answers(self, status: int) -> None:
        self.web.put(f"https://localhost{self.path}", status=status)

    def form(self, **more: str) -> dict[str, str]:
        key, auth = webpush.packed(self.point), webpush.packed(AUTH)
        return {"endpoint": self.endpoint, "key": key, "auth": auth, **more}

    def read(self) -> list[dict[str, Any]]:
        found = []
        for request in self.web.requests:
            if request.target != self.path:
                continue
            assert request.method == "POST"
            assert request.headers["content-encoding"] == "aes128gcm"
            assert int(request.headers["ttl"]) > 0
            self._check(request.headers["authorization"])
            words = http_ece.decrypt(request.body, private_key=self._key, auth_secret=AUTH)
            found.append(json.loads(words))
        return found

    def _check(self, header: str) -> None:
        """RFC 8292: signed by the key the browser knows, for this service, for a while."""
        kind, _, rest = header.partition(" ")
        said = dict(part.strip().split("=", 1) for part in rest.split(","))
        signed, _, mark = said["t"].rpartition(".")
        raw = webpush.unpacked(mark)
        first, second = (int.from_bytes(raw[n : n + 32], "big") for n in (0, 32))
        own = webpush.signing_key(KEY)
        assert (kind, said["k"]) == ("vapid", webpush.public_key(own))
        own.public_key().verify(
            encode_dss_signature(first, second), signed.encode(), ec.ECDSA(hashes.SHA256())
        )
        head, claims = (json.loads(webpush.unpacked(part)) for part in signed.split("."))
        assert head == {"typ": "JWT", "alg": "ES256"}
        assert claims["aud"] == f"https://localhost:{self.web.https}"
        assert claims["sub"] == "mailto:postmaster@example.test"
        assert 0 < claims["exp"] - NOW.timestamp() <= 24 * 3600


@pytest.fixture
def chrome(web_server: Web) -> Chrome:
    return Chrome(web_server)


def inbox_of(user: User, *, notifies: bool = True) -> Folder:
    inbox = folders.special(user, FolderRole.INBOX)
    Folder.objects.filter(pk=inbox.pk).update(notifies=notifies)
    return Folder.objects.get(pk=inbox.pk)


def arrive(folder: Folder, *subjects: str, **more: Any) -> list[Message]:
    raw = "From: Ruth Okafor <ruth@example.org>\r\nSubject: {}\r\n\r\nsecret words\r\n"
    many = [
        Incoming(Body.of(raw.format(one).encode()), folder, internal_at=NOW, **more)
        for one in subjects
    ]
    return deliver.deliver(many, now=NOW)


def test_a_browser_is_told_what_its_owner_chose(
    user: User, client_for: Callable[[User], Client], chrome: Chrome
) -> None:
    client = client_for(user)
    assert client.post(ADDRESS, chrome.form()).status_code == 204
    arrive(inbox_of(user), "The plan")
    assert pushing.send_due(now=NOW) == 1
    [words] = chrome.read()
    # Nobody but us and the browser could read more, and its owner wants no more on the screen.
    assert words == {"title": "1 new message", "body": "", "url": "/", "tag": "mail"}
    assert client.post(ADDRESS, chrome.form(shows_text="on")).status_code == 204
    [message] = arrive(inbox_of(user), "Größe & <b>Plan</b>")
    assert pushing.send_due(now=NOW) == 1
    words = chrome.read()[-1]
    assert words["title"] == "Ruth Okafor"
    assert words["body"] == "Größe & <b>Plan</b>"
    assert words["url"] == f"/message/{message.pk}/"
    assert "secret words" not in json.dumps(chrome.read())
    # Nothing is told twice, and many are told as one.
    assert pushing.send_due(now=NOW) == 0
    arrive(inbox_of(user), *map(str, range(20)))
    assert pushing.send_due(now=NOW) == 1
    assert chrome.read()[-1]["title"] == "20 new messages"


def test_what_nobody_is_told_of(user: User, chrome: Chrome) -> None:
    pushing.subscribe(user, webpush.Browser(chrome.endpoint, chrome.point, AUTH), shows_text=True)
    arrive(inbox_of(user, notifies=False), "not chosen")
    inbox = inbox_of(user)
    arrive(inbox, "old mail", backfill=True)
    arrive(inbox, "read elsewhere", flags=frozenset({"\\Seen"}))
    assert PushDue.objects.count() == 0
    [muted] = arrive(inbox, "muted")
    Message.objects.filter(pk=muted.pk).update(
        thread=Thread.objects.create(user=user, muted_at=NOW)
    )
    [junk] = arrive(inbox, "junk")
    spam = folders.special(user, FolderRole.JUNK)
    Folder.objects.filter(pk=spam.pk).update(notifies=True)
    Message.objects.filter(pk=junk.pk).update(folder=spam)
    [read] = arrive(inbox, "read meanwhile")
    Message.objects.filter(pk=read.pk).update(is_seen=True)
    arrive(inbox, "two hours ago")
    PushDue.objects.order_by("-pk").filter(pk=PushDue.objects.latest("pk").pk).update(
        at=NOW - timedelta(hours=2)
    )
    PushDue.objects.create(user=user, message=10**9, at=NOW)
    assert pushing.send_due(now=NOW) == 0
    assert chrome.read() == []
    assert PushDue.objects.count() == 0


@pytest.mark.parametrize(("status", "is_left"), [(404, False), (410, False), (500, True)])
def test_a_browser_that_is_gone_is_forgotten(
    user: User, chrome: Chrome, status: int, is_left: bool
) -> None:
    pushing.subscribe(user, webpush.Browser(chrome.endpoint, chrome.point, AUTH), shows_text=False)
    chrome.answers(status)
    inbox = inbox_of(user)
    arrive(inbox, "one")
    assert pushing.send_due(now=NOW) == 0
    assert PushSubscription.objects.filter(user=user).exists() is is_left
    if is_left:
        assert PushSubscription.objects.get().failures == 1
        chrome.answers(201)
        arrive(inbox, "two")
        assert pushing.send_due(now=NOW) == 1
        assert PushSubscription.objects.get().failures == 0


def test_a_service_inside_is_never_reached(
    user: User, chrome: Chrome, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """The address comes from a browser, so from anybody: the guard judges it."""
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    pushing.subscribe(user, webpush.Browser(chrome.endpoint, chrome.point, AUTH), shows_text=False)
    arrive(inbox_of(user), "one")
    with caplog.at_level("INFO"):
        assert pushing.send_due(now=NOW) == 0
    assert chrome.web.requests == []
    assert "AddressRefused" in caplog.text
    assert chrome.path not in caplog.text


def test_nonsense_is_refused(
    user: User, other_user: User, client_for: Callable[[User], Client], chrome: Chrome
) -> None:
    client = client_for(user)
    good = chrome.form()
    for bad in (
        {"endpoint": good["endpoint"].replace("https:", "http:")},
        {"endpoint": "https://x/" + "a" * 1000},
        {"key": webpush.packed(bytes(65))},
        {"key": "not base64!"},
        {"auth": webpush.packed(b"short")},
    ):
        assert client.post(ADDRESS, {**good, **bad}).status_code == 400
    assert not PushSubscription.objects.exists()
    # Whoever signed in there last has the browser; the other can not switch it off.
    client.post(ADDRESS, good)
    client_for(other_user).post(ADDRESS, good)
    assert PushSubscription.objects.get().user == other_user
    assert client.post(ADDRESS, {**good, "off": "on"}).status_code == 204
    assert PushSubscription.objects.get().user == other_user
    client_for(other_user).post(ADDRESS, {**good, "off": "on"})
    assert not PushSubscription.objects.exists()
    assert AUTH.hex() not in repr(webpush.Browser("x", chrome.point, AUTH))


def test_folders_are_chosen_on_the_page(
    user: User, other_user: User, client_for: Callable[[User], Client], settings: Settings
) -> None:
    client = client_for(user)
    mine = folders.special(user, FolderRole.INBOX)
    theirs = folders.special(other_user, FolderRole.INBOX)
    page = client.get("/settings/notifications/").content.decode()
    assert webpush.public_key(webpush.signing_key(KEY)) in page
    assert KEY not in page
    chosen = {"folder": [mine.pk, theirs.pk, "x"]}
    assert client.post("/settings/notifications/folders/", chosen).status_code == 302
    assert list(Folder.objects.filter(notifies=True)) == [mine]
    client.post("/settings/notifications/folders/", {})
    assert not Folder.objects.filter(notifies=True).exists()
    settings.VAPID_PRIVATE_KEY = ""
    assert "data-push" not in client.get("/settings/notifications/").content.decode()
    for address in (ADDRESS, "/settings/notifications/folders/"):
        assert client.post(address, {}).status_code == 404
    arrive(inbox_of(user), "nobody is told")
    assert not PushDue.objects.exists()


def test_the_words_are_read_as_the_standard_has_them() -> None:
    """RFC 8291 section 5, the example: our reading of it is another program's as well."""
    private = int.from_bytes(
        base64.urlsafe_b64decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94="), "big"
    )
    sealed = webpush.unpacked(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg"
        "Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZ"
        "wbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    auth = webpush.unpacked("BTBZMqHH6r4Tts7J_aSIgg")
    key = ec.derive_private_key(private, ec.SECP256R1())
    plain = http_ece.decrypt(sealed, private_key=key, auth_secret=auth)
    assert plain == b"When I grow up, I want to be a watermelon"
