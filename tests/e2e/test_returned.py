"""What came back, in a browser: on the message it is about, in the report, and beside the bell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import FolderRole, Message
from mailstore.services import blobs, folders
from protocols.body import Body
from smtp_accounts.models import Alignment, Draft, OutboxMessage, SmtpAccount
from smtp_accounts.services import aligning, drafts, identities, outbox, reports, sent
from tests.smtp_accounts.reports import BOB, SENT, dsn, mdn
from tests.smtp_accounts.test_receipts import letter
from tests.web.names import NameServer

pytestmark = pytest.mark.django_db(transaction=True)

ANN, KIM = "ann@elsewhere.test", "kim.with.a.long.name@marketing.department.elsewhere.test"


@pytest.fixture
def account(user: User) -> SmtpAccount:
    made = SmtpAccount.objects.create(
        user=user, host="smtp.provider.test", port=465, encryption="ssl",
        email="mara@provider.test", display_name="Mara Lind",
    )  # fmt: skip
    identities.follow(made)
    return made


@pytest.fixture
def copy(user: User, account: SmtpAccount) -> Message:
    """The copy in Sent of a message three people were to get."""
    now = timezone.now()
    values = drafts.DraftValues(
        identity=identities.primary_of(account),
        to=f"Bob Lee <{BOB}>",
        cc=f"{ANN}, {KIM}",
        subject="Tide tables for the spring",
        body="Dear all,\n\nthe tables for the spring are below.\n\nMara\n",
    )
    draft = drafts.save(user=user, key=uuid4(), values=values, version=0, now=now)
    message = outbox.submit(user=user, draft=draft, now=now)
    message.recipients.update(state="accepted")
    OutboxMessage.objects.filter(pk=message.pk).update(
        state="sent", message_id=SENT, ended_at=now, draft=None
    )
    message.refresh_from_db()
    Draft.objects.all().delete()
    made = sent.prepare_copy(message, blobs.body(message.blob), now=now)
    with transaction.atomic():
        sent.file_copy(message, made, now=now)
    return Message.objects.get()


def arrive(user: User, *raws: bytes) -> list[Message]:
    inbox = folders.special(user, FolderRole.INBOX)
    now = timezone.now()
    filed = deliver([Incoming(Body.of(one), inbox) for one in raws], now=now)
    reports.read_due(now=now)
    return filed


@pytest.fixture
def read(page: Page, live_server: LiveServer) -> Callable[[Message], None]:
    """Open a message."""

    def go(message: Message) -> None:
        page.goto(live_server.url + reverse("mail-message", args=[message.pk]))
        expect(page.locator("[data-subject]")).to_be_visible()

    return go


def test_a_message_that_came_back(
    page: Page,
    user: User,
    copy: Message,
    read: Callable[[Message], None],
    enter: Callable[[User], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """From "taken" to "could not be delivered", and again to those it missed."""
    enter(user)
    read(copy)
    expect(page.get_by_text("Taken by smtp.provider.test for 3 recipients")).to_be_visible()
    shot("returned-taken")
    (report,) = arrive(user, dsn())
    words = "smtp; 451 4.4.1 Connection timed out"
    arrive(user, dsn(KIM, action="delayed", status="4.4.1", words=words), mdn(recipient=ANN))
    read(report)
    expect(page.get_by_text("This is a report about “Tide tables for the spring”")).to_be_visible()
    no_barriers()
    shot("returned-report")
    page.get_by_role("link", name="Open that message").click()
    became = page.get_by_role("region", name="What became of this message")
    expect(became).to_contain_text("This message did not reach 1 of 3 recipients.")
    expect(became).to_contain_text("The recipient's mailbox is full.")
    expect(became.get_by_text("Read", exact=False).first).to_be_visible()
    no_barriers()
    shot("returned-failed")
    became.get_by_text("Server said").first.click()
    expect(became.get_by_text("552 5.2.2 The mailbox is over quota")).to_be_visible()
    shot("returned-server-said")
    became.get_by_role("button", name=f"Edit and resend to {BOB}").click()
    window = page.locator("#dock compose-window")
    expect(window.get_by_label("Subject")).to_have_value("Tide tables for the spring")
    expect(became).to_be_visible()
    draft = Draft.objects.get()
    assert (draft.to, draft.cc) == (f"Bob Lee <{BOB}>", "")
    shot("returned-again")
    assert problems == []


def test_the_lines_of_what_was_sent(
    page: Page,
    live_server: LiveServer,
    user: User,
    copy: Message,
    enter: Callable[[User], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    """What came back shows in the list already."""
    arrive(user, dsn(BOB, action="delayed"))
    enter(user)
    sent_folder = live_server.url + reverse("mail-folder", args=[copy.folder_id])
    page.goto(sent_folder)
    expect(page.get_by_role("img", name=f"Delayed on its way to {BOB}")).to_be_visible()
    shot("returned-line-late")
    arrive(user, dsn(BOB))
    page.goto(sent_folder)
    expect(page.get_by_role("img", name=f"Not delivered to {BOB}")).to_be_visible()
    no_barriers()
    shot("returned-line")


def test_the_bell_tells_of_it_until_it_is_looked_at(
    page: Page,
    live_server: LiveServer,
    user: User,
    copy: Message,
    enter: Callable[[User], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    arrive(user, dsn(BOB), dsn(ANN), dsn(KIM))
    enter(user)
    page.goto(live_server.url + reverse("notifications"))
    row = page.get_by_text("“Tide tables for the spring” could not be delivered")
    expect(row).to_have_count(1)
    no_barriers()
    shot("returned-notification")
    page.goto(live_server.url + reverse("mail-message", args=[copy.pk]))
    expect(page.get_by_text("This message was delivered to nobody.")).to_be_visible()
    shot("returned-nobody")
    page.goto(live_server.url + reverse("notifications"))
    expect(row).to_have_count(0)


def test_a_request_for_a_receipt(
    page: Page,
    user: User,
    account: SmtpAccount,
    read: Callable[[Message], None],
    enter: Callable[[User], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    first, second = arrive(user, letter(), letter(extra="X-Other: 1\n"))
    enter(user)
    read(first)
    asks = page.get_by_text("jonas@harbourline.test asks to be told that you have read this.")
    expect(asks).to_be_visible()
    assert not OutboxMessage.objects.exists()
    no_barriers()
    shot("receipt-asked")
    page.get_by_role("button", name="Send receipt").click()
    expect(page.get_by_text("The receipt goes to jonas@harbourline.test.")).to_be_visible()
    expect(asks).to_have_count(0)
    shot("receipt-sent")
    assert OutboxMessage.objects.get().is_automatic
    read(second)
    page.get_by_role("button", name="Ignore").click()
    expect(page.get_by_text("No receipt is sent.")).to_be_visible()
    expect(asks).to_have_count(0)
    assert OutboxMessage.objects.count() == 1
    assert problems == []


def test_how_far_an_address_is_believed(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    settings: Settings,
    name_server: NameServer,
    enter: Callable[[User], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """The dialog opens at once and asks by itself; the button asks again."""
    settings.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{name_server.port}"]
    name_server.add("provider.test", "TXT", '"v=spf1 mx -all"')
    SmtpAccount.objects.filter(pk=account.pk).update(host="smtp.harbour.test")
    enter(user)
    page.goto(live_server.url + reverse("identities"))
    page.get_by_role("link", name="Mara Lind <mara@provider.test>").click()
    dialog = page.get_by_role("dialog")
    bad = dialog.get_by_text("Many receivers may refuse mail from this address")
    expect(bad).to_be_visible()
    expect(dialog.get_by_text("v=spf1 mx a:smtp.harbour.test -all")).to_be_visible()
    bad.scroll_into_view_if_needed()
    no_barriers()
    shot("alignment-bad")
    name_server.add("provider.test", "TXT")
    name_server.turn("provider.test", "TXT", ['"v=spf1 mx a:smtp.harbour.test -all"'])
    name_server.add("smtp.harbour.test", "A", "192.0.2.7")
    # The button does nothing for a moment after an answer; what was found is made older here.
    Alignment.objects.update(checked_at=timezone.now() - timedelta(minutes=1))
    dialog.get_by_role("button", name="Check again").click()
    expect(dialog.get_by_text("_dmarc.provider.test")).to_be_visible()
    shot("alignment-weak")
    name_server.add("_dmarc.provider.test", "TXT", '"v=DMARC1; p=none"')
    Alignment.objects.update(checked_at=timezone.now() - timedelta(minutes=1))
    dialog.get_by_role("button", name="Check again").click()
    good = dialog.get_by_text("Receivers can tell that this address is yours")
    expect(good).to_be_visible()
    no_barriers()
    shot("alignment-good")
    page.goto(live_server.url + reverse("connectivity"))
    expect(page.get_by_text("Aligned")).to_be_visible()
    shot("alignment-card")
    page.locator("#smtp").get_by_role("link", name="Mara Lind").click()
    good.scroll_into_view_if_needed()
    no_barriers()
    shot("alignment-account")
    assert problems == []


def test_a_name_service_that_does_not_answer(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    settings: Settings,
    name_server: NameServer,
    enter: Callable[[User], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Everything else of the dialog can be used meanwhile, and the button asks again."""
    settings.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{name_server.port}"]
    monkeypatch.setattr(aligning, "LIMIT", 3.0)
    name_server.silence("")
    enter(user)
    page.goto(live_server.url + reverse("identities"))
    page.get_by_role("link", name="Mara Lind <mara@provider.test>").click()
    dialog = page.get_by_role("dialog")
    waiting = dialog.get_by_text("Asking the name service")
    expect(waiting).to_be_visible()
    dialog.get_by_label("Private description").fill("For the harbour")
    expect(dialog.get_by_text("The name service did not say")).to_be_visible(timeout=20_000)
    expect(waiting).to_have_count(0)
    expect(dialog.get_by_label("Private description")).to_have_value("For the harbour")
    no_barriers()
    shot("alignment-unknown")
