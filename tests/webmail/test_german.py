"""The second language: nothing of a page stays English, and names, dates and search follow it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Role, User
from connectivity.causes import CAUSES, explain_cause
from connectivity.providers import PROVIDERS
from connectivity.waits import WAITS
from lib import days, moments
from mailstore import search
from mailstore.models import Folder, FolderRole
from mailstore.services import folders
from protocols.errors import SENTENCES
from retrieval.models import RetrievalTask
from scripts.check_messages import ROOT, Entry, entries
from smtp_accounts.services import replies
from tests.e2e.engine import finished, held_back, importing
from tests.e2e.tasks import gallery
from tests.webmail.samples import letter, put

#: Words every English page has and no German one.
TELLTALE = {"the", "and", "your", "you", "with", "this", "from", "is", "are", "of", "to", "not"}
LABELS = {"title", "aria-label", "placeholder", "alt"}
WHEN = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)


class Words(HTMLParser):
    """Every text of a page that people see, hear or are told later by a script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        for name, value in attrs:
            is_word = name in LABELS or (name.startswith("data-") and " " in (value or "").strip())
            if value and is_word:
                self.found.append(value)

    def handle_data(self, data: str) -> None:
        is_zone = self.inside == "option" and "/" in data
        if self.inside != "style" and not is_zone and data.strip():
            self.found.append(" ".join(data.split()))


def originals() -> Iterator[str]:
    """Every English text that is another one in German."""
    catalogue = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
    known: list[Entry] = entries(catalogue.read_text(encoding="utf-8"))
    # One word can be German in one place and have another word elsewhere: "Label", "label it".
    german = {one.fields["msgid"] for one in known if one.fields["msgid"] in one.words}
    yield from {one.fields["msgid"] for one in known} - german


def english(page: str) -> list[str]:
    """What of a page is not German."""
    texts = Words(page).found
    known = {" ".join(one.split()) for one in originals()}
    return [
        one
        for one in texts
        if one in known or TELLTALE & set(re.findall(r"[^\W\d_]+", one.lower()))
    ]


@pytest.fixture
def german(user: User, client_for: Callable[[User], Client]) -> Client:
    """``user``, signed in, who reads German in Berlin."""
    user.language, user.time_zone = "de", "Europe/Berlin"
    user.save(update_fields=["language", "time_zone"])
    return client_for(user)


@pytest.mark.django_db
def test_the_sign_in_page_is_in_the_language_of_the_browser() -> None:
    page = Client(headers={"accept-language": "de-AT,de;q=0.9,en;q=0.5"}).get("/sign-in/")
    assert '<html lang="de"' in page.content.decode()
    assert "Anmelden" in Words(page.content.decode()).found
    assert english(page.content.decode()) == []
    assert "Sign in" in english(Client().get("/sign-in/").content.decode())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mail", "Alle Posteingänge"),
        ("compose", "Senden als"),
        ("outbox", "Postausgang"),
        ("keyboard", "Tastenkürzel"),
        ("folder-new", "Neuer Ordner"),
        ("connectivity", "E-Mail-Abruf"),
        ("retrieval-new", "Neue Abrufaufgabe"),
        ("smtp-account-new", "Authentifizierung verwenden"),
        ("settings-account", "Zeitzone"),
        ("settings-appearance", "Darstellung"),
    ],
)
def test_pages_hold_no_english(german: Client, inbox: Folder, name: str, expected: str) -> None:
    put(inbox, letter("Guten Morgen", text="Bis Donnerstag.\n"), at=timezone.now())
    page = german.get(reverse(name)).content.decode()
    assert expected in " ".join(Words(page).found)
    assert english(page) == []


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["imap", "pop", *(one.key for one in PROVIDERS)])
def test_forms_of_tasks_hold_no_english(german: Client, kind: str) -> None:
    given = {"type": kind} if kind in {"imap", "pop"} else {"provider": kind}
    page = german.get(reverse("retrieval-new"), given).content.decode()
    assert "Abbrechen" in page
    assert english(page) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["notifications", "certificates", "domain-settings", "system-features", "oauth-clients"]
)
def test_pages_of_accounts_and_administrators_hold_no_english(
    german: Client, user: User, name: str
) -> None:
    User.objects.filter(pk=user.pk).update(role=Role.SYSTEM_ADMIN)
    answer = german.get(reverse(name))
    assert answer.status_code == 200
    assert english(answer.content.decode()) == []


@pytest.mark.django_db
def test_refusals_hold_no_english(german: Client) -> None:
    """What the form, the guard and Django itself have to say."""
    values = {"type": "imap", "host": "127.0.0.1", "port": "143", "username": "mara"}
    values |= {"password": "x", "method": "automatic", "transfer": "root", "action": "test"}
    for changes in ({}, {"host": "", "port": "no"}, {"port": "70000", "password": ""}):
        answer = german.post(reverse("retrieval-new"), values | changes)
        assert answer.status_code == 422
        assert english(answer.content.decode()) == []
    page = german.post(reverse("smtp-account-new"), {"action": "save"}).content.decode()
    assert "Geben Sie die Serveradresse ein." in page
    assert english(page) == []
    assert english(german.get("/message/987654/").content.decode()) == []
    assert not RetrievalTask.objects.exists()


@pytest.mark.parametrize("cause", sorted({*CAUSES, *SENTENCES}))
def test_what_can_go_wrong_is_told_in_german(cause: str) -> None:
    values = {"host": "mail.example.test", "port": 993, "username": "mara"}
    told = explain_cause(cause, values)
    with translation.override("de"):
        german = explain_cause(cause, values)
    for name in ("title", "sentence", "action"):
        assert getattr(german, name) != getattr(told, name)
    assert english(f"<p>{german.title}<p>{german.sentence}<p>{german.action}") == []


@pytest.mark.django_db
def test_accounts_in_every_state_hold_no_english(german: Client, user: User) -> None:
    tasks = gallery(user)
    pages = [reverse("connectivity")]
    for task in tasks.values():
        pages += [reverse(f"retrieval-{one}", args=[task.pk]) for one in ("detail", "edit", "row")]
    for page in pages:
        found = english(german.get(page).content.decode())
        # What a server says is shown as it said it.
        assert set(found) <= {"connect timeout"}, (page, found)


@pytest.mark.django_db
@pytest.mark.parametrize("cause", sorted(WAITS))
def test_what_is_waited_for_holds_no_english(german: Client, user: User, cause: str) -> None:
    task = held_back(user, "Northbank", "imap.gmail.com", cause, "BYE [LIMIT]")
    for name in ("detail", "row"):
        page = german.get(reverse(f"retrieval-{name}", args=[task.pk])).content.decode()
        assert set(english(page)) <= {"BYE [LIMIT]"}, name


@pytest.mark.django_db
def test_a_pull_that_runs_or_left_something_out_holds_no_english(
    german: Client, user: User
) -> None:
    for task in (importing(user), finished(user)):
        for name in ("detail", "status", "row"):
            page = german.get(reverse(f"retrieval-{name}", args=[task.pk])).content.decode()
            assert english(page) == [], name


@pytest.mark.django_db
def test_an_open_message_holds_no_english(german: Client, inbox: Folder) -> None:
    raw = letter(
        "Guten Morgen",
        text="Bis Donnerstag.\n",
        html='<p>Bis Donnerstag.</p><img src="https://far.test/x.png">',
        files=[("Plan.pdf", "application/pdf", b"x"), ("Alles.zip", "application/zip", b"x")],
    )
    message = put(inbox, raw, at=timezone.now())
    page = german.get(reverse("mail-message", args=[message.pk])).content.decode()
    words = Words(page).found
    assert {"Antworten", "2 Anhänge", "1 externes Bild wurde nicht geladen."} <= set(words)
    # The folder and the action are one word in English only; so is the kind of file.
    assert {"Archiv", "Archivieren"} <= set(words)
    assert any(one.startswith("Archiv,") for one in words)
    assert english(page) == []


@pytest.mark.django_db
def test_special_folders_have_german_names_everywhere(german: Client, user: User) -> None:
    """They are stored under English names; what people make themselves is left alone."""
    trash, archive = (folders.special(user, one) for one in (FolderRole.TRASH, FolderRole.ARCHIVE))
    own = folders.create(user, parent=archive, name="Inbox")
    for name in ("folder-menu", "folder-empty"):
        page = german.get(reverse(name, args=[trash.pk])).content.decode()
        assert "Gelöschte Elemente" in page
        assert english(page) == []
    menu = german.get(reverse("folder-menu", args=[own.pk])).content.decode()
    assert [one for one in english(menu) if one != "Inbox"] == []
    assert (
        "Neuer Ordner in Archiv"
        in Words(german.get(reverse("folder-new"), {"parent": archive.pk}).content.decode()).found
    )
    with translation.override("de"):
        with pytest.raises(folders.FolderRefused, match="„Archiv“ gehört zu jedem Postfach"):
            folders.rename(archive, "Ablage")
        assert own.label == "Inbox"


@pytest.mark.django_db
def test_search_knows_folders_by_their_german_names(user: User, inbox: Folder) -> None:
    message = put(inbox, letter("Guten Morgen"), at=timezone.now())
    with translation.override("de"):
        found = [search.search(user, f"in:{name}").rows for name in ("posteingang", "inbox")]
    assert [[row.id for row in rows] for rows in found] == [[message.pk], [message.pk]]
    assert search.search(user, "in:posteingang").rows == []


def test_dates_and_numbers_are_german() -> None:
    with translation.override("de"), timezone.override("Europe/Berlin"):
        now = WHEN + timedelta(days=40)
        assert days.short_time(timezone.localtime(WHEN), date(2026, 4, 14)) == "5. Mär"
        assert (
            days.long_time(timezone.localtime(WHEN), date(2026, 4, 14)) == "Do, 5. Mär 2026 15:30"
        )
        assert moments.moment(WHEN, now=now) == "5. Mär"
        assert moments.day(WHEN, now=now) == "Donnerstag, 5. März"
        assert moments.count(12345) == "12.345"
        assert moments.span(2.25) == "2,2 s"


@pytest.mark.django_db
def test_an_answer_quotes_in_german(user: User, inbox: Folder) -> None:
    message = put(inbox, letter("Lease", sent=WHEN), at=WHEN)
    with translation.override("de"), timezone.override("Europe/Berlin"):
        start = replies.reply(user, message, everyone=False)
    assert "Am 5. März 2026 um 15:30 schrieb Jonas Ekdahl:" in start.values.body
