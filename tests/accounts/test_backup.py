"""The backup address: what it may be, how it is confirmed, changed and removed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Domain, Purpose, SystemMessage, User
from accounts.services import backup, links
from accounts.services.backup import BackupRefused

NOW = timezone.now()
SITE = "https://mail.example.test"
THERE = "mara@elsewhere.example"


def ask(user: User, address: str = THERE) -> str:
    """Ask for an address; the token in the mail to it."""
    backup.ask(user=user, address=address, site=SITE, now=NOW)
    row = SystemMessage.objects.filter(to=address).latest("pk")
    found = re.search(rf"{SITE}/backup/link/([\w-]+)/", row.body)
    assert found, row.body
    return found[1]


def follow(user: User, token: str) -> bool:
    link = links.find(token, Purpose.BACKUP, NOW)
    done = link is not None and backup.confirm(link=link, now=NOW)
    user.refresh_from_db()
    return done


def told() -> list[str]:
    return [row.to for row in SystemMessage.objects.order_by("pk")]


def actions() -> list[str]:
    return [row.action for row in AuditEntry.objects.order_by("pk")]


@pytest.mark.accept("A168")
@pytest.mark.parametrize(
    "address",
    [
        "", "mara", "mara@", "mara@example", "a b@elsewhere.example",
        "mara@example.test", "MARA@Example.Test",
        "otto@example.test", "mara+x@example.test", "anybody@xn--bcher-kva.example",
        "anybody@bücher.example", "anybody@BÜCHER.example", "Studio@Remote.test",
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_refused(user: User, address: str) -> None:
    Domain.objects.create(name="xn--bcher-kva.example")
    with pytest.raises(BackupRefused):
        backup.check(user, address, {"studio@remote.test"})


def test_an_address_elsewhere_is_taken_as_typed(user: User) -> None:
    assert backup.check(user, " Mara.L@Elsewhere.Example ") == "Mara.L@elsewhere.example"


@pytest.mark.accept("A162", "A168")
def test_it_counts_once_the_link_was_followed(user: User) -> None:
    token = ask(user)
    assert (user.backup_address, user.backup_confirmed_at) == (THERE, None)
    assert backup.pending(user, NOW) == THERE
    assert follow(user, token)
    assert (user.backup_address, user.backup_confirmed_at) == (THERE, NOW)
    assert not follow(user, token)
    assert backup.pending(user, NOW) == ""
    assert actions() == ["backup-changed", "backup-confirmed"]
    assert told() == [THERE]


def test_of_two_who_follow_it_at_once_one_goes_on(user: User) -> None:
    link = links.find(ask(user), Purpose.BACKUP, NOW)
    assert link is not None
    assert backup.confirm(link=link, now=NOW)
    assert not backup.confirm(link=link, now=NOW)
    assert actions() == ["backup-changed", "backup-confirmed"]


def test_the_old_one_stays_until_the_new_one_is_confirmed_and_is_told(user: User) -> None:
    follow(user, ask(user))
    token = ask(user, "new@elsewhere.example")
    assert user.backup_address == THERE
    assert user.backup_confirmed_at is not None
    assert backup.pending(user, NOW) == "new@elsewhere.example"
    assert told() == [THERE, "new@elsewhere.example", THERE]
    warning = SystemMessage.objects.filter(to=THERE).latest("pk")
    assert "new@elsewhere.example" in warning.body
    assert "/backup/link/" not in warning.body
    assert follow(user, token)
    assert user.backup_address == "new@elsewhere.example"


def test_a_newer_link_ends_the_older_and_an_hour_both(user: User) -> None:
    first = ask(user)
    second = ask(user)
    assert links.find(first, Purpose.BACKUP, NOW) is None
    assert links.find(second, Purpose.BACKUP, NOW + timedelta(hours=2)) is None
    assert backup.pending(user, NOW + timedelta(hours=2)) == THERE
    assert not backup.has_open_link(user, NOW + timedelta(hours=2))
    assert actions() == ["backup-changed"]


def test_giving_up_a_new_one_leaves_the_old(user: User) -> None:
    follow(user, ask(user))
    token = ask(user, "new@elsewhere.example")
    backup.drop_pending(user=user, now=NOW)
    assert not follow(user, token)
    assert user.backup_address == THERE
    assert backup.pending(user, NOW) == ""


def test_removing_it_ends_its_link_and_tells_who_reads_it(user: User) -> None:
    follow(user, ask(user))
    token = ask(user, "new@elsewhere.example")
    backup.forget(user=user, now=NOW)
    assert not follow(user, token)
    assert (user.backup_address, user.backup_confirmed_at) == ("", None)
    assert told()[-1] == THERE
    assert actions()[-1] == "backup-changed"


def test_nobody_has_mail_sent_without_end(user: User) -> None:
    for number in range(backup.PER_HOUR):
        ask(user, f"mara{number}@elsewhere.example")
    with pytest.raises(BackupRefused):
        ask(user, "mara@elsewhere.example")
    assert len(told()) == backup.PER_HOUR
