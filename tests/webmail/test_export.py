"""Export my data: one archive with everything and no secret, written by a worker that may die."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from connectivity.models import Notification
from connectivity.services import credentials
from lib.checkpoints import set_hook
from mailstore import archive
from mailstore.models import Export, FolderRole, Message, Source
from mailstore.services import folders, labels
from retrieval.models import RetrievalTask
from smtp_accounts.models import Signature
from tests.mail import letter, put
from webmail import tasks
from webmail.services import exporting, exports
from webmail.services.exports import KEPT, LEASE

if TYPE_CHECKING:
    from pytest_django import Settings

NOW = timezone.now()
SECRET = "a canary of a secret"
ODD = b"From: a@example.test\r\nSubject: Odd\r\n\r\nFrom here\r\n>From there\nno end"
ClientFor = Callable[[User], Client]


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def full(user: User, other_user: User) -> User:
    """Somebody with mail in a folder of their own, an account, a signature and a label."""
    own = folders.ensure_path(user, ["Trips", "North/South"])
    put(own, letter("one"), ODD)
    (kept,) = put(
        folders.special(user, FolderRole.INBOX), letter("two"), flags=frozenset({"\\Seen"})
    )
    labels.put(user, labels.create(user, "Later"), [kept.pk])
    put(folders.special(other_user, FolderRole.INBOX), letter("of somebody else"))
    RetrievalTask.objects.create(
        user=user, source=Source.objects.create(user=user, name="Mine"), type="imap",
        credential=credentials.store(user=user, secret=SECRET), host="imap.test", port=993,
        security="tls", username="mara",
    )  # fmt: skip
    Signature.objects.create(user=user, name="Short", html="<p>Mara</p>")
    return user


def write(user: User, now: datetime = NOW) -> Export:
    row = exports.ask(user=user, now=NOW)
    assert exporting.write(export_id=row.pk, clock=lambda: now)
    row.refresh_from_db()
    return row


def opened(row: Export) -> zipfile.ZipFile:
    return zipfile.ZipFile(exports.folder() / row.file)


def test_everything_is_in_it_byte_for_byte(full: User, tmp_path: Path) -> None:
    row = write(full)
    assert (row.state, row.done, row.total, row.unreadable) == ("ready", 3, 3, 0)
    with opened(row) as found:
        assert found.testzip() is None
        found.extractall(tmp_path / "out")
        names = {Path(one).stem for one in found.namelist() if one.startswith("data/")}
        signatures = json.loads(found.read("data/signatures.json"))
    assert {"account", "folders", "labels", "identities", "templates", "activity"} <= names
    assert [one["html"] for one in signatures] == ["<p>Mara</p>"]
    back = list(archive.read(tmp_path / "out" / "mail"))
    mine = Message.objects.filter(user=full).select_related("blob")
    assert {one.body.sha256 for one in back} == {bytes(one.blob.sha256) for one in mine}
    odd = next(one for one in back if one.body.read() == ODD)
    assert odd.folder == ("Trips", "North/South")
    lines = (tmp_path / "out" / "mail" / archive.MANIFEST).read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert [one["labels"] for one in entries if one["role"] == "inbox"] == [["Later"]]
    assert [one["flags"] for one in entries if one["role"] == "inbox"] == [["\\Seen"]]


def test_no_secret_is_in_it(full: User) -> None:
    row = write(full)
    with opened(row) as found:
        everything = b"".join(found.read(one) for one in found.namelist())
    hashed = full.password.encode()
    assert SECRET.encode() not in everything
    assert hashed not in everything
    assert b"of somebody else" not in everything
    assert b"imap.test" in everything


def test_who_asked_is_told_and_it_goes_after_a_week(full: User) -> None:
    row = write(full)
    assert Notification.objects.get(user=full).cause == "data-exported"
    assert [one.action for one in AuditEntry.objects.filter(action="data-exported")]
    assert exports.tidy(now=NOW + KEPT - timedelta(minutes=1)) == 0
    assert exports.tidy(now=NOW + KEPT) == 1
    assert not (exports.folder() / row.file).exists()
    assert not Export.objects.exists()


def test_one_at_a_time_and_a_new_one_takes_the_place_of_the_old(full: User) -> None:
    first = exports.ask(user=full, now=NOW)
    assert exports.ask(user=full, now=NOW).pk == first.pk
    assert exporting.write(export_id=first.pk, clock=lambda: NOW)
    assert not exporting.write(export_id=first.pk, clock=lambda: NOW)
    first.refresh_from_db()
    second = exports.ask(user=full, now=NOW)
    assert second.pk != first.pk
    assert not (exports.folder() / first.file).exists()


@pytest.mark.parametrize("place", ["export: some written", "export: named"])
def test_another_worker_goes_on_after_a_killed_one(
    full: User, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(exporting, "EVERY", 1)
    row = exports.ask(user=full, now=NOW)

    def kill(name: str) -> None:
        if name == place:
            raise SystemExit

    set_hook(kill)
    try:
        with pytest.raises(SystemExit):
            exporting.write(export_id=row.pk, clock=lambda: NOW)
    finally:
        set_hook(None)
    assert exports.due(now=NOW + LEASE) == []
    later = NOW + LEASE + timedelta(seconds=1)
    assert exports.due(now=later) == [row.pk]
    assert exporting.write(export_id=row.pk, clock=lambda: later)
    row.refresh_from_db()
    assert row.done == 3
    assert [path.name for path in exports.folder().iterdir()] == [row.file]


def test_who_was_replaced_meanwhile_leaves_nothing(
    full: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "EVERY", 1)
    row = exports.ask(user=full, now=NOW)

    def replace(_name: str) -> None:
        Export.objects.update(fence=9)

    set_hook(replace)
    try:
        assert not exporting.write(export_id=row.pk, clock=lambda: NOW)
    finally:
        set_hook(None)
    assert list(exports.folder().iterdir()) == []
    assert Export.objects.get().state == "running"


def test_what_kills_every_worker_is_given_up(full: User) -> None:
    row = exports.ask(user=full, now=NOW)
    for number in range(exports.MOST_CLAIMS + 1):
        exports.claim(row.pk, now=NOW + 2 * number * LEASE)
    row.refresh_from_db()
    assert (row.state, row.cause) == ("failed", "broken")
    assert exports.due(now=NOW + timedelta(days=1)) == []


def test_without_room_nothing_is_begun(
    full: User, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "SPARE", 1 << 60)
    row = exports.ask(user=full, now=NOW)
    assert not exporting.write(export_id=row.pk, clock=lambda: NOW)
    row.refresh_from_db()
    assert (row.state, row.cause) == ("failed", "no-space")
    page = client_for(full).get("/settings/export/").content.decode()
    assert "not enough room" in page


def test_the_page_from_the_question_to_the_archive(
    full: User, other_user: User, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The worker works at once, as there is no broker.
    monkeypatch.setattr(tasks.write_export, "delay", tasks.write_export)
    browser = client_for(full)
    assert "None yet." in browser.get("/settings/export/").content.decode()
    assert browser.post("/settings/export/new/")["Location"] == "/settings/export/"
    assert "Waiting for a worker" in browser.get("/settings/export/").content.decode()
    assert browser.get("/settings/export/download/").status_code == 404
    assert tasks.dispatch_exports() == 1
    assert "Ready:" in browser.get("/settings/export/").content.decode()
    answer = browser.get("/settings/export/download/")
    assert "attachment" in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as found:
        assert "mail/Inbox.mbox" in found.namelist()
    assert client_for(other_user).get("/settings/export/download/").status_code == 404
    # Removing it is asked for first.
    assert 'href="/settings/export/stop/"' in browser.get("/settings/export/").content.decode()
    assert "Remove the export?" in browser.get("/settings/export/stop/").content.decode()
    assert len(list(exports.folder().iterdir())) == 1
    browser.post("/settings/export/stop/")
    assert browser.get("/settings/export/stop/")["Location"] == "/settings/export/"
    assert list(exports.folder().iterdir()) == []


@pytest.mark.parametrize("tail", ["new/", "download/"])
def test_it_asks_who_is_there(full: User, client_for: ClientFor, tail: str) -> None:
    write(full)
    browser = client_for(full)
    session = browser.session
    session["proved"] = 0
    session.save()
    assert browser.get(f"/settings/export/{tail}")["Location"].startswith("/prove/")
