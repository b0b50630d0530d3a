from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import connection

from accounts.models import User
from mailstore import index, search
from mailstore.index_words import Entry
from mailstore.models import Folder, Label, Message, MessageLabel, Source
from mailstore.services import folders, indexing, messages
from mailstore.services.indexing import Progress
from tests.mail import letter, mixed, put


def found(user: User, typed: str, folder: Folder | None = None) -> set[str]:
    return {row.subject for row in search.search(user, typed, folder=folder).rows}


LISTED = "Cc: Cy <c@a>\nList-Id: Rowers <rowers.club.test>\n"


@pytest.fixture
def mail(user: User, inbox: Folder) -> None:
    put(
        inbox,
        letter("Invoice 2026-17", sender="Ada Berg <ada@shop.test>", text="Please pay 40 euro."),
        letter("Lunch", sender="Bo Ek <bo@home.test>", text="Café on Friday? Big deal. 🎉"),
        letter("Report", to="list@club.test", text="The deal was not big.", extra=LISTED),
        letter("=?utf-8?b?5p2x5Lqs?=", text="nothing"),
        mixed(name="räksmörgås.pdf"),
    )  # fmt: skip
    indexing.index_waiting(seconds=30)


@pytest.mark.parametrize(
    ("typed", "subjects"),
    [
        ("invoice", {"Invoice 2026-17"}),
        ("invo", {"Invoice 2026-17"}),
        ('"invo"', set()),
        ("2026-17", {"Invoice 2026-17"}),
        ("cafe", {"Lunch"}),
        ("CAFÉ friday", {"Lunch"}),
        ("big deal", {"Lunch", "Report"}),
        ('"big deal"', {"Lunch"}),
        ("deal -friday", {"Report"}),
        ("from:ada", {"Invoice 2026-17", "Mixed", "Report", "東京"}),
        ("from:ada@shop.test", {"Invoice 2026-17"}),
        ("from:euro", set()),
        ("to:club", {"Report"}),
        ("to:cy", set()),
        ("cc:cy", {"Report"}),
        ("cc:club", set()),
        ("list:rowers", {"Report"}),
        ("rowers", set()),
        ("has:list", {"Report"}),
        ("has:pdf", {"Mixed"}),
        ("has:image", set()),
        ("-has:pdf lunch", {"Lunch"}),
        ("lunch OR invoice", {"Lunch", "Invoice 2026-17"}),
        ("(lunch OR invoice) friday", {"Lunch"}),
        ("deal -(friday OR pay)", {"Report"}),
        ("has:attachment OR lunch", {"Mixed", "Lunch"}),
        ("-(has:attachment OR deal OR invoice)", {"東京"}),
        ("(has:attachment plain) OR (in:inbox friday)", {"Mixed", "Lunch"}),
        ("from:(bo OR ada) lunch", {"Lunch"}),
        ("🎉", {"Lunch"}),
        ("account:none", set()),
        ("label:none", set()),
        ("is:answered", set()),
        ("is:muted", set()),
        ("-is:muted lunch", {"Lunch"}),
        ("f", set()),
        ("fr", {"Lunch"}),
        ("subject:lunch", {"Lunch"}),
        ("subject:friday", set()),
        ("東京", {"東京"}),
        ("東", {"東京"}),
        ("京", {"東京"}),
        ("has:attachment", {"Mixed"}),
        ("filename:raksmorgas", {"Mixed"}),
        ("filename:plain", set()),
        ("raksmorgas", {"Mixed"}),
        ("-deal -invoice -nothing", {"Mixed"}),
        ("before:2000", set()),
        ("after:2026 lunch", {"Lunch"}),
        ("is:read", set()),
        ("in:inbox lunch", {"Lunch"}),
        ("in:sent lunch", set()),
        ("larger:1k has:attachment", set()),
    ],
)
def test_search(user: User, mail: None, typed: str, subjects: set[str]) -> None:
    assert found(user, typed) == subjects


def test_search_stays_within_the_mailbox_and_folder(
    user: User, other_user: User, inbox: Folder, mail: None
) -> None:
    assert found(other_user, "lunch") == set()
    assert found(other_user, f"u{user.pk}") == set()
    own = folders.create(user, parent=None, name="Own")
    assert found(user, "lunch", folder=own) == set()
    assert found(user, "lunch", folder=inbox) == {"Lunch"}


HOSTILE = [
    '"', "'", "\\", "*", "(", ")", "{x}", "!a", "<->", "from:", "owner:u1", "a:*b", "--", ";", "%",
    "a'", "a&b", "a|b", "a*", "NEAR", "NOT", "AND", "OR", "ⅷ", "²",
]  # fmt: skip


@pytest.mark.parametrize(
    "typed", [*HOSTILE, "a' OR '1", '"a" NEAR "b"', "\x00", "é" * 500, "-a -b"]
)
def test_nothing_typed_breaks_the_query(user: User, mail: None, typed: str) -> None:
    search.search(user, typed)


def test_pages_of_results(user: User, inbox: Folder) -> None:
    put(inbox, *(letter(f"common {number}") for number in range(7)))
    indexing.index_waiting(seconds=30)
    first = search.search(user, "common", limit=3)
    second = search.search(user, "common", limit=3, before=first.next_cursor)
    third = search.search(user, "common", limit=3, before=second.next_cursor)
    rows = [row.id for page in (first, second, third) for row in page.rows]
    assert len(set(rows)) == 7
    assert third.next_cursor is None


def test_removed_mail_leaves_the_index(user: User, inbox: Folder, mail: None) -> None:
    gone = Message.objects.get(subject="Lunch")
    messages.remove(user, [gone.pk])
    assert found(user, "lunch") == set()
    # An id that comes back must not bring the old words back.
    row = Message.objects.get(subject="Report")
    row.pk = gone.pk
    row.save(force_insert=True)
    assert found(user, "friday") == set()


def test_mail_waits_for_the_index_and_is_not_indexed_twice(user: User, inbox: Folder) -> None:
    put(inbox, letter("early"))
    assert found(user, "early") == set()
    assert indexing.index_batch() == 1
    assert indexing.index_batch() == 0
    assert found(user, "early") == {"early"}


def test_search_answers_while_the_index_is_made_again(
    user: User, inbox: Folder, mail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at after every message; what has no message any more goes."""
    gone = Message.objects.get(subject="Report")
    Message.objects.filter(pk=gone.pk).delete()
    monkeypatch.setattr(indexing, "BATCH", 1)
    seen: list[set[str]] = []
    put_ = search.put

    def watched(entries: Sequence[Entry]) -> None:
        put_(entries)
        seen.append(found(user, "lunch OR invoice"))

    monkeypatch.setattr(search, "put", watched)
    assert indexing.rebuild() == 4
    assert seen == [{"Lunch", "Invoice 2026-17"}] * 4
    assert index.current().strays(10) == []
    assert found(user, "friday") == {"Lunch"}


def test_an_index_of_an_older_kind_is_made_anew(
    user: User, inbox: Folder, mail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "FEW", 2)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE mailstore_words")
    indexing.prepare()
    assert found(user, "lunch") == set()
    assert indexing.progress(user) == Progress(0, 5)
    indexing.index_waiting(seconds=30)
    assert found(user, "lunch") == {"Lunch"}
    assert indexing.progress(user) is None
    indexing.prepare()
    assert indexing.progress(user) is None


def test_of_many_hits_the_newest_come_first(
    user: User, inbox: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit lists are walked through instead of sorting hits; nothing else changes."""
    put(inbox, *(letter(f"common {number}", text="x" * (number % 2)) for number in range(9)))
    Message.objects.filter(subject="common 3").update(is_seen=True)
    indexing.index_waiting(seconds=30)
    wanted = ["common", "common -x", "common is:unread", "common OR is:read", "-lunch common"]
    few = [[row.id for row in search.search(user, typed).rows] for typed in wanted]
    assert [len(one) for one in few] == [9, 5, 8, 9, 9]
    monkeypatch.setattr(search, "FEW", 2)
    assert [[row.id for row in search.search(user, typed).rows] for typed in wanted] == few


def test_numbers_phrases_and_prefixes_stay_apart(user: User, inbox: Folder) -> None:
    put(
        inbox,
        letter("Sum", text="EUR 1,234.50 to +49 170 123 45 67"),
        letter("Sea", sender="Sea Deal <s@x.test>", text="a long way"),
    )
    indexing.index_waiting(seconds=30)
    for typed in ("1234.50", "1,234.50", "123450", "+491701234567", '"123 45"', "170"):
        assert found(user, typed) == {"Sum"}, typed
    # No phrase runs from the sender into the subject or the text.
    assert found(user, '"deal s"') == {"Sea"}
    assert found(user, '"test sea"') == set()
    assert found(user, '"sea a"') == set()
    # A single letter is a word; two begin one.
    assert found(user, "l") == set()
    assert found(user, "lo") == {"Sea"}


def test_labels_folders_and_accounts(user: User, other_user: User, inbox: Folder) -> None:
    work = folders.create(user, parent=inbox, name="At work")
    [first, second] = put(inbox, letter("first"), letter("second"))
    put(work, letter("third"))
    source = Source.objects.create(user=user, name="Gmail", address="mara@gmail.test")
    Message.objects.filter(pk=first.pk).update(source=source, is_answered=True)
    label = Label.objects.create(user=user, name="To do")
    MessageLabel.objects.create(label=label, message=second, sort_at=second.sort_at)
    Label.objects.create(user=other_user, name="Theirs")
    expected = {
        'in:"at work"': {"third"},
        "in:at-work": {"third"},
        "in:inbox/at-work": {"third"},
        "-in:inbox": {"third"},
        "account:gmail": {"first"},
        "account:mara@gmail.test": {"first"},
        'label:"to do"': {"second"},
        "label:to-do": {"second"},
        "-has:label": {"first", "third"},
        "label:theirs": set(),
        "is:replied": {"first"},
        "in:anywhere": {"first", "second", "third"},
        "label:to-do OR is:answered": {"first", "second"},
    }
    assert {typed: found(user, typed) for typed in expected} == expected


def test_the_index_knows_whose_words_they_are(
    user: User, other_user: User, inbox: Folder, mail: None
) -> None:
    """Nothing typed names another's words, so that their mail is not even looked at."""

    def looked_at(owner: User, typed: str) -> set[int]:
        sql, parameters = index.current().matching(owner.pk, search.understood(typed).node)
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return {row[0] for row in cursor.fetchall()}

    assert len(looked_at(user, "lunch")) == 1
    assert len(looked_at(user, "-lunch")) == 4
    for typed in ("lunch", "-nothing", f"{user.pk}xlunch", f"{user.pk}x", f"{user.pk}o"):
        assert looked_at(other_user, typed) == set(), typed
