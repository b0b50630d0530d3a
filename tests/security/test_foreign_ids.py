"""Ids of somebody else where a form, a query or a list of them takes ids: nothing is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders, labels
from protocols.body import Body
from smtp_accounts.services import identities
from tests.security.test_routes import (
    Arguments,
    belongings,  # noqa: F401 # a fixture is found by its name here
    everything,
)
from webmail import undoing

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
#: (route, what is sent, status): {m} is a message of somebody else, {f} a folder, {l} a label, {s}
#: a source of mail, {i} an identity, {g} a signature, {t} a template; {own} a message of one's own,
#: {box} a folder. Where no status stands a page may come, which tells nothing.
ASKED: list[tuple[str, dict[str, str], int | None]] = [
    ("mail", {"source": "{s}"}, None),
    ("mail", {"in": "{f}", "before": "{m}"}, None),
    ("mail-news", {"in": "{f}"}, 404),
    ("mail-news", {"in": "label-{l}"}, 404),
    ("mail-news", {"in": "all", "source": "{s}"}, None),
    ("mail-search", {"q": "alone", "in": "{f}", "near": "{f}"}, None),
    ("mail-search", {"q": "in:mine alone"}, None),
    ("mail-tree", {"at": "/folder/{f}/"}, None),
    ("mail-tree", {"at": "/message/{m}/"}, None),
    ("mail-move", {"id": "{m}", "next": "/folder/{f}/"}, None),
    ("mail-choose-label", {"id": "{m}"}, None),
    ("mail-snooze", {"id": "{m}"}, None),
    ("mail-remind", {"id": "{m}"}, None),
    ("search-around", {"q": "alone", "id": "{m}"}, None),
    ("search-count", {"q": "alone", "in": "{f}"}, None),
    ("search-suggest", {"word": "Min"}, None),
    ("compose", {"reply": "{m}"}, 404),
    ("compose", {"reply_all": "{m}"}, 404),
    ("compose", {"forward": "{m}"}, 404),
    ("compose", {"forward": "{m}", "whole": "1"}, 404),
    ("compose", {"in": "{f}", "source": "{s}"}, None),
    ("compose-templates", {"id": "{t}"}, 404),
    ("compose-people", {"q": "mara@remote"}, None),
    ("folder-new", {"parent": "{f}"}, 404),
]
DONE: list[tuple[str, dict[str, str], int | None]] = [
    *(
        ("mail-action", {"do": what, "id": "{m}", "at": TOMORROW, "sure": "1"}, 404)
        for what in (
            "archive", "trash", "junk", "inbox", "read", "unread", "star", "destroy", "snooze",
            "unsnooze", "mute", "unmute", "remind", "unremind",
        )
    ),
    ("mail-action", {"do": "label:{l}", "id": "{own}"}, 404),
    ("mail-action", {"do": "unlabel:{l}", "id": "{m}"}, 404),
    ("mail-action", {"do": "label", "name": "New", "id": "{m}"}, 404),
    ("mail-action", {"do": "move", "folder": "{f}", "id": "{own}"}, 404),
    ("mail-action", {"do": "move", "folder": "{box}", "id": "{m}"}, 404),
    ("mail-action", {"do": "trash", "all": "1", "place": "/folder/{f}/"}, None),
    ("mail-action", {"do": "trash", "all": "1", "place": "/label/{l}/"}, None),
    ("mail-action", {"do": "trash", "all": "1", "place": "/message/{m}/?in={f}"}, None),
    ("mail-action", {"do": "trash", "id": "{m}", "scope": "conversation", "place": "/"}, 404),
    ("mail-undo", {"token": "{u}"}, 404),
    ("folder-new", {"parent": "{f}", "name": "Under it"}, 404),
    ("push-folders", {"folder": "{f}"}, None),
]  # fmt: skip


@pytest.fixture
def ids(
    user: User,
    other_user: User,
    belongings: Callable[[str], Arguments],  # noqa: F811 # the fixture
) -> dict[str, Any]:
    """What stands in the braces; all but the last two are ``user``'s."""
    inbox = folders.special(other_user, FolderRole.INBOX)
    raw = b"From: b@example.test\r\nSubject: Own\r\n\r\nOwn.\r\n"
    own = deliver([Incoming(Body.of(raw), inbox)], now=datetime.now(UTC))[0]
    message = belongings("mail-message")["pk"]
    found = Message.objects.get(pk=message)
    label = belongings("mail-label")["pk"]
    labels.put(user, user.labels.get(pk=label), [message])
    return {
        "m": message,
        "f": found.folder_id,
        "l": label,
        "s": user.sources.get().pk,
        "i": identities.local_of(user).pk,
        "g": belongings("signature-edit")["pk"],
        "t": belongings("template-edit")["pk"],
        "u": undoing.token(user, [["flag", "is_flagged", True, [message]]]),
        "own": own.pk,
        "box": inbox.pk,
    }


def filled(fields: dict[str, str], ids: dict[str, Any]) -> dict[str, str]:
    return {name: value.format(**ids) for name, value in fields.items()}


def test_what_is_asked_tells_nothing(
    user: User, other_user: User, client_for: Callable[[User], Client], ids: dict[str, Any]
) -> None:
    stranger, owner = client_for(other_user), client_for(user)
    told = []
    for name, fields, status in ASKED:
        values = filled(fields, ids)
        for part in ("", "rows", "list", "window"):
            headers = {"X-Part": part, "HX-Request": "true"} if part else {}
            answer = stranger.get(reverse(name), values, headers=headers)
            where = f"{name} {values} {part}: {answer.status_code}"
            assert answer.status_code == status or (status is None and answer.status_code < 400), (
                where
            )
            assert b"Mine" not in answer.content, where
            assert b"mara@" not in answer.content, where
        if b"Mine" in owner.get(reverse(name), values).content:
            told.append(name)
    # Their owner is told, so these lead to something.
    assert {"mail-news", "search-around", "mail-choose-label", "compose"} <= set(told)


def test_what_is_done_touches_nothing(
    user: User,
    other_user: User,
    client_for: Callable[[User], Client],
    ids: dict[str, Any],
    settings: Settings,
) -> None:
    settings.VAPID_PRIVATE_KEY = "a key"
    stranger = client_for(other_user)
    before = everything(user)
    for name, fields, status in DONE:
        values = filled(fields, ids)
        for headers in ({}, {"X-Part": "json", "HX-Request": "true"}):
            answer = stranger.post(reverse(name), values, headers=headers)
            where = f"{name} {values}: {answer.status_code}"
            assert answer.status_code == status or (status is None and answer.status_code < 400), (
                where
            )
            assert b"Mine" not in answer.content, where
            assert everything(user) == before, where
    assert not Folder.objects.filter(user=other_user, name="Under it").exists()


def test_a_message_of_ones_own_opens_no_list_of_others(
    other_user: User, client_for: Callable[[User], Client], ids: dict[str, Any]
) -> None:
    """And a window of one's own takes neither their message, address, signature nor files."""
    stranger = client_for(other_user)
    address = reverse("mail-message", args=[ids["own"]])
    for place in ("{f}", "label-{l}"):
        for part in ("", "rows", "list"):
            headers = {"X-Part": part} if part else {}
            answer = stranger.get(address, {"in": place.format(**ids)}, headers=headers)
            assert answer.status_code == 404 or b"Mine" not in answer.content
    key = uuid4()
    asked = {"identity": ids["i"], "signature": ids["g"], "original": ids["m"], "signed": ids["g"]}
    answer = stranger.get(reverse("compose-sender", args=[key]), asked)
    assert b"Mine" not in answer.content
    sender = identities.send_from(other_user)[0].key
    for fields, status in (
        ({"sender": str(ids["i"]), "body": "x"}, 422),
        ({"sender": sender, "original": str(ids["m"]), "kind": "reply", "body": "x"}, 200),
        ({"sender": sender, "original": str(ids["m"]), "kind": "forward", "keep": "1"}, 200),
    ):
        answer = stranger.post(reverse("draft-save", args=[uuid4()]), fields)
        assert answer.status_code == status
        assert b"Mine" not in answer.content
        assert not other_user.drafts.filter(original=ids["m"]).exists()
        assert not other_user.drafts.filter(identity=ids["i"]).exists()
        assert not other_user.drafts.filter(attachments__isnull=False).exists()
