"""``manage.py smtp-account`` as a script uses it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command, load_command_class
from django.core.management.base import CommandError

from accounts.models import User
from connectivity.services import credentials
from smtp_accounts.models import SmtpAccount
from smtp_accounts.services import identities
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import EXTERNAL, SECRET, USERNAME


def command(*words: str) -> Any:
    out = io.StringIO()
    call_command(load_command_class("smtp_accounts", "smtp-account"), *words, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def words(user: User, smtp_server: SmtpServer) -> list[str]:
    return [
        "add",
        user.email,
        "--server=localhost",
        f"--port={smtp_server.tls_port}",
        "--encryption=ssl",
        f"--username={USERNAME}",
        "--password-stdin",
    ]


def test_an_account_is_added_listed_tested_and_deleted(
    user: User, words: list[str], monkeypatch: pytest.MonkeyPatch, smtp_server: SmtpServer
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    added = command(*words, "--default", "--display-name=Mara Lind")
    row = SmtpAccount.objects.get(pk=added["id"])
    assert row.credential is not None
    assert credentials.reveal(row.credential) == SECRET
    assert SECRET not in json.dumps(added)
    assert (added["address"], added["default"]) == (EXTERNAL, True)
    assert [one["id"] for one in command("list", user.email)] == [row.pk]
    assert command("test", str(row.pk))["works"] is True
    with pytest.raises(CommandError, match="--replacement"):
        command("delete", str(row.pk))
    assert command("delete", str(row.pk), "--use-local") == {"deleted": row.pk}
    assert command("list") == []
    assert smtp_server.accepted == []


def test_what_does_not_work_is_told_and_not_stored(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
    with pytest.raises(CommandError, match="did not accept") as refused:
        command(*words)
    assert refused.value.facts["cause"] == "login-refused"  # type: ignore[attr-defined]  # ours
    assert not SmtpAccount.objects.exists()


def test_without_a_test_anything_well_formed_is_stored(user: User) -> None:
    added = command(
        "add", user.email, "--server=mail.example.com", "--address=a@example.com", "--no-test"
    )
    row = SmtpAccount.objects.get(pk=added["id"])
    assert (row.port, row.encryption, row.use_authentication) == (25, "none", False)


def test_somebody_unknown_is_one_sentence(db: None) -> None:
    with pytest.raises(CommandError, match="There is no such user or SMTP account"):
        command("test", "7")


def test_another_users_account_is_no_replacement(
    user: User, other_user: User, account: SmtpAccount
) -> None:
    other = SmtpAccount.objects.create(user=other_user, host="x.test", email="o@x.test")
    identities.set_default(user, identities.primary_of(account))
    with pytest.raises(CommandError, match="There is no such user or SMTP account"):
        command("delete", str(account.pk), f"--replacement={other.pk}")
    assert SmtpAccount.objects.filter(pk=account.pk).exists()
