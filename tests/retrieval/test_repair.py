"""A task that needs its person is mended where it is seen, and goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connectivity.drafts import resume_url
from connectivity.models import AccountDraft, Credential, CredentialKind, OAuthClient, OAuthGrant
from connectivity.services import credentials
from retrieval.card import card
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalRun, RetrievalTask
from smtp_accounts.models import SmtpAccount
from tests.retrieval.conftest import SECRET, Remote, run
from tests.retrieval.pages import CANARY, Page, text_of, url

MakeTask = Callable[..., RetrievalTask]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


@pytest.fixture
def refused(make_task: MakeTask, remote: Remote) -> RetrievalTask:
    """Two messages are here; then the password was changed there, some days ago."""
    remote.fill([1, 2])
    task = make_task()
    run(task)
    now = timezone.now()
    remote.server.add_user(remote.name, "changed there")
    RetrievalTask.objects.update(
        state="needs-password",
        cause="login-refused",
        server_line="NO [AUTHENTICATIONFAILED] no",
        failing_since=now - timedelta(days=30),
        next_at=now + timedelta(hours=20),
        refused_count=3,
        fail_count=3,
    )
    task.refresh_from_db()
    return task


def use_oauth(task: RetrievalTask) -> None:
    client = OAuthClient.objects.create(provider="microsoft", client_id="x")
    Credential.objects.filter(pk=task.credential_id).update(kind=CredentialKind.OAUTH)
    OAuthGrant.objects.create(
        credential=task.credential, client=client, address="mara@remote.test", scopes="mail offline"
    )


def test_a_row_that_needs_its_person_says_what_is_safe_and_when_it_is_tried(
    web: Client, refused: RetrievalTask
) -> None:
    text = text_of(web, refused, "row")
    assert "Paused, needs you." in text
    assert "localhost has not accepted the saved password since " in text
    assert "Nothing is lost: 0 messages were removed there." in text
    assert "It is tried once a day by itself, next at " in text
    assert "Enter new password" in text
    detail = text_of(web, refused)
    assert "It is tried once a day by itself, next at " in detail
    RetrievalTask.objects.update(type="pop")
    assert "Nothing is lost: your mail waits on the server." in text_of(web, refused, "row")


def test_the_field_opens_in_the_row_and_only_there(web: Client, refused: RetrievalTask) -> None:
    closed = web.get(url("row", refused)).content.decode()
    assert 'name="password"' not in closed
    assert "every 30s" in closed
    opened = web.get(url("row", refused), {"fix": "1"}).content.decode()
    assert 'name="password"' in opened
    assert "autofocus" in opened
    # What is being typed must not be swept away by a refresh.
    assert "hx-trigger" not in opened
    RetrievalTask.objects.update(state="ok", cause="")
    assert 'name="password"' not in web.get(url("row", refused), {"fix": "1"}).content.decode()


@pytest.mark.accept("A190")
def test_a_wrong_password_stays_in_the_row_and_stores_nothing(
    web: Client, refused: RetrievalTask
) -> None:
    before = RetrievalTask.objects.values().get()
    answer = web.post(url("password", refused), {"password": CANARY}, headers=HTMX)
    source = answer.content.decode()
    assert answer.status_code == 422
    assert source.lstrip().startswith('<div class="item task task--warn task--open"')
    assert "did not accept" in source
    assert 'aria-invalid="true"' in source
    assert CANARY not in source
    assert RetrievalTask.objects.values().get() == before
    assert credentials.reveal(Credential.objects.get()) == SECRET
    empty = web.post(url("password", refused), {"password": ""}, headers=HTMX)
    assert empty.status_code == 422
    assert "Enter the password." in empty.content.decode()


@pytest.mark.parametrize("where", ["", "detail"])
def test_the_right_password_mends_it_at_once_and_keeps_the_ledger(
    web: Client, refused: RetrievalTask, remote: Remote, where: str
) -> None:
    known = set(RemoteMessage.objects.values_list("pk", flat=True))
    secret = refused.credential_id
    sent = {"password": "changed there", "from": where}
    answer = web.post(url("password", refused), sent, headers=HTMX)
    assert answer.status_code == 200
    told = json.loads(answer.headers["HX-Trigger"])
    assert told["toast"]["text"] == "The new password works. Retrieval goes on."
    assert "retrieval-changed" in told
    assert "Starts in a moment" in answer.content.decode()
    refused.refresh_from_db()
    assert (refused.state, refused.cause, refused.refused_count) == ("ok", "", 0)
    assert refused.credential_id == secret
    assert refused.next_at is not None
    assert refused.next_at <= timezone.now()
    remote.fill([3])
    assert run(refused).stored == 1
    assert known < set(RemoteMessage.objects.values_list("pk", flat=True))


def test_without_javascript_the_page_has_the_field(web: Client, refused: RetrievalTask) -> None:
    assert 'name="password"' in web.get(url("detail", refused)).content.decode()
    wrong = web.post(url("password", refused), {"password": CANARY})
    assert wrong.status_code == 422
    assert "did not accept" in Page(wrong).text
    right = web.post(url("password", refused), {"password": "changed there"}, follow=True)
    assert "The new password works. Retrieval goes on." in Page(right).text


def test_a_manual_task_runs_once_when_it_is_mended(web: Client, refused: RetrievalTask) -> None:
    RetrievalTask.objects.update(method="manual", next_at=None)
    assert "once a day" not in text_of(web, refused, "row")
    web.post(url("password", refused), {"password": "changed there"})
    refused.refresh_from_db()
    assert refused.next_at is not None


def test_the_sending_half_is_mended_too_and_that_is_said(
    web: Client, user: User, refused: RetrievalTask
) -> None:
    paired = SmtpAccount.objects.create(
        user=user, host="localhost", port=465, encryption="ssl", email="mara@remote.test",
        use_authentication=True, username=refused.username, credential=refused.credential,
        cause="login-refused",
    )  # fmt: skip
    opened = Page(web.get(url("row", refused), {"fix": "1"})).text
    assert "Also mends sending as mara@remote.test." in opened
    web.post(url("password", refused), {"password": "changed there"})
    paired.refresh_from_db()
    assert paired.cause == ""
    assert paired.credential is not None
    assert credentials.reveal(paired.credential) == "changed there"


def test_a_first_refusal_waits_and_can_be_mended_all_the_same(
    web: Client, refused: RetrievalTask
) -> None:
    RetrievalTask.objects.update(state="backoff", refused_count=1)
    text = text_of(web, refused, "row")
    assert "needs you" not in text
    assert "Enter new password" in text
    assert 'name="password"' in web.get(url("detail", refused)).content.decode()


@pytest.mark.parametrize("cause", ["no-answer", "hung", "throttled", "oauth-unavailable"])
def test_a_passing_fault_never_asks_for_the_person(
    web: Client, user: User, refused: RetrievalTask, cause: str
) -> None:
    RetrievalTask.objects.update(state="backoff", cause=cause, fail_count=500)
    text = text_of(web, refused, "row")
    assert "needs you" not in text
    assert "password" not in text
    assert "Continues by itself" in text
    assert card(user)["health"].concerns == ()


def test_what_no_password_mends_is_tried_again(web: Client, refused: RetrievalTask) -> None:
    RetrievalTask.objects.update(cause="account-locked")
    text = text_of(web, refused, "row")
    assert "Try again" in text
    assert "Enter new password" not in text
    web.post(url("run", refused))
    refused.refresh_from_db()
    assert refused.next_at is not None
    assert refused.next_at <= timezone.now()


def test_an_app_password_is_explained_where_the_provider_has_a_page_for_it(
    web: Client, refused: RetrievalTask
) -> None:
    for cause in ("app-password-needed", "login-refused"):
        RetrievalTask.objects.update(host="imap.gmail.com", cause=cause)
        for name in ("row", "detail"):
            source = web.get(url(name, refused), {"fix": "1"}).content.decode()
            assert "How to get one</a>" in source, (cause, name)
            assert 'rel="noopener noreferrer"' in source
    RetrievalTask.objects.update(host="mail.nobody.test")
    assert "How to get one" not in web.get(url("detail", refused)).content.decode()


# ---- a permission at a provider


def test_a_dead_permission_has_one_button_and_no_field(web: Client, refused: RetrievalTask) -> None:
    use_oauth(refused)
    RetrievalTask.objects.update(cause="oauth-revoked")
    for name in ("row", "detail"):
        source = web.get(url(name, refused), {"fix": "1"}).content.decode()
        assert "Sign in to Microsoft again" in source
        assert 'name="password"' not in source


def test_signing_in_again_goes_to_the_provider_with_this_task_in_mind(
    web: Client, user: User, refused: RetrievalTask
) -> None:
    use_oauth(refused)
    RetrievalTask.objects.update(cause="oauth-revoked")
    for _ in range(2):
        answer = web.post(url("sign-in", refused))
        draft = AccountDraft.objects.get()
        assert answer.status_code == 307
        assert answer.headers["Location"] == reverse("oauth-start", args=[draft.pk])
    assert (draft.kind, draft.target_id, draft.user_id) == ("retrieval", refused.pk, user.pk)
    assert draft.values["tile"] == "outlook"
    assert SECRET not in str(draft.values)


def test_a_sign_in_that_came_to_nothing_is_told_on_the_page(
    web: Client, refused: RetrievalTask
) -> None:
    use_oauth(refused)
    RetrievalTask.objects.update(cause="oauth-revoked")
    assert "did not finish" not in text_of(web, refused)
    web.post(url("sign-in", refused))
    draft = AccountDraft.objects.get()
    AccountDraft.objects.update(cause="oauth-denied", server_line="access_denied")
    back = web.get(resume_url(draft))
    assert back.headers["Location"] == url("detail", refused)
    text = text_of(web, refused)
    assert "The last sign-in there did not finish. The permission was not given." in text
    assert "access_denied" in text
    assert "Sign in to Microsoft again" in text


# ---- the page of many


def test_the_page_of_a_task_costs_the_same_however_much_it_shows(
    web: Client, refused: RetrievalTask
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert web.get(url("detail", refused)).status_code == 200
        return len(seen)

    before = queries()
    now = timezone.now()
    for number in range(40):
        folder = RemoteFolder.objects.create(
            task=refused, raw_name=b"%d" % number, name=str(number), server_count=1
        )
        RemoteMessage.objects.create(folder=folder, generation=1, uid=1, state="quarantined")
        RetrievalRun.objects.create(
            task=refused, fence=1, started_at=now, outcome="failed", cause="no-answer"
        )
    assert queries() <= before


def test_fifty_rows_cost_no_more_queries_than_five(
    user: User, make_task: MakeTask, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for number in range(50):
        make_task(
            username=f"mara{number}",
            state="needs-password" if number % 3 == 0 else "ok",
            cause="login-refused" if number % 3 == 0 else "",
        )
    with django_assert_max_num_queries(7):  # type: ignore[attr-defined] # a context manager
        rows = card(user)["rows"]
    assert len([row for row in rows if row.repair]) == 17
