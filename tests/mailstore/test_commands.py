from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from mailstore import search
from mailstore.models import Folder, Message, Thread
from mailstore.services import blobs
from tests.mail import letter, put


def run(*words: str) -> Any:
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_rethread(user: User, inbox: Folder) -> None:
    put(inbox, letter("one"), letter("two"))
    before = set(Thread.objects.values_list("pk", flat=True))
    assert run("rethread") == {"messages": 2}
    assert before.isdisjoint(Thread.objects.values_list("pk", flat=True))
    assert run("check_store")["conversations"] == []


def test_mailbox_stats(user: User, inbox: Folder) -> None:
    put(inbox, letter("one"), letter("two"))
    rows = run("mailbox", "stats", user.email)
    assert [row["folder"] for row in rows][:2] == ["Inbox", "Drafts"]
    size = len(letter("one")) + len(letter("two"))
    assert rows[0] == {
        "folder": "Inbox",
        "role": "inbox",
        "messages": 2,
        "unread": 2,
        "bytes": size,
    }
    with pytest.raises(CommandError, match="no user"):
        run("mailbox", "stats", "nobody@example.test")


def test_mailbox_export_and_import(user: User, inbox: Folder, tmp_path: Path) -> None:
    put(inbox, letter("one"))
    answer = run("mailbox", "export", user.email, "--format", "eml", str(tmp_path / "out"))
    assert answer["messages"] == 1
    answer = run(
        "mailbox", "import", user.email, "--folder", "Old/2026", str(tmp_path / "out" / "Inbox")
    )
    assert answer == {"messages": 1, "bytes": len(letter("one")), "refused": 0}
    row = Message.objects.get(folder__name="2026")
    assert blobs.read(row.blob) == letter("one")
    with pytest.raises(CommandError, match="not imported"):
        run("mailbox", "import", user.email, str(tmp_path / "none"))


def test_check_store(user: User, inbox: Folder, blob_dir: Path) -> None:
    (row,) = put(inbox, letter("one"))
    assert run("check_store")["blobs"] == 1
    path = blob_dir / row.blob.segment.name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    Folder.objects.filter(pk=inbox.pk).update(total=5)
    with pytest.raises(CommandError, match=r"(?s)not sound.*blob.*Inbox"):
        run("check_store")
    with pytest.raises(CommandError, match="1 messages"):
        run("check_store", "--repair")
    # The same bytes in any other sealed file bring it back.
    (blob_dir / "zz").mkdir()
    (blob_dir / "zz" / "copy.seg").write_bytes(whole)
    assert len(run("check_store", "--repair")["repaired"]) == 1
    assert blobs.read(Message.objects.get(pk=row.pk).blob) == letter("one")
    assert run("check_store")["damaged"] == []


def test_reindex(user: User, inbox: Folder) -> None:
    put(inbox, letter("one"))
    Message.objects.update(subject="", snippet="old")
    assert run("reindex") == {"derived": 1, "unreadable": 0, "indexed": 1}
    assert [row.subject for row in search.search(user, "words").rows] == ["one"]
