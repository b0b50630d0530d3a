"""Out and in again: every byte, flag and date survives, in all three formats."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.models import User
from filtering.services.importing import Imported, import_paths
from mailstore import archive, mime, paging
from mailstore.models import Folder, FolderRole, Message
from mailstore.order import ORDERS, Sort
from mailstore.services import blobs, exporting, folders, messages
from mailstore.services.checking import check
from tests.mail import NOW, letter, mboxes, put
from tests.mail import messages as corpus

LIMIT = 50 * 1024 * 1024
State = Counter[tuple[tuple[str, ...], str, datetime, tuple[str, ...]]]


def bring(user: User, *paths: Path, folder: Folder | None = None) -> Imported:
    return import_paths(user, paths, folder=folder, now=NOW, limit=LIMIT)


def state(user: User) -> State:
    return Counter(
        (
            tuple(step.name for step in folders.path(row.folder)),
            hashlib.sha256(blobs.read(row.blob)).hexdigest(),
            row.sort_at,
            tuple(messages.flags_of(row)),
        )
        for row in Message.objects.filter(user=user).select_related("folder", "blob__segment")
    )


def raws(user: User) -> Counter[bytes]:
    return Counter(
        blobs.read(row.blob)
        for row in Message.objects.filter(user=user).select_related("blob__segment")
    )


@pytest.fixture
def filled(user: User, inbox: Folder) -> User:
    own = folders.ensure_path(user, ["Work", "a/b.c", "50% ünïcode"])
    moment = datetime(2025, 12, 24, 18, 0, 7, tzinfo=UTC)
    put(inbox, letter("seen"), flags=frozenset({"\\Seen", "\\Answered", "\\Flagged"}))
    put(own, letter("dated"), internal_at=moment, flags=frozenset({"$Forwarded", "Label"}))
    put(
        own,
        b"From me to you\nFrom the start: x\n\nFrom here\n>From there\n\n>>From far\n",
        b"Subject: no end of line\n\nFrom end",
        b"Subject: cr\r\n\r\nFrom a\r\n\r\nFrom b Mon Jan  1 00:00:00 2024\r\nX: y\r\n\r\n\r\n",
        b"Subject: lone\r\rFrom here\r\n\n\nFrom x Mon Jan  1 00:00:00 2024\n",
        b"\n\n\n",
        internal_at=moment,
    )
    put(folders.special(user, FolderRole.SENT), letter("sent"), flags=frozenset({"\\Seen"}))
    return user


@pytest.mark.parametrize("kind", exporting.FORMATS)
def test_there_and_back(filled: User, other_user: User, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "out"
    done = exporting.export(filled, kind, target)
    assert (done.messages, done.unreadable) == (8, [])
    result = bring(other_user, target)
    assert (result.messages, result.refused) == (8, [])
    assert state(other_user) == state(filled)
    assert check().is_sound
    with pytest.raises(FileExistsError):
        exporting.export(filled, kind, target)


@pytest.mark.long
@pytest.mark.one_database
@pytest.mark.parametrize("kind", exporting.FORMATS)
def test_the_whole_corpus_there_and_back(
    user: User, other_user: User, inbox: Folder, tmp_path: Path, kind: str
) -> None:
    known = [raw for _, raw in corpus() if raw]
    for start in range(0, len(known), 50):
        put(inbox, *known[start : start + 50])
    assert raws(user) == Counter(known)
    exporting.export(user, kind, tmp_path / "out")
    assert bring(other_user, tmp_path / "out").refused == []
    assert raws(other_user) == Counter(known)
    # Every one of them is listed.
    before, seen = None, 0
    while True:
        theirs = Message.objects.filter(user=other_user)
        page = paging.page(theirs, ORDERS[Sort.NEWEST], size=500, before=before)
        seen += len(page.rows)
        before = page.next_cursor
        if before is None:
            break
    assert seen == len(known)


def test_files_carry_the_bytes_without_our_manifest(filled: User, tmp_path: Path) -> None:
    """Other programs know no manifest: they find maildir flags, dates and whole messages."""
    exporting.export(filled, "maildir", tmp_path / "md")
    (tmp_path / "md" / archive.MANIFEST).unlink()
    files = [path for path in (tmp_path / "md").rglob("*") if path.is_file()]
    assert Counter(path.read_bytes() for path in files) == raws(filled)
    (seen,) = (path for path in files if b"Subject: seen" in path.read_bytes())
    assert seen.parent == tmp_path / "md" / "cur"
    assert seen.name.endswith(":2,FRS")
    (dated,) = (path for path in files if b"Subject: dated" in path.read_bytes())
    assert datetime.fromtimestamp(dated.stat().st_mtime, UTC) == datetime(
        2025, 12, 24, 18, 0, 7, tzinfo=UTC
    )
    found = {one.path: one for one in archive.read(tmp_path / "md")}
    assert found[seen.name].flags == {"\\Seen", "\\Answered", "\\Flagged"}


def test_a_foreign_maildir(user: User, inbox: Folder, tmp_path: Path) -> None:
    for place in ("cur", "new", ".Sent.2025/cur"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "cur" / "1.x:2,RS").write_bytes(letter("one"))
    (tmp_path / "new" / "2.x").write_bytes(letter("two"))
    (tmp_path / ".Sent.2025" / "cur" / "3.x:2,DT").write_bytes(letter("three"))
    os.utime(tmp_path / "new" / "2.x", (1_700_000_000, 1_700_000_000))
    bring(user, tmp_path, folder=inbox)
    rows = {row.subject: row for row in Message.objects.filter(user=user)}
    assert (rows["one"].is_seen, rows["one"].is_answered) == (True, True)
    assert rows["two"].sort_at == datetime.fromtimestamp(1_700_000_000, UTC)
    steps = [step.name for step in folders.path(rows["three"].folder)]
    assert steps == ["Inbox", "Sent", "2025"]
    assert rows["three"].is_draft


def test_a_foreign_mbox(user: User, inbox: Folder, tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(
        b"From a@x.test Mon Jan  5 10:00:00 2026\nSubject: one\nStatus: RO\nX-Status: AF\n\n"
        b">From the sea\nFrom nowhere\n\n"
        b"From b@x.test  Tue Jan  6 10:00:00 2026\nSubject: two\n\nlast\n"
    )
    assert bring(user, path).messages == 2
    first, second = Message.objects.filter(user=user).order_by("sort_at")
    assert blobs.read(first.blob).endswith(b"\n\nFrom the sea\nFrom nowhere\n")
    assert (first.is_seen, first.is_answered, first.is_flagged) == (True, True, True)
    assert blobs.read(second.blob) == b"Subject: two\n\nlast\n"
    assert second.sort_at == datetime(2026, 1, 6, 10, tzinfo=UTC)


def test_the_mboxes_of_the_corpus(tmp_path: Path) -> None:
    for path in mboxes(tmp_path):
        found = list(archive.read(path))
        assert found, path
        for one in found:
            mime.summary(one.body.read())


def test_an_mbox_line_above_a_single_message_is_no_part_of_it(user: User, tmp_path: Path) -> None:
    path = tmp_path / "one.eml"
    path.write_bytes(b"From a@x.test Mon Jan  5 10:00:00 2026\n" + letter("one"))
    bring(user, path)
    assert raws(user) == Counter([letter("one")])


def test_what_cannot_be_read_is_refused_by_name(user: User, tmp_path: Path) -> None:
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "large.eml").write_bytes(b"x" * 101)
    (tmp_path / "fine.eml").write_bytes(b"Subject: x\n\n")
    done = import_paths(user, [tmp_path, tmp_path / "none"], folder=None, now=NOW, limit=100)
    assert done.messages == 1
    assert sorted(line.split(":")[0] for line in done.refused) == ["empty.eml", "large.eml", "none"]


def test_a_manifest_leads_nowhere_else(user: User, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    inner = tmp_path / "in"
    inner.mkdir()
    (inner / archive.MANIFEST).write_text(
        '{"path": "../secret", "folder": ["Inbox"], "flags": [],'
        ' "internal_date": "2026-01-01T00:00:00+00:00"}\n'
    )
    assert bring(user, inner).messages == 0


def test_damaged_mail_is_left_out_and_named(filled: User, inbox: Folder, tmp_path: Path) -> None:
    row = Message.objects.get(folder=inbox)
    (blobs.root() / row.blob.segment.name).write_bytes(b"gone")
    for kind in exporting.FORMATS:
        done = exporting.export(filled, kind, tmp_path / kind)
        assert done.messages == 7
        assert [line.split(":")[0] for line in done.unreadable] == [f"message {row.pk}"]
