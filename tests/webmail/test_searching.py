"""Searching on the mail screen: what is said, offered, counted, marked and saved."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from mailstore import search
from mailstore.models import Folder, Label, Message, SavedSearch
from mailstore.services import folders, indexing, saved
from smtp_accounts.models import Correspondent
from tests.webmail.samples import Mailbox, letter, put
from webmail import finding
from webmail.alike import search_url
from webmail.finding import lines
from webmail.place import Place
from webmail.presets import PRESETS
from webmail.said import chips as chips_of


@pytest.fixture
def indexed(mailbox: Mailbox) -> Mailbox:
    while indexing.index_batch():
        pass
    return mailbox


def page(client: Client, typed: str, **more: str) -> str:
    found = client.get("/search/", {"q": typed, **more})
    assert found.status_code == 200
    return html.unescape(found.content.decode())


def said(client: Client, typed: str) -> list[tuple[str, str]]:
    """The words of each chip, and the search without it."""
    found = re.findall(
        r'<a class="chip chip--said[^>]* href="([^"]*)"[^>]*>(.*?)</a>', page(client, typed), re.S
    )
    return [
        (re.sub(r"<[^>]+>", "", text).strip(), url.partition("?q=")[2].replace("+", " "))
        for url, text in found
    ]


def test_chips_say_what_was_understood_and_lead_to_the_search_without_it(
    browser_client: Client, user: User, indexed: Mailbox
) -> None:
    Label.objects.create(user=user, name="To do")
    assert said(browser_client, "lease from:jonas is:unread") == [
        ("from “jonas”", "lease is%3Aunread"),
        ("unread", "lease from%3Ajonas"),
    ]
    words = {
        '"quay street"': "“quay street”",
        "-lease": "not: “lease”",
        "-is:unread": "read",
        "from:jonas OR from:ruth": "from “jonas” or from “ruth”",
        "has:image": "with pictures",
        "larger:2M": "larger than 2.0\xa0MB",
        "after:2024-11-03": "from 3 Nov 2024 on",
        "on:2024-11": "from 1 Nov 2024 to 30 Nov 2024",
        "on:2024-11-03": "on 3 Nov 2024",
        "in:receipts": "in Receipts",
        "account:gmail": "account Gmail",
        "label:to-do": "label To do",
        "in:anywhere": "in all folders, also Junk and Deleted Items",
        "in:rec": "in Receipts",
        "in:nowhere": "There is no folder “nowhere”",
        "label:none": "There is no label “none”",
        "-account:none": "There is no account “none”",
        "colour:red": "“colour:red” is searched as words: no such operator",
        "before:someday": "“before:someday” is searched as words: no day or age",
        "x OR (y colour:red)": "“colour:red” is searched as words: no such operator",
        "larger:much": "“larger:much” is searched as words: no size",
        "is:blue": "“is:blue” is searched as words: no such value",
    }
    assert {typed: said(browser_client, typed)[0][0] for typed in words} == words
    assert said(browser_client, "plain words 1,234.50") == []
    assert "Only the first 30 words are searched for." in page(browser_client, "w " * 40)


def test_chips_speak_the_language_of_the_reader(user: User) -> None:
    with translation.override("de"):
        [chip] = chips_of(user, Place(query="x in:inbox"), search.understood("in:inbox"))
    assert chip.text.endswith("Posteingang")


def test_everywhere_or_in_the_folder_the_search_began_in(
    browser_client: Client, indexed: Mailbox
) -> None:
    key = str(indexed.receipts.pk)
    assert f'name="near" value="{key}"' in page_of_folder(browser_client, indexed.receipts)
    here = page(browser_client, "thank", near=key)
    assert f'href="/search/?q=thank&in={key}"' in here
    assert "Receipts</span></a>" in here
    assert len(rows(here)) == 2
    there = page(browser_client, "thank", **{"in": key})
    assert f'href="/search/?q=thank&near={key}"' in there
    assert len(rows(there)) == 2
    assert len(rows(page(browser_client, "thank OR moved", near=key))) == 3
    assert len(rows(page(browser_client, "thank OR moved", **{"in": key}))) == 2
    # A folder of somebody else is none.
    assert "Everywhere" not in page(browser_client, "thank", near="9999999")


def page_of_folder(client: Client, folder: Folder) -> str:
    return html.unescape(client.get(f"/folder/{folder.pk}/").content.decode())


def rows(page: str) -> list[str]:
    return re.findall(r'<li class="msg[^>]* data-id="(\d+)"', page)


def test_hits_are_marked_in_lists_and_messages(browser_client: Client, indexed: Mailbox) -> None:
    found = page(browser_client, "lease from:jonas")
    assert "<b><mark>Lease</mark> for the Quay Street studio</b>" in found
    assert "<mark>Jonas</mark>" in found
    opened = browser_client.get(
        f"/message/{indexed.lease.pk}/?q=section", headers={"X-Part": "read"}
    )
    assert "<mark>Section</mark>" in opened.content.decode()
    plain = browser_client.get(f"/message/{indexed.lease.pk}/", headers={"X-Part": "read"})
    assert "<mark>" not in plain.content.decode()
    address = f"/message/{indexed.newsletter.pk}/?q=timetable&images=1"
    reading = browser_client.get(address, headers={"X-Part": "read"}).content.decode()
    source = re.search(r'data-frame src="([^"]+)"', reading)
    assert source
    assert "&amp;q=timetable" in source[1]
    frame = browser_client.get(html.unescape(source[1])).content.decode()
    assert "<mark>timetable</mark>" in frame
    assert (
        "<mark>"
        not in browser_client.get(f"/message/{indexed.newsletter.pk}/frame/").content.decode()
    )


def asked(client: Client, address: str, **pairs: Any) -> dict[str, Any]:
    answer = client.get(address, pairs)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def test_passages_show_where_the_words_stand(
    browser_client: Client, user: User, other_user: User, indexed: Mailbox
) -> None:
    theirs = put(
        folders.special(other_user, "inbox"), letter("Theirs", text="a section"), at=timezone.now()
    )
    ids = [indexed.lease.pk, indexed.newsletter.pk, theirs.pk, 10**17, 10**30, "x"]
    found = asked(browser_client, "/search/around/", q="section", id=ids)["passages"]
    assert list(found) == [str(indexed.lease.pk)]
    assert "<mark>Section</mark>" in found[str(indexed.lease.pk)]
    assert asked(browser_client, "/search/around/", q="is:unread", id=ids) == {"passages": {}}


def test_hits_are_counted_up_to_a_limit(
    browser_client: Client, indexed: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = asked(browser_client, "/search/count/", q="thank")
    assert found == {"total": 2, "text": "2 messages"}
    assert asked(browser_client, "/search/count/", q="thank", starred="1")["total"] == 0
    assert asked(browser_client, "/search/count/", q="ladder")["text"] == "1 message"
    monkeypatch.setattr(finding, "MAX_COUNTED", 1)
    found = asked(browser_client, "/search/count/", q="thank")
    assert found == {"total": None, "text": "More than 1 messages"}


def offered(client: Client, word: str) -> list[str]:
    return [one["text"] for one in asked(client, "/search/suggest/", word=word)["suggestions"]]


def test_what_is_offered_while_typing(
    browser_client: Client, user: User, other_user: User, indexed: Mailbox
) -> None:
    Label.objects.create(user=user, name="To do")
    Label.objects.create(user=other_user, name="Total")
    saved.save(user, name="Rivers", query="river is:unread")
    now = timezone.now()
    for owner, address in ((user, "ruth@okafor.test"), (other_user, "ruben@x.test")):
        Correspondent.objects.update_or_create(
            user=owner, address=address, defaults={"name": "Ru", "last_received_at": now}
        )
    assert offered(browser_client, "fi")[0] == "filename:"
    assert offered(browser_client, "-fr")[0] == "-from:"
    assert offered(browser_client, "from:ru") == ["from:ruth@okafor.test"]
    assert "from:ruth@okafor.test" in offered(browser_client, "ru")
    assert offered(browser_client, "in:rec") == ["in:Receipts"]
    assert offered(browser_client, 'label:"to') == ['label:"To do"']
    assert offered(browser_client, "account:gm") == ["account:Gmail"]
    assert offered(browser_client, "has:im") == ["has:image"]
    assert offered(browser_client, "before:to") == ["before:today"]
    assert offered(browser_client, "rive") == ["river is:unread"]
    assert offered(browser_client, "from:\x00") == []
    assert offered(browser_client, "") == offered(browser_client, "subject:x") == []


def test_a_search_is_saved_found_in_the_tree_renamed_deleted_and_brought_back(
    browser_client: Client, user: User
) -> None:
    assert "Searches you save appear here." in browser_client.get("/").content.decode()
    empty = browser_client.get("/search/new/").content.decode()
    assert all(html.escape(one.query) in empty for one in PRESETS)
    answer = browser_client.post("/search/new/", {"q": " river  is:unread", "name": "Rivers"})
    assert answer["Location"] == "/search/?q=river+is%3Aunread"
    [kept] = lines(user)
    assert (
        f'href="/search/?{html.escape(kept.address)}"' in browser_client.get("/").content.decode()
    )
    for name, query in (("Rivers", "x"), ("", "x"), ("New", " ")):
        refused = browser_client.post("/search/new/", {"q": query, "name": name})
        assert refused.status_code == 422
        assert 'role="alert"' in refused.content.decode()
    saved.save(user, name="Boats", query="boat")
    address = f"/search/{kept.pk}/menu/"
    assert browser_client.post(address, {"name": "Boats"}).status_code == 422
    assert browser_client.post(address, {"name": "Water"}).status_code == 302
    assert [one.name for one in saved.of(user)] == ["Boats", "Water"]
    browser_client.post(f"/search/{kept.pk}/delete/")
    assert [one.name for one in saved.of(user)] == ["Boats"]
    told = html.unescape(browser_client.get("/").content.decode())
    assert "Search “Water” was deleted." in told
    token = re.search(r'name="token" value="([^"]+)"', told) or re.search(
        r'data-undo="([^"]+)"', told
    )
    assert token
    browser_client.post("/mail/undo/", {"token": token[1]})
    assert {(one.name, one.query) for one in saved.of(user)} == {
        ("Boats", "boat"),
        ("Water", "river is:unread"),
    }


def test_nobody_has_more_saved_searches_than_fit(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MAX_SAVED", 1)
    saved.save(user, name="a", query="a")
    with pytest.raises(saved.SearchRefused, match="You have 1 saved searches"):
        saved.save(user, name="b", query="b")


def test_saved_searches_of_others_are_not_there(browser_client: Client, other_user: User) -> None:
    theirs = saved.save(other_user, name="Theirs", query="secret")
    assert browser_client.get(f"/search/{theirs.pk}/menu/").status_code == 404
    assert browser_client.post(f"/search/{theirs.pk}/menu/", {"name": "x"}).status_code == 404
    assert browser_client.post(f"/search/{theirs.pk}/delete/").status_code == 404
    assert SavedSearch.objects.get().name == "Theirs"
    assert "Theirs" not in browser_client.get("/").content.decode()


def test_messages_like_one(browser_client: Client, user: User, indexed: Mailbox) -> None:
    message = Message.objects.get(subject="Re: Speaker list for the spring meeting")
    wanted = "from:deniz@uni.test subject:speaker subject:spring subject:meeting"
    assert search_url(message) == f"/search/?q={quote(wanted).replace('%20', '+')}"
    assert rows(page(browser_client, wanted)) == [str(message.pk)]
    opened = browser_client.get(f"/message/{message.pk}/").content.decode()
    assert "Find messages like this" in opened
    assert search_url(Message(subject="Re:", from_address="")) == ""
    raw = letter("Oars").replace(b"\n\n", b"\nList-Id: Rowers <rowers.club.test>\n\n", 1)
    listed = put(folders.special(user, "inbox"), raw, at=timezone.now())
    indexing.index_batch()
    wanted = "from:jonas@harbourline.test list:rowers.club.test subject:oars"
    opened = html.unescape(browser_client.get(f"/message/{listed.pk}/").content.decode())
    assert f"/search/?q={quote(wanted).replace('%20', '+')}" in opened
    assert rows(page(browser_client, wanted)) == [str(listed.pk)]


def test_the_page_says_how_far_the_index_is(
    browser_client: Client, user: User, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "FEW", 2)
    indexing.index_batch(15)
    total = Message.objects.filter(user=user).count()
    words = f"Indexing 15 of {total} messages; results may be incomplete."
    assert words in page(browser_client, "thank")
    while indexing.index_batch():
        pass
    assert "Indexing" not in page(browser_client, "thank")
