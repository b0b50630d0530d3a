"""`manage.py domain remove`, `provider`, `audit`, `oauth-client` and `user import`."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import AuditEntry, Domain, Role, User
from accounts.services import audit
from connectivity.models import OAuthClient
from connectivity.services import credentials
from retrieval.models import ProviderPause
from tests.webmail.happened import failing_task
from webmail.services import domains, removing
from webmail.tasks import purge_accounts

pytestmark = pytest.mark.django_db
SECRET = "correct-horse-battery"


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def written() -> list[tuple[str, int | None, str]]:
    """Action, actor and person of each line of the audit log."""
    rows = AuditEntry.objects.order_by("pk")
    return [(one.action, one.actor, one.subject_name) for one in rows]


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    return SECRET


def test_an_empty_domain_goes_when_that_is_confirmed(domain: Domain) -> None:
    with pytest.raises(CommandError, match=r"^Nothing was done.*switches.*--yes"):
        run("domain", "remove", domain.name)
    assert Domain.objects.exists()
    assert run("domain", "remove", domain.name, "--yes")["removed"]
    assert not Domain.objects.exists()
    assert written() == [("domain-removed", None, "")]


def test_a_domain_with_people_goes_with_a_grace_and_can_be_kept(
    user: User, other_user: User, make_user: Callable[..., User]
) -> None:
    name = user.domain.name
    with pytest.raises(CommandError, match=r"has people \(2\).*--with-people"):
        run("domain", "remove", name, "--yes")
    with pytest.raises(CommandError, match=r"2 people .* in 3 days"):
        run("domain", "remove", name, "--with-people", "--days", "3")
    assert not User.objects.exclude(delete_after=None).exists()
    # One asked for it by themselves, and is not brought back by the administrator.
    now = timezone.now()
    removing.leave(user=other_user, now=now, session=None)

    told = run("domain", "remove", name, "--with-people", "--days", "3", "--yes")
    assert (told["removed"], told["people"]) == (False, 2)
    user.refresh_from_db()
    assert user.delete_after is not None
    assert timedelta(days=2) < user.delete_after - now < timedelta(days=4)
    assert ("user-deletion", None, user.email) in written()
    assert run("domain", "keep", name)["kept"] == 1
    kept = {one.email for one in User.objects.filter(delete_after=None)}
    assert kept == {user.email}
    assert ("domain-kept", None, "") in written()
    with pytest.raises(CommandError, match="Nobody of"):
        run("domain", "keep", name)


def test_a_domain_goes_with_the_last_of_its_people(
    user: User, other_user: User, make_user: Callable[..., User]
) -> None:
    domain, now = user.domain, timezone.now()
    remove = ("domain", "remove", domain.name, "--with-people", "--days", "3", "--yes")
    run(*remove)
    days = set(User.objects.values_list("email", "delete_after"))
    # Asked again, nobody's day changes, and it says how far it is.
    User.objects.filter(pk=other_user.pk).update(delete_after=now)
    assert purge_accounts() == 1
    far = run(*remove)
    assert (far["removed"], far["people"], far["people_gone"]) == (False, 1, 1)
    assert set(User.objects.values_list("email", "delete_after")) < days
    # Somebody who comes meanwhile keeps it.
    late = make_user(f"late@{domain.name}")
    purge_accounts()
    assert ("domain-kept", None, "") in written()
    assert run(*remove)["people"] == 2
    User.objects.filter(pk__in=[user.pk, late.pk]).update(delete_after=now)
    assert purge_accounts() == 2
    assert not Domain.objects.filter(pk=domain.pk).exists()
    assert written()[-1] == ("domain-removed", None, "")


def test_a_domain_stays_whole_where_one_of_its_people_has_to(
    user: User, make_user: Callable[..., User]
) -> None:
    make_user("zoe@example.test", Role.SYSTEM_ADMIN)
    with pytest.raises(CommandError, match="last system administrator"):
        run("domain", "remove", user.domain.name, "--with-people", "--yes")
    assert not User.objects.exclude(delete_after=None).exists()
    assert not domains.remove(user.domain, now=timezone.now())


def test_a_provider_is_paused_and_resumed(user: User) -> None:
    failing_task(user, host="gmail")
    reason = ("--hours", "2", "--reason", "Its disks are full")
    for wrong in (("imap.nobody.test", *reason), ("gmail", *reason, "--domain", "other.test")):
        with pytest.raises(CommandError):
            run("provider", "pause", *wrong)
    with pytest.raises(CommandError, match="month"):
        run("provider", "pause", "gmail", "--hours", "745", "--reason", "x")
    assert not ProviderPause.objects.exists()

    made = run("provider", "pause", "imap.gmail.com", *reason)
    assert (made["provider"], made["domain"], made["by"]) == ("gmail", None, None)
    run("provider", "pause", "gmail", *reason, "--domain", user.domain.name)
    listed = run("provider", "list", "--domain", user.domain.name)
    assert [row["domain"] for row in listed] == [None, user.domain.name]
    assert {row["reason"] for row in listed} == {"Its disks are full"}

    run("provider", "resume", "gmail")
    assert [row["domain"] for row in run("provider", "list")] == [user.domain.name]
    with pytest.raises(CommandError, match="not paused for everybody"):
        run("provider", "resume", "gmail")
    rows = AuditEntry.objects.filter(action__startswith="provider-").order_by("pk")
    assert [(row.action, row.actor) for row in rows] == [
        *(("provider-paused", None), ("provider-paused", None), ("provider-resumed", None)),
    ]


def test_the_audit_log_is_read_by_person_domain_and_day(user: User, other_user: User) -> None:
    now = timezone.now()
    elsewhere = Domain.objects.create(name="there.test")
    old = now - timedelta(days=9)
    audit.record("totp-added", now=old, actor=user, subject=user, detail={"name": "Phone"})
    audit.record("user-changed", now=now, actor=other_user, subject=user)
    audit.record("user-disabled", now=now, actor=None, subject=other_user)
    audit.record("limits-changed", now=now, actor=user, domain=elsewhere)

    hers = run("audit", "list", "--person", "MARA@example.test")
    assert [row["action"] for row in hers] == ["limits-changed", "user-changed", "totp-added"]
    assert (hers[2]["actor"], hers[2]["detail"]) == (user.email, {"name": "Phone"})
    day = (now - timedelta(days=5)).date().isoformat()
    since = run("audit", "list", "--person", user.email, "--since", day, "--domain", "example.test")
    assert [row["action"] for row in since] == ["logs-exported", "user-changed"]
    assert [row["action"] for row in run("audit", "list", "--domain", "there.test")] == [
        "limits-changed"
    ]
    everything = run("audit", "list")
    assert ("user-disabled", "operator") in [(row["action"], row["actor"]) for row in everything]
    assert len(run("audit", "list", "--limit", "2")) == 2
    # Looking is a line of its own, which the person concerned sees.
    looked = AuditEntry.objects.filter(action="logs-exported", actor=None)
    assert looked.filter(subject=user.pk).count() == 2
    assert looked.count() == 5
    with pytest.raises(CommandError, match="no day or time"):
        call_command("audit", "list", "--since", "yesterday")


def test_a_sign_in_provider_is_registered_with_a_secret_nobody_sees(
    db: None, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = run("oauth-client", "add", "google", "--client-id", "abc", "--secret-stdin")
    assert (made["provider"], made["client_id"], made["has_secret"]) == ("google", "abc", True)
    stored = OAuthClient.objects.get()
    assert credentials.unseal(stored) == SECRET
    changed = run("oauth-client", "set", "google", "--enabled", "off")
    assert (changed["enabled"], changed["client_id"], changed["has_secret"]) == (False, "abc", True)
    listed = run("oauth-client", "list")
    assert [row["provider"] for row in listed] == ["google"]
    assert SECRET not in json.dumps([made, changed, listed])
    lines = AuditEntry.objects.filter(action="oauth-client-changed")
    assert SECRET not in json.dumps(list(lines.values_list("detail", flat=True)))
    assert [line.actor for line in lines] == [None, None]

    assert run("oauth-client", "remove", "google")["removed"]
    with pytest.raises(CommandError, match="not registered"):
        run("oauth-client", "remove", "google")
    assert lines.all().count() == 3


def test_a_secret_comes_by_standard_input_only(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="No client secret arrived"):
        run("oauth-client", "add", "google", "--client-id", "abc", "--secret-stdin")
    with pytest.raises(CommandError, match="unrecognized arguments"):
        run("oauth-client", "add", "google", "--client-id", "abc", "--secret", "x")
    assert not OAuthClient.objects.exists()


def test_a_registration_keeps_the_rules_of_the_page(db: None, secret: str) -> None:
    add = ("oauth-client", "add", "microsoft", "--client-id", "abc")
    with pytest.raises(CommandError, match="tenant: "):
        run(*add, "--tenant", "../x")
    run(*add, "--secret-stdin")
    with pytest.raises(CommandError, match="registered already"):
        run(*add)
    with pytest.raises(CommandError, match="Nothing to change"):
        run("oauth-client", "set", "microsoft")
    assert run("oauth-client", "set", "microsoft", "--tenant", "corp.test")["tenant"] == "corp.test"


LIST = "email,name,role\neve,Eve,user\nmara,Mara,user\nann@there.test,Ann,user\n"


def test_a_list_of_people_is_tried_and_then_brought_in(user: User, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(LIST)
    tried = run("user", "import", str(file), "--dry-run")
    assert (tried["added"], tried["unchanged"], tried["wrong"]) == (1, 1, 1)
    assert [row["result"] for row in tried["lines"][:2]] == ["new", "unchanged"]
    assert "@example.test" in tried["lines"][2]["result"]
    assert User.objects.count() == 1
    assert not AuditEntry.objects.exists()

    done = run("user", "import", str(file), "--domain", "example.test")
    assert {**done, "lines": 0} == {**tried, "dry_run": False, "lines": 0}
    eve = User.objects.get(email="eve@example.test")
    assert eve.check_password(done["lines"][0]["password"])
    assert eve.password_is_given
    assert eve.folders.exists()
    assert written() == [("users-imported", None, ""), ("user-added", None, eve.email)]
    assert [row["password"] for row in done["lines"][1:]] == ["", ""]
    assert run("user", "import", str(file))["added"] == 0


def test_a_list_that_cannot_be_read_brings_nobody(domain: Domain, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv cannot be read: No such file"):
        run("user", "import", str(tmp_path / "nowhere.csv"))
    file = tmp_path / "people.csv"
    file.write_text("name\nEve\n")
    with pytest.raises(CommandError, match="has to be “email”"):
        run("user", "import", str(file))
    Domain.objects.create(name="there.test")
    with pytest.raises(CommandError, match="--domain"):
        run("user", "import", str(file))
    assert not User.objects.exists()
