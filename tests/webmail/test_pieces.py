"""Files of a message through the pages: sent up in pieces, shown in the text, whole messages."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from mailstore.models import FolderRole
from mailstore.services import blobs, folders
from smtp_accounts.models import Draft, SmtpAccount
from smtp_accounts.services import drafts, identities
from smtp_accounts.services.drafts import DraftValues
from tests.mail import letter, put
from tests.webmail.writing import fields_of

DATA = os.urandom(5000)
PNG = b"\x89PNG\r\n\x1a\n" + DATA


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def draft(user: User) -> Draft:
    values = DraftValues(identity=identities.local_of(user), subject="Tides")
    return drafts.save(user=user, key=uuid4(), values=values, version=0, now=datetime.now(UTC))


@pytest.fixture
def visitor(user: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(user)


def announce(visitor: Client, draft: Draft, size: int, **more: str) -> dict[str, str]:
    typed = {"filename": "a.png", "content_type": "image/png", "size": str(size), **more}
    answer = visitor.post(reverse("draft-upload", args=[draft.key]), typed)
    said: dict[str, str] = answer.json()
    return said


def test_a_file_comes_in_pieces(visitor: Client, draft: Draft) -> None:
    url = announce(visitor, draft, len(DATA))["url"]

    def send(offset: int, data: bytes) -> tuple[int, object]:
        answer = visitor.post(
            url,
            data,
            content_type="application/octet-stream",
            headers={"Upload-Offset": str(offset)},
        )
        return answer.status_code, answer.json().get("received")

    assert send(0, DATA[:1000]) == (200, 1000)
    assert send(0, DATA[:1000]) == (409, 1000)
    assert visitor.get(url).json() == {"received": 1000}
    assert send(1000, DATA[1000:])[0] == 200
    assert blobs.read(draft.attachments.get().blob) == DATA
    assert visitor.get(url).status_code == 404


def test_a_picture_is_shown_where_it_stands(visitor: Client, draft: Draft) -> None:
    url = announce(visitor, draft, len(PNG), inline="1")["url"]
    done = visitor.post(
        url, PNG, content_type="application/octet-stream", headers={"Upload-Offset": "0"}
    ).json()
    assert draft.attachments.get().content_id == done["inline"]["cid"]
    shown = visitor.get(done["inline"]["url"])
    assert shown["Content-Type"] == "image/png"
    assert b"".join(shown) == PNG


def test_what_will_not_fit_is_refused_by_whose_limit_it_is(
    visitor: Client, draft: Draft, user: User
) -> None:
    assert "29.3" not in announce(visitor, draft, 40 << 20)["error"]
    account = SmtpAccount.objects.create(
        user=user, host="smtp.provider.test", email="mara@provider.test", facts={"size": 3 << 20}
    )
    draft.identity = identities.primary_of(account)
    draft.save()
    assert announce(visitor, draft, 3 << 20)["error"].replace("\xa0", " ") == (
        "smtp.provider.test takes at most 2.2 MB of files. This one was not added."
    )


def test_a_file_that_never_came_whole_is_asked_about_once(visitor: Client, draft: Draft) -> None:
    announce(visitor, draft, 1000)
    fields = {
        "sender": str(draft.identity_id),
        "to": "otto@example.test",
        "subject": "Tides",
        "body": "See below.",
        "version": str(draft.version),
    }
    asked = visitor.post(reverse("compose-send", args=[draft.key]), fields)
    assert asked.status_code == 422
    assert "A file has not arrived whole." in asked.content.decode()
    draft.refresh_from_db()
    sure = {**fields, "version": str(draft.version), "sure": "upload"}
    assert visitor.post(reverse("compose-send", args=[draft.key]), sure).status_code == 302


def test_a_message_is_forwarded_as_a_file(visitor: Client, user: User) -> None:
    raw = letter("Tides")
    (message,) = put(folders.special(user, FolderRole.INBOX), raw)
    page = visitor.get(reverse("mail-message", args=[message.pk])).content.decode()
    address = f"{reverse('compose')}?forward={message.pk}&amp;whole=1"
    assert f'href="{address}"' in page
    form = fields_of(visitor.get(address.replace("&amp;", "&")).content.decode())
    key = uuid4()
    visitor.post(reverse("draft-save", args=[key]), form)
    stored = Draft.objects.get(key=key).attachments.get()
    assert (stored.filename, stored.content_type) == ("Tides.eml", "message/rfc822")
    assert blobs.read(stored.blob) == raw


def test_it_is_said_at_the_file_that_the_drafts_are_full(
    browser_client: Client, draft: Draft, settings: Settings
) -> None:
    settings.MAX_DRAFT_FILES = 2 * 1024 * 1024
    sent = {"filename": "film.mp4", "size": "2097153"}
    answer = browser_client.post(reverse("draft-upload", args=[draft.key]), sent)
    assert answer.status_code == 422
    words = answer.json()["error"].replace("\xa0", " ")
    assert (
        words == "The files in your drafts may have at most 2.0 MB. Send or discard a draft first."
    )
