"""Queries put into SQL once answer as the ones they were made from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from lib.prepared import Prepared, among, run
from mailstore.models import Folder, Message
from tests.mail import letter, put


def asked(user: int, moment: datetime, least: int) -> QuerySet[Message, Any]:
    return (
        Message.objects.filter(
            Q(sort_at__lt=moment) | Q(size__gt=least), user=user, folder__user=user
        )
        .order_by("-sort_at", "-pk")
        .values_list("pk", "sort_at", "is_seen", "keywords", F("folder__name"))
    )


def counted(user: int) -> QuerySet[Folder, Any]:
    return (
        Folder.objects.filter(user=user)
        .annotate(n=Count("messages", filter=Q(messages__user=user)))
        .order_by("pk")
        .values_list("role", "n")
    )


def test_it_answers_as_the_query_does(
    user: User, other_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    for person, count in ((user, 3), (other_user, 1)):
        inbox = Folder.objects.get(user=person, role="inbox")
        put(inbox, *(letter(str(number)) for number in range(count)), internal_at=now)
    listed, totals = Prepared(asked, int, datetime, int), Prepared(counted, int)
    for person in (user, other_user, user):
        for moment in (now, now + timedelta(days=1)):
            for least in (0, 10**9):
                expected = list(asked(person.pk, moment, least))
                with django_assert_num_queries(1):
                    assert listed.rows(person.pk, moment, least) == expected
                # Statements that nobody writes down go another way.
                assert listed.rows(person.pk, moment, least) == expected
        assert totals.rows(person.pk) == list(counted(person.pk))
    assert len(listed.rows(user.pk, now + timedelta(days=1), 0)) == 3
    assert listed.rows(0, now, 0) == []


def test_the_sql_is_made_once(user: User) -> None:
    made = []

    def make(pk: int) -> QuerySet[User, Any]:
        made.append(pk)
        return User.objects.filter(pk=pk).values_list("email")

    prepared = Prepared(make, int)
    assert prepared.rows(user.pk) == prepared.rows(user.pk) == [(user.email,)]
    assert len(made) == 1


def test_objects_come_with_what_they_belong_to(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    inbox = Folder.objects.get(user=user, role="inbox")
    rows = put(inbox, *(letter(str(number)) for number in range(3)))
    ids = [row.pk for row in rows]

    def some(ids: list[int]) -> QuerySet[Message, Any]:
        found = Message.objects.filter(among(Message, "id", ids)).order_by("pk")
        return found.select_related("folder", "source", "blob__segment")

    prepared = Prepared(some, list)
    for wanted in (ids, ids[:1], [], [ids[2], 10**18]):
        with django_assert_num_queries(1):
            found = prepared.objects(Message, wanted)
            assert [one.pk for one in found] == [pk for pk in ids if pk in wanted]
            for one in found:
                assert (one.folder.name, one.source) == (inbox.name, None)
                assert one.blob.segment.name
    [one] = prepared.objects(Message, ids[:1])
    one.subject = "Changed"
    one.save()
    assert Message.objects.get(pk=one.pk).subject == "Changed"


def test_statements_take_lists(user: User) -> None:
    sql = "UPDATE accounts_user SET language = %s WHERE id = ANY(%s) RETURNING id, language"
    assert run(sql, "de", [user.pk, 0]) == [(user.pk, "de")]
    assert run(sql, "en", []) == []
    assert run("DELETE FROM accounts_user WHERE id = ANY(%s)", []) == []


@pytest.mark.django_db
def test_a_percent_sign_stays_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sql = "SELECT '50%%', '%%s', CAST(%s AS TEXT)"
    assert run(sql, "5%") == [("50%", "%s", "5%")]
    with django_assert_num_queries(1):
        assert run(sql, "5%") == [("50%", "%s", "5%")]


@pytest.mark.django_db
def test_what_the_database_refuses_is_refused_in_django_s_words() -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        run("SELECT nothing FROM nowhere")
