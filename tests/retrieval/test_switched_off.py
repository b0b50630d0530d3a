"""Switching retrieval off while it works: everything stops at once (A194)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import features
from mailstore.models import Message
from retrieval.models import RetrievalTask
from retrieval.services import session
from retrieval.services.session import Session
from tests.retrieval.conftest import Remote, run

MakeTask = Callable[..., RetrievalTask]


def act_at(phase: str, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Do ``act`` when a run tells of this phase; returns the growing list of phases told."""
    publish, told = Session.publish, list[str]()
    # Every word counts, as those of a long run do that come a second apart.
    monkeypatch.setattr(session, "PUBLISH_EVERY", 0.0)

    def publishing(self: Session, *, phase: str = "", folder_name: str | None = None) -> None:
        told.append(phase)
        if phase == wanted:
            act()
        publish(self, phase=phase, folder_name=folder_name)

    wanted = phase
    monkeypatch.setattr(Session, "publish", publishing)
    return told


@pytest.mark.accept("A194")
@pytest.mark.parametrize("type", ["imap", "pop"])
@pytest.mark.parametrize("level", ["domain", "system"])
def test_a_run_that_still_lists_the_mailbox_stops(
    user: User,
    remote: Remote,
    make_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    type: str,
    level: str,
) -> None:
    remote.fill(range(1, 31))
    domain = user.domain if level == "domain" else None
    off = partial(features.set_switch, domain, Feature.RETRIEVAL, enabled=False)
    told = act_at("listing", off, monkeypatch)
    done = run(make_task(type))
    assert (done.outcome, done.cause, done.stored) == ("waited", "feature-off", 0)
    assert told[-1] == "listing"
    assert not Message.objects.filter(user=user).exists()
    assert len(remote.read()) == 30


@pytest.mark.accept("A6", "A194")
def test_an_open_page_reloads_itself_and_the_card_is_gone(
    user: User, make_task: MakeTask, client_for: Callable[[User], Client]
) -> None:
    task, web = make_task(), client_for(user)
    row = reverse("retrieval-row", args=[task.pk])
    features.set_switch(user.domain, Feature.RETRIEVAL, enabled=False)
    answer = web.get(row, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers.get("HX-Refresh")) == (403, "true")
    answer = web.get(row)
    assert answer.status_code == 403
    assert "HX-Refresh" not in answer.headers
    assert 'id="retrieval"' not in web.get(reverse("connectivity")).content.decode()
