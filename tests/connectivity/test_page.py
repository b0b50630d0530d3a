"""The Connectivity page: what is shown, what is not, at what price."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Domain, User
from connectivity.models import Feature
from connectivity.services import credentials, features
from mailstore.models import Source
from retrieval.models import RetrievalRun, RetrievalTask

PAGE = reverse("connectivity")


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def make_task(user: User, name: str, **fields: object) -> RetrievalTask:
    return RetrievalTask.objects.create(
        user=user,
        source=Source.objects.create(user=user, name=name, address=f"{name.lower()}@far.test"),
        credential=credentials.store(user=user, secret="x"),
        **(
            {
                "type": "imap",
                "host": "imap.far.test",
                "port": 993,
                "security": "tls",
                "username": f"{name.lower()}@far.test",
                "next_at": timezone.now() + timedelta(minutes=5),
            }
            | fields
        ),
    )


def html(web: Client) -> str:
    response = web.get(PAGE)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.accept("A2")
def test_the_page_is_in_the_settings_menu(web: Client) -> None:
    assert f'href="{PAGE}"' in web.get(reverse("settings-account")).content.decode()


@pytest.mark.accept("A1", "A40")
def test_receiving_and_sending_stand_side_by_side(web: Client) -> None:
    page = html(web)
    for words in (
        "Email Retrieval",
        "Keeps pulling mail from your other mailboxes into this one.",
        "SMTP Accounts",
        "Servers used when you send as one of your other addresses.",
        "New Retrieval Task",
        'href="#retrieval"',
        'href="#smtp"',
    ):
        assert words in page


def test_sections_that_are_not_built_are_not_shown(web: Client) -> None:
    page = html(web)
    for title in ("Cloud Storage", "Synchronized Devices", "Migration"):
        assert title not in page


@pytest.mark.accept("A5", "A6")
def test_a_section_that_is_off_is_absent_and_the_administrator_is_named(
    web: Client, domain: Domain, make_user: Callable[..., User]
) -> None:
    make_user("ada@example.test", role="domain-admin", display_name="Ada Admin")
    features.set_switch(domain, Feature.RETRIEVAL, enabled=False)
    page = html(web)
    assert "New Retrieval Task" not in page
    assert 'id="retrieval"' not in page
    assert "Contact your administrator, Ada Admin (ada@example.test)." in page
    assert "SMTP Accounts" in page


@pytest.mark.accept("A4", "A55")
def test_every_task_is_listed_with_its_account_and_opens(web: Client, user: User) -> None:
    tasks = [make_task(user, name) for name in ("Gmail", "Yahoo", "College")]
    page = html(web)
    for task in tasks:
        assert task.username in page
        inside = reverse("retrieval-detail", args=[task.pk])
        delete = reverse("retrieval-delete", args=[task.pk])
        assert f'href="{inside}"' in page
        assert delete not in page
        assert f'href="{delete}"' in web.get(inside).content.decode()


def test_tasks_of_others_are_not_listed(web: Client, other_user: User) -> None:
    make_task(other_user, "Secretive")
    assert "Secretive" not in html(web)
    assert "secretive@far.test" not in web.get(reverse("connectivity-health")).content.decode()


def test_a_first_refusal_needs_its_person_although_it_is_tried_again(
    web: Client, user: User
) -> None:
    soon = timezone.now() + timedelta(minutes=10)
    make_task(user, "Work", state="backoff", cause="login-refused", next_at=soon)
    page = " ".join(html(web).split())
    assert "1 needs you: work@far.test" in page
    assert "waits for its provider" not in page


def test_the_health_line_counts_and_leads_to_the_trouble(web: Client, user: User) -> None:
    make_task(user, "Gmail")
    make_task(user, "Slow", state="backoff", cause="no-answer")
    sick = make_task(user, "Work", state="needs-password", cause="login-refused", next_at=None)
    page = " ".join(html(web).split())
    assert "1 of 3 accounts are fine" in page
    assert "1 waits for its provider" in page
    assert "1 needs you</span>" in page or "1 needs you: work@far.test" in page
    assert f'href="{reverse("retrieval-detail", args=[sick.pk])}">Fix now' in page
    assert "did not accept this username and password" in page
    alone = web.get(reverse("connectivity-health")).content.decode()
    assert "1 of 3 accounts are fine" in alone
    assert "<html" not in alone


def test_without_tasks_there_is_a_way_to_begin(web: Client) -> None:
    page = html(web)
    assert "Add the first mailbox" in page
    assert "accounts are fine" not in page


def test_fifty_tasks_cost_no_more_queries_than_one(web: Client, user: User) -> None:
    now = timezone.now()
    make_task(user, "First")
    with CaptureQueriesContext(connection) as few:
        html(web)
    for number in range(49):
        task = make_task(user, f"Task{number}")
        RetrievalRun.objects.bulk_create(
            RetrievalRun(task=task, fence=n, started_at=now, ended_at=now, outcome="ok", stored=n)
            for n in range(20)
        )
    with CaptureQueriesContext(connection) as many:
        page = html(web)
    assert page.count('class="item task') == 51  # with the head of the table
    assert len(many) == len(few)
    assert len(many) <= 16


def test_anonymous_people_are_sent_to_sign_in(client: Client, db: None) -> None:
    for name in ("connectivity", "connectivity-health"):
        response = client.get(reverse(name))
        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse("sign-in"))
