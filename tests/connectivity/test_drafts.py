"""What was typed is kept without its secrets, for its owner alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from connectivity.drafts import resume_url
from connectivity.models import AccountDraft, Credential
from connectivity.services import credentials, drafts

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
TYPED = {"host": "imap.far.test", "username": "mara@far.test"}
RETRIEVAL, SMTP = AccountDraft.Kind.RETRIEVAL, AccountDraft.Kind.SMTP


def keep(user: User, kind: str = RETRIEVAL, **given: object) -> AccountDraft:
    named = {"values": TYPED, "label": "mara@far.test", "now": NOW}
    return drafts.keep(user=user, kind=kind, **(named | given))  # type: ignore[arg-type] # varied


@pytest.mark.parametrize("name", ["password", "smtp_password", "client_secret", "access_token"])
def test_no_secret_is_kept(user: User, name: str) -> None:
    with pytest.raises(ValueError, match="no secrets"):
        keep(user, values={**TYPED, name: "x"})
    assert not AccountDraft.objects.exists()


def test_one_draft_is_written_over_again_and_again(user: User) -> None:
    first = keep(user, cause="login-refused", server_line="NO")
    later = NOW + timedelta(minutes=5)
    again = keep(user, values={"host": "mail.far.test"}, cause="", now=later, draft=first)
    assert again.pk == first.pk
    row = AccountDraft.objects.get()
    assert (row.values, row.cause, row.changed_at) == ({"host": "mail.far.test"}, "", later)
    assert row.created_at == NOW


@pytest.mark.parametrize("name", ["host", "port", "username", "smtp_host", "smtp_port"])
def test_what_a_sign_in_brought_goes_with_no_other_account(user: User, name: str) -> None:
    row = keep(user)
    row.credential = credentials.store(user=user, secret="a token")
    row.save()
    again = keep(user, values={**TYPED, "name": "Far"}, draft=row)
    assert again.credential == Credential.objects.get()
    keep(user, values={**TYPED, name: "elsewhere"}, draft=again)
    assert AccountDraft.objects.get().credential is None
    assert not Credential.objects.exists()


def test_what_a_sign_in_in_another_tab_brought_stays(user: User) -> None:
    seen = keep(user)
    brought = credentials.store(user=user, secret="a token")
    AccountDraft.objects.update(credential=brought)
    assert keep(user, cause="login-refused", draft=seen).credential == brought
    assert AccountDraft.objects.get().credential == brought
    keep(user, values={**TYPED, "host": "elsewhere.test"}, draft=seen)
    assert AccountDraft.objects.get().credential is None


def test_a_draft_that_another_tab_discarded_is_a_new_one(user: User) -> None:
    seen = keep(user)
    drafts.discard(AccountDraft.objects.get())
    assert keep(user, draft=seen) == AccountDraft.objects.get()


def test_a_draft_of_another_person_or_kind_is_not_written_over(
    user: User, other_user: User
) -> None:
    row = keep(user)
    for who, kind in ((other_user, RETRIEVAL), (user, SMTP)):
        with pytest.raises(ValueError, match="belongs"):
            keep(who, kind, draft=row)


def test_drafts_are_listed_by_person_and_kind_without_repairs(user: User, other_user: User) -> None:
    mine = keep(user)
    keep(user, SMTP)
    keep(user, target_id=7)
    keep(other_user)
    assert drafts.drafts_of(user, RETRIEVAL) == [mine]


def test_the_oldest_go_when_there_are_too_many(user: User) -> None:
    for number in range(drafts.MOST + 3):
        keep(user, label=str(number), now=NOW + timedelta(minutes=number))
    assert AccountDraft.objects.count() == drafts.MOST
    assert not AccountDraft.objects.filter(label="2").exists()


def test_discarding_takes_the_secret_that_nothing_else_has(user: User) -> None:
    row = keep(user)
    row.credential = credentials.store(user=user, secret="x")
    row.save()
    drafts.discard(row)
    assert not Credential.objects.exists()


def test_each_kind_has_its_page(user: User) -> None:
    row = keep(user)
    assert resume_url(row) == f"/settings/connectivity/retrieval/draft/{row.pk}/"
    row = keep(user, SMTP)
    assert resume_url(row) == f"/settings/connectivity/smtp/draft/{row.pk}/"
