"""Lists of people: read whatever program wrote them, judged, brought in once, answered once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Domain, PeopleImport, Role, User
from webmail import people_list
from webmail.people_list import UnreadableError, decoded, entries
from webmail.services import importing, managing
from webmail.services.importing import BATCH

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
ClientFor = Callable[[User], Client]
LIST = """\ufeffE-Mail;Name;Backup Address;Role;Quota;Notes
eve;Eve Lund;eve@mail.test;user;1,5 GB;new here

ada@example.test;Ada again;;;;
Noor@Example.Test;"Noor; the ""second\""";;Domain administrator;;
eve@example.test;Twice;;;;
far@there.test;Far;;;;
root2;Root;;system-admin;;
easy;Easy;;;lots;
"""


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.test", Role.DOMAIN_ADMIN)


def bring(row: PeopleImport) -> None:
    importing.start(row=row, now=NOW)
    while importing.go_on(pk=row.pk, now=NOW):
        pass


def answer_of(row: PeopleImport) -> dict[str, list[str]]:
    lines = importing.taken(row=row, now=NOW)
    assert lines is not None
    table = list(csv.reader(io.StringIO("".join(lines))))
    return {cells[0]: cells[1:] for cells in table[1:]}


def test_whatever_program_wrote_the_list() -> None:
    tabs = "login\tKennwort\r\na\tgood password \r\n"
    assert [(one.get("email"), one.get("password")) for one in entries(tabs)] == [
        ("a", "good password ")
    ]
    for text in ("User,NAME\nzoë,Zoë\n", "\ufeffuser,name\nzoë,Zoë\n"):
        for way in ("utf-8", "utf-16", "cp1252") if text[0] != "\ufeff" else ("utf-8",):
            assert entries(decoded(text.encode(way)))[0].get("name") == "Zoë", way
    # What our own export marked as text for spreadsheets comes back as it was.
    assert entries("email,name\na,'=1+1\n")[0].get("name") == "=1+1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "email,name\n",
        "name,password\nEve,x\n",
        "email,mail\na,b\n",
        'email,name\na,"open\n' + "x\n" * 70_000,
        "email\n" + "a\n" * (people_list.MAX_LINES + 1),
    ],
)
def test_a_list_that_cannot_be_read_as_a_whole(text: str) -> None:
    with pytest.raises(UnreadableError):
        entries(text)


def test_sizes_at_the_limit() -> None:
    assert len(entries("email\n" + "a\n" * people_list.MAX_LINES)) == people_list.MAX_LINES
    assert decoded(b"a" * people_list.MAX_BYTES)
    for data in (b"a" * (people_list.MAX_BYTES + 1), b"PK\x03\x04\x00\x00"):
        with pytest.raises(UnreadableError):
            decoded(data)


def test_every_line_is_judged_with_its_number(admin: User, domain: Domain) -> None:
    Domain.objects.create(name="there.test")
    found = {one.entry.number: one for one in importing.judge(entries(LIST), domain, admin)}
    assert sorted(found) == [2, 4, 5, 6, 7, 8, 9]
    assert found[2].profile is not None
    assert (found[2].email, found[2].profile.quota) == ("eve@example.test", 3 * 2**29)
    assert found[4].is_there
    assert found[5].profile is not None
    assert found[5].profile.role == Role.DOMAIN_ADMIN
    assert found[5].profile.display_name == 'Noor; the "second"'
    for number, word in ((6, "line 2"), (7, "@example.test"), (8, "system"), (9, "lots")):
        assert word in found[number].wrong, number


def test_judging_costs_the_same_however_many_lines_there_are(admin: User, domain: Domain) -> None:
    with CaptureQueriesContext(connection) as few:
        importing.judge(entries("email,backup\na,a@mail.test\n"), domain, admin)
    lines = "".join(f"p{n},p{n}@mail.test\n" for n in range(200))
    with CaptureQueriesContext(connection) as many:
        importing.judge(entries(f"email,backup\n{lines}"), domain, admin)
    assert len(many) == len(few)


def test_brought_in_once_and_answered_once(admin: User, domain: Domain) -> None:
    text = LIST + "typed,,,,,\n".replace(",", ";")
    row = importing.read(text=text, domain=domain, by=admin, now=NOW)
    assert b"eve" not in bytes(row.content)
    bring(row)
    row.refresh_from_db()
    assert (row.added, row.position, bytes(row.content)) == (3, 8, b"")
    eve = User.objects.get(email="eve@example.test")
    assert eve.password_is_given
    assert eve.folders.exists()
    answer = answer_of(row)
    assert eve.check_password(answer["2"][2])
    assert answer["4"] == ["ada@example.test", "unchanged", ""]
    assert "lots" in answer["9"][1]
    assert importing.taken(row=row, now=NOW) is None
    row.refresh_from_db()
    assert bytes(row.answer) == b""
    made = AuditEntry.objects.filter(action="user-added")
    assert {one.actor for one in made} == {admin.pk}
    # The same list once more changes nothing.
    before = list(User.objects.order_by("pk").values())
    again = importing.read(text=text, domain=domain, by=admin, now=NOW)
    bring(again)
    again.refresh_from_db()
    assert again.added == 0
    assert list(User.objects.order_by("pk").values()) == before


def test_a_worker_that_dies_on_the_way_makes_nobody_twice(
    admin: User, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"p{n}\n" for n in range(BATCH + 3))
    row = importing.read(text=f"email\n{lines}", domain=domain, by=admin, now=NOW)
    importing.start(row=row, now=NOW)
    real = managing.store
    made = 0

    def dies(**values: Any) -> None:
        nonlocal made
        made += 1
        if made == 4:
            raise KeyboardInterrupt
        real(**values)

    monkeypatch.setattr(managing, "store", dies)
    with pytest.raises(KeyboardInterrupt):
        importing.go_on(pk=row.pk, now=NOW)
    assert not User.objects.filter(email__startswith="p").exists()
    # The others find it held until the lease is over, then go on from there.
    assert not importing.go_on(pk=row.pk, now=NOW)
    assert importing.due(now=NOW) == []
    later = NOW + importing.LEASE + timedelta(seconds=1)
    assert importing.due(now=later) == [row.pk]
    while importing.go_on(pk=row.pk, now=later):
        pass
    row.refresh_from_db()
    assert row.added == BATCH + 3
    assert User.objects.filter(email__startswith="p").count() == BATCH + 3


def test_the_pages_from_the_list_to_the_answer(
    admin: User, other_user: User, client_for: ClientFor
) -> None:
    browser = client_for(admin)
    refused = browser.post("/settings/domain/users/import/", {"text": "nonsense"})
    assert refused.status_code == 422
    file = SimpleUploadedFile("people.csv", b"email,name\n=1 +1,Odd\nok,Fine\n")
    answer: Any = browser.post("/settings/domain/users/import/", {"file": file})
    look = browser.get(answer.url).content.decode()
    assert "1 line cannot be used" in look
    assert "Add 1 person" in look
    assert not User.objects.filter(email="ok@example.test").exists()
    browser.post(answer.url)
    row = PeopleImport.objects.get()
    # A colleague does not get at passwords that somebody else had made.
    other_user.role = Role.DOMAIN_ADMIN
    other_user.save()
    for tail in ("", "state/"):
        assert client_for(other_user).get(answer.url + tail).status_code == 404
    assert client_for(other_user).post(f"{answer.url}answer/").status_code == 404
    assert "0 of 2 lines" in browser.get(answer.url).content.decode()
    while importing.go_on(pk=row.pk, now=NOW):
        pass
    taken: Any = browser.post(f"{answer.url}answer/")
    table = list(csv.reader(io.StringIO(b"".join(taken.streaming_content).decode())))
    assert table[1][1].startswith("'=1 +1")
    assert table[2][2] == "added"
    assert browser.post(f"{answer.url}answer/").status_code == 302
    assert "taken" in browser.get(answer.url).content.decode()


def test_a_list_that_does_not_open_any_more(
    admin: User, domain: Domain, client_for: ClientFor
) -> None:
    row = importing.read(text="email\na\n", domain=domain, by=admin, now=NOW)
    PeopleImport.objects.filter(pk=row.pk).update(content=b"\x01something else")
    look: Any = client_for(admin).get(f"/settings/domain/import/{row.pk}/")
    assert look.url == "/settings/domain/users/import/"
    importing.start(row=row, now=NOW)
    assert not importing.go_on(pk=row.pk, now=NOW)
    assert importing.due(now=NOW + timedelta(days=1)) == []


def test_nobody_is_made_for_who_is_no_administrator_any_more(admin: User, domain: Domain) -> None:
    row = importing.read(text="email\neve\n", domain=domain, by=admin, now=NOW)
    importing.start(row=row, now=NOW)
    User.objects.filter(pk=admin.pk).update(role=Role.USER)
    assert not importing.go_on(pk=row.pk, now=NOW)
    assert not User.objects.filter(email="eve@example.test").exists()
    assert importing.due(now=NOW + timedelta(days=1)) == []


def test_what_was_not_taken_is_gone_after_a_day(admin: User, domain: Domain) -> None:
    importing.read(text="email\na\n", domain=domain, by=admin, now=NOW)
    assert importing.tidy(now=NOW + timedelta(hours=23)) == 0
    assert importing.tidy(now=NOW + timedelta(hours=25)) == 1


def test_the_people_as_a_table_without_formulas_or_passwords(
    admin: User, user: User, client_for: ClientFor
) -> None:
    User.objects.filter(pk=user.pk).update(display_name="=HYPERLINK(1)", quota=2**30)
    answer: Any = client_for(admin).post("/settings/domain/users/export/")
    text = b"".join(answer.streaming_content).decode()
    assert "'=HYPERLINK(1)" in text
    assert "argon2" not in text
    assert AuditEntry.objects.filter(action="users-exported", actor=admin.pk).count() == 1
    # What was taken along can be brought in again, and changes nothing.
    judged = importing.judge(entries(text), user.domain, admin)
    assert {one.is_there for one in judged} == {True}
