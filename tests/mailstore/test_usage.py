"""How much space a person's mail takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailstore.models import FolderRole, Message
from mailstore.services import folders, messages, usage
from tests.mail import letter, put

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from accounts.models import User


def test_all_folders_count_and_nobody_elses(
    user: User, other_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert usage.used(user) == 0
    put(folders.special(user, FolderRole.INBOX), letter("one"), letter("two"))
    put(folders.special(user, FolderRole.TRASH), letter("three"))
    put(folders.special(other_user, FolderRole.INBOX), letter("four"))
    mine = list(Message.objects.filter(user=user))
    with django_assert_num_queries(1):
        assert usage.used(user) == sum(one.size for one in mine) > 0
    messages.remove(user, [one.pk for one in mine])
    assert usage.used(user) == 0
