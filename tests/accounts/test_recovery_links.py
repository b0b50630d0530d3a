"""Links mailed to prove that somebody reads an address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import MailedLink, Purpose, User
from accounts.services import links

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BACKUP = "mara@elsewhere.test"


def password_link(user: User, now: datetime = NOW) -> str:
    return links.make(user, Purpose.PASSWORD, BACKUP, now)


def test_a_link_is_found_for_an_hour(user: User) -> None:
    token = password_link(user)
    found = links.find(token, Purpose.PASSWORD, NOW + timedelta(minutes=59))
    assert found is not None
    assert (found.user, found.address) == (user, BACKUP)
    assert links.find(token, Purpose.PASSWORD, NOW + timedelta(hours=1)) is None


@pytest.mark.accept("A168")
def test_a_link_is_good_once(user: User) -> None:
    token = password_link(user)
    link = links.find(token, Purpose.PASSWORD, NOW)
    assert link is not None
    assert links.use(link, NOW)
    assert not links.use(link, NOW)
    assert links.find(token, Purpose.PASSWORD, NOW) is None


def test_a_link_that_ran_out_meanwhile_is_not_used(user: User) -> None:
    link = links.find(password_link(user), Purpose.PASSWORD, NOW)
    assert link is not None
    assert not links.use(link, NOW + links.VALID_FOR)


def test_a_newer_link_ends_the_older_of_its_kind_only(user: User, other_user: User) -> None:
    old, confirming = password_link(user), links.make(user, Purpose.BACKUP, BACKUP, NOW)
    theirs = password_link(other_user)
    new = password_link(user)
    assert links.find(old, Purpose.PASSWORD, NOW) is None
    assert links.find(new, Purpose.PASSWORD, NOW) is not None
    assert links.find(confirming, Purpose.BACKUP, NOW) is not None
    assert links.find(theirs, Purpose.PASSWORD, NOW) is not None


def test_a_link_of_one_kind_does_nothing_else(user: User) -> None:
    assert links.find(password_link(user), Purpose.BACKUP, NOW) is None


def test_somebody_who_was_disabled_gets_in_by_no_link(user: User) -> None:
    token = password_link(user)
    link = links.find(token, Purpose.PASSWORD, NOW)
    assert link is not None
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert links.find(token, Purpose.PASSWORD, NOW) is None
    assert links.still_good(link.pk, Purpose.PASSWORD, NOW) is None


def test_what_is_stored_opens_nothing(user: User) -> None:
    token = password_link(user)
    (row,) = MailedLink.objects.values()
    assert len(token) >= 43  # 256 bits, six a character
    assert token not in str(row)
    assert links.find(row["token_hash"], Purpose.PASSWORD, NOW) is None


def test_what_is_over_for_days_is_removed(user: User) -> None:
    password_link(user)
    assert links.tidy(now=NOW + links.VALID_FOR + links.KEPT_FOR) == 0
    assert links.tidy(now=NOW + links.VALID_FOR + links.KEPT_FOR + timedelta(seconds=1)) == 1
