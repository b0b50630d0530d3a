"""Require SSL off: a choice the domain may forbid."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Domain, User
from connectivity.models import Feature
from connectivity.services import features
from retrieval.models import RetrievalTask
from retrieval.services import accounts
from retrieval.services.account_values import TaskValues
from tests.retrieval.conftest import SECRET, Remote
from tests.retrieval.pages import NEW, Page, typed

FORBIDDEN = "Your domain allows encrypted connections only."


@pytest.mark.accept("A73", "A196")
def test_without_leave_of_the_domain_ssl_is_required(
    user: User, client_for: Callable[[User], Client], remote: Remote, domain: Domain
) -> None:
    browser = client_for(user)
    given = typed(port=remote.server.imap_port, username=remote.name)
    given.pop("require_ssl", None)
    features.set_switch(domain, Feature.CLEAR_TEXT, False)
    answer = browser.post(NEW, given)
    assert answer.status_code == 422
    assert 'id="id_require_ssl_error"' in answer.content.decode()
    assert FORBIDDEN in Page(answer).text
    assert not RetrievalTask.objects.exists()
    assert browser.post(NEW, given | {"require_ssl": "on"}).status_code == 302
    assert RetrievalTask.objects.get().security == "starttls"


@pytest.mark.accept("A196")
def test_no_server_is_asked_by_another_way(user: User, remote: Remote, domain: Domain) -> None:
    """A command, for one, has no form."""
    features.set_switch(domain, Feature.CLEAR_TEXT, False)
    values = TaskValues(
        type="imap",
        host="localhost",
        port=remote.server.imap_port,
        username=remote.name,
        password=SECRET,
        require_ssl=False,
    )
    for outcome in (
        accounts.check(user=user, values=values, now=timezone.now()),
        accounts.save(user=user, values=values, now=timezone.now()),
    ):
        assert outcome.report is None
        assert outcome.problem is not None
        assert outcome.problem.cause == "clear-text-off"
    assert not RetrievalTask.objects.exists()
