"""Files of a draft that somebody else is at: another tab, another version, the way out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts.models import Draft
from smtp_accounts.services import beside, drafts, making, outbox
from smtp_accounts.services.drafts import SubmittedError, Upload

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db
Drafts = Callable[..., Draft]


def add(draft: Draft, name: str, content_id: str = "") -> None:
    upload = Upload(name, "text/plain", Body.of(name.encode()), content_id=content_id)
    drafts.attach(draft=draft, uploads=[upload], now=NOW)


def test_a_file_that_comes_while_the_message_is_made_goes_along(
    make_draft: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = make_draft(to="bob@elsewhere.test")
    add(written, "first.txt")
    make, late = making.make, ["second.txt"]

    def slow(**given: Any) -> making.Made:
        made = make(**given)
        while late:
            add(written, late.pop())
        return made

    monkeypatch.setattr(making, "make", slow)
    message = outbox.submit(user=written.user, draft=written, now=NOW)
    sent = message_from_bytes(blobs.read(message.blob), policy=default)
    names = [part.get_filename() for part in sent.iter_attachments()]
    assert names == ["first.txt", "second.txt"]


def test_a_file_that_comes_too_late_is_refused(make_draft: Drafts) -> None:
    written = make_draft(to="bob@elsewhere.test")
    outbox.submit(user=written.user, draft=written, now=NOW)
    with pytest.raises(SubmittedError):
        add(written, "late.txt")
    assert not written.attachments.exists()


def test_the_other_version_has_all_the_files(make_draft: Drafts, other_user: User) -> None:
    written = make_draft()
    add(written, "plan.pdf")
    add(written, "shop.png", "shop@draft")
    other = Draft.objects.create(user=written.user, identity=written.identity, key=uuid4())
    for _twice in range(2):
        beside.take_files(other, written.key)
    kept = other.attachments.order_by("pk").values_list("filename", "content_id", "blob")
    assert list(kept) == list(
        written.attachments.order_by("pk").values_list("filename", "content_id", "blob")
    )
    assert len(kept) == 2
    strangers = Draft.objects.create(user=other_user, identity=written.identity, key=uuid4())
    beside.take_files(strangers, written.key)
    assert not strangers.attachments.exists()
