"""The outbox in a browser: every state a message can be in, and what is done about each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Source
from smtp_accounts.models import OutboxMessage, OutboxState, RecipientState, SmtpAccount
from smtp_accounts.services import accounts, drafts, outbox
from smtp_accounts.services.accounts import AccountValues
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.e2e.conftest import PHONE, WIDE
from tests.senders import identity_of

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., OutboxMessage]
Enter = Callable[[User], None]
Shot = Callable[..., None]


@pytest.fixture
def account(
    user: User, smtp_server: SmtpServer, tls_files: TlsFiles, settings: Settings
) -> SmtpAccount:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    Source.objects.create(user=user, name="Provider", address="mara@provider.test", color=2)
    address = "mara@provider.test"
    values = AccountValues(
        "Mara", "localhost", smtp_server.tls_port, "ssl", address, True, address, "korrekt-pferd"
    )
    stored = accounts.save(user=user, values=values, now=timezone.now(), test=False).account
    assert stored is not None
    return stored


@pytest.fixture
def make(user: User, account: SmtpAccount) -> Make:
    """A message in the outbox, changed to the state it is to be seen in."""

    def made(
        subject: str,
        to: str = "bob@elsewhere.test",
        *,
        replies: dict[str, tuple[str, str]] | None = None,
        **state: object,
    ) -> OutboxMessage:
        values = drafts.DraftValues(
            identity=identity_of(user, account), to=to, subject=subject, body="See below.\n"
        )
        now = timezone.now()
        draft = drafts.save(user=user, key=uuid4(), values=values, version=0, now=now)
        message = outbox.submit(user=user, draft=draft, now=now)
        OutboxMessage.objects.filter(pk=message.pk).update(**state)
        message.recipients.update(state=RecipientState.ACCEPTED)
        for address, (known, words) in (replies or {}).items():
            message.recipients.filter(address=address).update(state=known, reply=words)
        return message

    return made


def every_state(make: Make) -> None:
    """One message for each thing that can have become of it."""
    now = timezone.now()
    later = {"not_before": now + timedelta(minutes=12)}
    full = {"full@elsewhere.test": ("refused", "552 5.2.2 mailbox full")}
    make(
        "Photos for the catalogue",
        "ann@elsewhere.test, bea@elsewhere.test, cy@elsewhere.test, full@elsewhere.test",
        state=OutboxState.REFUSED,
        replies=full,
    )
    make(
        "Minutes of the spring meeting",
        state=OutboxState.REFUSED,
        cause="message-too-large",
        server_line="SIZE 26214400",
        replies={"bob@elsewhere.test": ("refused", "")},
    )
    make(
        "Re: Ticket for Saturday",
        state=OutboxState.RETRY,
        cause="sending-limit",
        server_line="452 4.5.3 too many messages today",
        replies={"bob@elsewhere.test": ("deferred", "452 4.5.3 too many messages today")},
        **later,
    )
    make(
        "Greetings from the lake",
        "ann@elsewhere.test, slow@elsewhere.test",
        state=OutboxState.RETRY,
        cause="greylisted",
        replies={"slow@elsewhere.test": ("deferred", "450 4.2.0 greylisted, come back later")},
        **later,
    )
    make("Contract, signed", state=OutboxState.UNKNOWN, cause="answer-lost", dot_sent_at=now)
    make("Speaker list", state=OutboxState.SENDING, lease_until=now + timedelta(minutes=9))
    make("Lunch on Friday", not_before=now + timedelta(seconds=25))
    make(
        "Invitation to the opening, with everything anybody has to know beforehand",
        "a@elsewhere.test, b@elsewhere.test, c@elsewhere.test, d@elsewhere.test",
        is_scheduled=True,
        not_before=now + timedelta(days=2),
    )


def test_every_state_says_what_happened(
    page: Page,
    live_server: LiveServer,
    user: User,
    make: Make,
    enter: Enter,
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    enter(user)
    page.goto(f"{live_server.url}/outbox/")
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()
    shot("outbox-empty")
    every_state(make)
    page.goto(f"{live_server.url}/outbox/")
    for sentence in (
        "Sent to 3 of 4 recipients by localhost.",
        "full@elsewhere.test was refused: the recipient's mailbox is full.",
        "localhost takes messages up to 25.0 MB.",
        "localhost lets this account send no more for now. Next try",
        "Sent to 1 of 2 recipients by localhost.",
        "its answer never came",
        "It is being handed to localhost now.",
        "It goes out in a few seconds.",
        "through localhost.",
    ):
        expect(page.get_by_text(sentence).first).to_be_visible()
    expect(page.get_by_role("heading", name="Scheduled")).to_be_visible()
    page.evaluate("() => document.querySelector('.pane__scroll').scrollTo(0, 0)")
    shot("outbox-states", (WIDE, PHONE, (1440, 1500), (390, 2600)))
    no_barriers()
    assert problems == []


def test_an_account_that_has_to_be_mended_keeps_its_mail(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    make: Make,
    enter: Enter,
    shot: Shot,
) -> None:
    make("Rent for December", state=OutboxState.RETRY, cause="login-refused")
    SmtpAccount.objects.update(cause="login-refused")
    enter(user)
    page.goto(f"{live_server.url}/outbox/")
    expect(page.get_by_text("The message is kept here until that is mended.")).to_be_visible()
    mend = page.get_by_role("link", name="Mend the account")
    expect(mend).to_have_attribute("href", f"/settings/connectivity/smtp/{account.pk}/")
    shot("outbox-held")
    page.get_by_role("button", name="Send as another").click()
    expect(page.locator("compose-window")).to_be_visible()
    expect(page.get_by_label("Subject")).to_have_value("Rent for December")


def test_a_scheduled_message_gets_another_time_and_leaves_at_once(
    page: Page, live_server: LiveServer, user: User, make: Make, enter: Enter, shot: Shot
) -> None:
    at = timezone.now() + timedelta(days=2)
    message = make("Invitation", is_scheduled=True, not_before=at)
    enter(user)
    page.goto(f"{live_server.url}/outbox/")
    row = page.get_by_role("article", name="Invitation")
    row.get_by_text("Change time").click()
    field = row.get_by_label("It goes out")
    expect(field).to_have_value(f"{at:%Y-%m-%dT%H:%M}")
    shot("outbox-change-time")
    # A time that is over is said at its field, and what was typed stands there.
    field.evaluate("field => field.removeAttribute('min')")
    field.fill("2020-01-02T08:15")
    row.get_by_role("button", name="Save").click()
    expect(row.get_by_text("Choose a time that is still to come.")).to_be_visible()
    expect(field).to_have_value("2020-01-02T08:15")
    expect(field).to_be_focused()
    shot("outbox-wrong-time")
    field.fill("2031-03-04T08:15")
    # The list renews itself; what is being typed stays.
    make("Another")
    with page.expect_response("**/outbox/"):
        page.evaluate("htmx.ajax('GET', '/outbox/', {target: '#outbox-rows', swap: 'outerHTML'})")
    expect(page.get_by_role("article", name="Another")).to_be_visible()
    expect(field).to_have_value("2031-03-04T08:15")
    row.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It goes out Tue 4 Mar 2031, 08:15.")).to_be_visible()
    message.refresh_from_db()
    assert f"{message.not_before:%Y-%m-%d %H:%M}" == "2031-03-04 08:15"
    row.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("The message is sent now.")).to_be_visible()
    # The line has moved up among those on their way, or is gone; the focus stays in the list.
    expect(page.locator("#outbox-rows :focus")).to_be_visible()
    message.refresh_from_db()
    assert message.not_before <= timezone.now()


def test_the_keyboard_is_enough(
    page: Page, live_server: LiveServer, user: User, make: Make, enter: Enter
) -> None:
    message = make("Invitation", is_scheduled=True, not_before=timezone.now() + timedelta(days=2))
    enter(user)
    page.goto(f"{live_server.url}/outbox/")
    page.get_by_text("Change time").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("It goes out")).to_be_visible()
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The message is back in Drafts.")).to_be_visible()
    expect(page.locator("#main")).to_be_focused()
    message.refresh_from_db()
    assert message.state == OutboxState.CANCELLED
    # The tree knows as well.
    expect(page.locator("#tree").get_by_role("link", name="Outbox")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 720, 1024, 1440])
def test_the_page_takes_the_room_there_is(
    page: Page, live_server: LiveServer, make: Make, enter: Enter, user: User, width: int
) -> None:
    """Where the folders are put away, and at 200 % zoom, nothing is left empty in their place."""
    make("Invitation", is_scheduled=True, not_before=timezone.now() + timedelta(days=2))
    enter(user)
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{live_server.url}/outbox/")
    current = page.locator('#tree [aria-current="page"]')
    expect(current).to_have_count(1)
    expect(current).to_contain_text("Outbox")
    left, right = page.locator("#main").evaluate(
        """(main) => { const beside = [...document.querySelectorAll('.rail, .pane--folders')]
            .filter((one) => one.checkVisibility({ visibilityProperty: true }))
            .map((one) => one.getBoundingClientRect().right);
          const box = main.getBoundingClientRect();
          return [box.left - Math.max(0, ...beside), innerWidth - box.right]; }"""
    )
    assert max(left, right) < 2
