"""Files and cards in a real browser: hostile ones stay inert, the others can be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserType, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import InvitationAnswer, Message
from mailstore.services import folders, indexing
from tests import mail
from tests.e2e.conftest import FLAGS
from tests.e2e.sensor import Sensor
from tests.e2e.test_hostile import Watched, enter
from tests.mailstore.calendars import MEETING, calendar
from tests.webmail.samples import letter, picture, put
from tests.webmail.test_invitations import invite
from tests.webmail.test_previews import pdf

pytestmark = pytest.mark.django_db(transaction=True)

OWN = (
    ("own.html", b"<script>alert(1)</script>"),
    ("own.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    (
        "own.xml",
        b'<?xml version="1.0"?><a xmlns="http://www.w3.org/1999/xhtml"><script>1</script></a>',
    ),
)
CARD = """BEGIN:VCARD
FN:Pilar Ortega
ORG:Ortega;Sound
EMAIL:pilar@ortega.test
TEL:+34 600
END:VCARD
"""


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    made = Sensor()
    yield made
    made.close()


@pytest.fixture
def trapped(browser_type: BrowserType, sensor: Sensor) -> Iterator[Browser]:
    """A browser none of whose connections leaves this machine."""
    args = [*FLAGS, sensor.rules, "--disable-features=LocalNetworkAccessChecks"]
    browser = browser_type.launch(executable_path="/usr/bin/chromium", args=args)
    yield browser
    browser.close()


def test_hostile_files_are_inert(
    trapped: Browser, sensor: Sensor, live_server: LiveServer, user: User
) -> None:
    """Every hostile file of the corpus, under its own name and type and lying about both: saved,
    shown and previewed, nothing of it runs and nothing leaves."""
    watched = Watched(trapped)
    site = enter(watched, live_server, user)
    vectors = [
        *OWN,
        *((name.rpartition("/")[2], data) for name, data in mail.listed("attachment-vector")),
    ]
    files = [(name, "text/html", data) for name, data in vectors]
    files += [
        (f"lies{place}.png", "image/png", data) for place, (_name, data) in enumerate(vectors[::3])
    ]
    inbox = folders.special(user, "inbox")
    message = put(inbox, letter("Hostile", files=files), at=timezone.now())
    page = watched.page
    page.goto(f"{site}/message/{message.pk}/")
    parts = [f"{site}/message/{message.pk}/attachment/{one}" for one in range(1, len(files) + 1)]
    # As pages of their own: our pages may stand in no frame.
    for address in (one + tail for one in parts for tail in ("/preview/", "/shown/")):
        page.goto(address)
        if page.url != address:
            watched.fired.append(f"{address} went to {page.url}")
    # What is saved is not drawn, whatever it is; the headers are the same for all.
    for part in parts[::6]:
        with page.expect_download() as saved:
            page.evaluate("address => { location.href = address }", part + "/?sure=1")
        assert saved.value.suggested_filename
        saved.value.cancel()
    assert watched.fired == []
    assert sensor.foreign() == []


@pytest.fixture
def came(user: User, settings: Settings, live_server: LiveServer) -> Message:
    """A message that brought all sorts of things."""
    settings.RELAY_URL = "smtp://relay.test:25"
    now, inbox = timezone.now(), folders.special(user, "inbox")
    lines = [*MEETING, "RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=4", "DESCRIPTION:Bring the plan."]
    put(inbox, invite(calendar(*lines)), at=now)
    files = [
        ("Floor plan.png", "image/png", picture(800, 500)),
        ("Lease draft v3.pdf", "application/pdf", pdf(3)),
        ("Costs.csv", "text/csv", b"item;price\noak;120\nfelt;80\n"),
        ("notes.txt", "application/octet-stream", "Größe: 40 m²\n".encode()),
        ("Pilar.vcf", "text/vcard", CARD.encode()),
        ("bill.pdf.exe", "application/pdf", b"MZ"),
        ("older.eml", "application/octet-stream", letter("An older letter", html="<p>Inner</p>")),
    ]
    message = put(inbox, letter("Everything at once", files=files), at=now)
    indexing.index_waiting(seconds=30)
    return message


def test_looking_at_files(
    page: Page,
    live_server: LiveServer,
    user: User,
    came: Message,
    enter: Callable[[User], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """From one file to the next with the keyboard; the warning; the inner message; the folder."""
    enter(user)
    page.goto(f"{live_server.url}/message/{came.pk}/")
    expect(page.get_by_text("7 attachments")).to_be_visible()
    no_barriers()
    shot("files")
    page.locator(".file__name", has_text="Floor plan.png").click()
    dialog = page.locator("dialog.preview")
    expect(dialog.locator(".preview__picture")).to_have_js_property("naturalWidth", 800)
    no_barriers()
    shot("preview-picture")
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".preview__page").first).to_have_js_property("complete", True)
    expect(dialog.locator(".preview__page")).to_have_count(3)
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("cell", name="oak")).to_be_visible()
    no_barriers()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text("Größe: 40 m²")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("cell", name="felt")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Save bill.pdf.exe").click()
    expect(
        dialog.get_by_text("This file is a program that is named like a document")
    ).to_be_visible()
    no_barriers()
    shot("preview-risky")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Open this message").click()
    expect(page.get_by_role("heading", name="An older letter")).to_be_visible()
    expect(page.frame_locator("[data-frame]").get_by_text("Inner")).to_be_visible()
    no_barriers()
    shot("message-inside")
    # Saving all asks about the dangerous one first, on a page that is left by a link as any other.
    page.goto(f"{live_server.url}/message/{came.pk}/")
    page.get_by_role("link", name="Save all", exact=True).click()
    expect(page.get_by_role("heading", name="Save all attachments?")).to_be_visible()
    expect(page.locator(".file__name")).to_have_text(["bill.pdf.exe"])
    no_barriers()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save the other 6").click()
    assert saved.value.suggested_filename == "Everything at once.zip"
    page.get_by_role("link", name="Do not save").click()
    expect(page.get_by_text("7 attachments")).to_be_visible()
    page.goto(f"{live_server.url}/folder/{came.folder_id}/attachments/?kind=sheet")
    expect(page.locator(".file__name")).to_have_text(["Costs.csv"])
    page.get_by_role("link", name="Spreadsheet").click()
    expect(page.locator(".file__name")).to_have_count(8)
    no_barriers()
    shot("attachments")
    assert problems == []


def test_answering_an_invitation(
    page: Page,
    live_server: LiveServer,
    user: User,
    came: Message,
    enter: Callable[[User], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    """Accept with a comment, without leaving the list; then think again."""
    enter(user)
    invitation = Message.objects.exclude(pk=came.pk).get()
    page.goto(f"{live_server.url}/message/{invitation.pk}/")
    card = page.locator("[data-came]")
    expect(card.get_by_role("heading", name="Lease, second reading")).to_be_visible()
    no_barriers()
    shot("invitation")
    card.get_by_label("A comment to the organiser").fill("I bring the keys.")
    card.get_by_role("button", name="Accept").click()
    expect(card.get_by_text("Your answer goes to jonas@harbourline.test.")).to_be_visible()
    expect(card.get_by_role("button", name="Accept")).to_have_attribute("aria-pressed", "true")
    expect(card.get_by_role("button", name="Accept")).to_be_focused()
    no_barriers()
    card.get_by_role("button", name="Undo the answer").click()
    expect(card.get_by_text("The answer is not sent.")).to_be_visible()
    assert not InvitationAnswer.objects.exists()
