"""Sign-in at providers is switched off while accounts live by it: they stop at once (A194)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone

from accounts.models import User
from connectivity.models import Credential, Feature, OAuthClient
from connectivity.services import features
from mailstore.models import Message, Source
from retrieval.models import RetrievalTask
from retrieval.services import watching
from tests.oidc import PERSON, MailServers
from tests.retrieval.conftest import letter, run
from tests.retrieval.test_switched_off import act_at


@pytest.fixture
def task(user: User, credential: Credential, mail_servers: MailServers) -> RetrievalTask:
    """A task that signs in with a permission, for a mailbox with something in it."""
    mail_servers.dovecot.append(PERSON, "INBOX", letter(77))
    return RetrievalTask.objects.create(
        user=user,
        source=Source.objects.create(user=user, name="Provider", address=PERSON),
        credential=credential,
        type="imap",
        host="localhost",
        port=mail_servers.dovecot.imaps_port,
        security="tls",
        username=PERSON,
        method="automatic",
        next_at=timezone.now(),
    )


def by_feature(user: User) -> Callable[[], object]:
    return partial(features.set_switch, user.domain, Feature.OAUTH, enabled=False)


def by_provider(user: User) -> Callable[[], object]:
    return partial(OAuthClient.objects.update, enabled=False)


@pytest.mark.accept("A194")
@pytest.mark.parametrize("way", [by_feature, by_provider])
def test_a_run_stops(
    task: RetrievalTask,
    user: User,
    way: Callable[[User], Callable[[], object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = act_at("listing", way(user), monkeypatch)
    done = run(task)
    assert (done.outcome, done.cause, done.stored) == ("waited", "feature-off", 0)
    assert told[-1] == "listing"
    assert not Message.objects.filter(user=user).exists()


@pytest.mark.accept("A194")
@pytest.mark.parametrize("way", [by_feature, by_provider])
def test_nobody_listens(
    task: RetrievalTask, user: User, way: Callable[[User], Callable[[], object]]
) -> None:
    assert run(task).outcome == "ok"
    assert [account.task_id for account in watching.wanted()] == [task.pk]
    way(user)()
    assert watching.wanted() == []


def test_a_system_switch_counts_for_everybody(task: RetrievalTask, user: User) -> None:
    assert run(task).outcome == "ok"
    features.set_switch(None, Feature.OAUTH, enabled=False)
    assert watching.wanted() == []
    # Those with a password go on.
    Credential.objects.update(kind="password")
    assert len(watching.wanted()) == 1
