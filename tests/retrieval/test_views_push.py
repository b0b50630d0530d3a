"""Listening for new mail between the regular runs: shown, switched, and where there is none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from retrieval.models import RetrievalTask
from retrieval.news import news_of
from tests.retrieval.pages import Page, form_of, text_of, url

MakeTask = Callable[..., RetrievalTask]
Queries = Callable[..., AbstractContextManager[object]]
MB = 1024 * 1024


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def test_listening_is_offered_explained_and_shown_as_active(
    web: Client, make_task: MakeTask
) -> None:
    now = timezone.now()
    task = make_task(
        capabilities="IMAP4REV1 IDLE", first_pass_done_at=now, next_at=now + timedelta(minutes=5),
        last_run_at=now,
    )  # fmt: skip
    text = text_of(web, task)
    assert "Within seconds" in text
    assert "Begins in a moment, if the server has room for it." in text
    RetrievalTask.objects.update(watched_until=now + timedelta(minutes=2))
    assert "Active: the server tells when something arrives." in text_of(web, task)
    assert "or when mail arrives" in text_of(web, task, "row")
    RetrievalTask.objects.update(watched_until=now - timedelta(minutes=2))
    assert "or when mail arrives" not in text_of(web, task, "row")
    RetrievalTask.objects.update(capabilities="IMAP4REV1 UIDPLUS")
    assert "This server does not tell when something arrives" in text_of(web, task)


def test_listening_is_switched_on_the_page_and_in_the_form(
    web: Client, make_task: MakeTask
) -> None:
    task = make_task()
    fence = task.fence
    answer = web.post(
        url("push", task), {"from": "detail", "enabled": "off"}, headers={"HX-Request": "true"}
    )
    assert "Off. New mail comes with the regular runs." in answer.content.decode()
    task.refresh_from_db()
    assert (task.push_enabled, task.fence) == (False, fence)
    page = Page(web.get(url("edit", task)))
    assert "New mail within seconds" in page.text
    assert "push_enabled" not in page.values
    web.post(url("edit", task), form_of(task, push_enabled="on"))
    task.refresh_from_db()
    assert task.push_enabled
    assert "push_enabled" in Page(web.get(url("edit", task))).values
    web.post(url("edit", task), form_of(task))
    task.refresh_from_db()
    assert not task.push_enabled


def test_an_installation_that_does_not_listen_shows_no_switch_and_keeps_the_choice(
    web: Client, make_task: MakeTask, settings: Settings
) -> None:
    settings.PUSH_CONNECTIONS = 0
    task = make_task()
    assert "Within seconds" not in text_of(web, task)
    assert "push_enabled" not in web.get(url("edit", task)).content.decode()
    web.post(url("edit", task), form_of(task))
    task.refresh_from_db()
    assert task.push_enabled


@pytest.mark.parametrize("fields", [{"type": "pop"}, {"method": "manual"}])
def test_only_automatic_imap_tasks_listen(make_task: MakeTask, fields: dict[str, str]) -> None:
    assert news_of(make_task(**fields), now=timezone.now()) is None
    assert news_of(make_task(), now=timezone.now()) is not None


def test_strangers_switch_nothing(
    make_task: MakeTask, client_for: Callable[[User], Client], other_user: User
) -> None:
    task = make_task()
    assert client_for(other_user).post(url("push", task), {"enabled": "off"}).status_code == 404
    task.refresh_from_db()
    assert task.push_enabled
