"""An administrator switches features in a browser, and what others see of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Domain, Role, User
from connectivity.models import Feature
from connectivity.services import credentials, features
from mailstore.models import Message, Source
from retrieval.models import RetrievalRun, RetrievalTask
from retrieval.services.session import Session
from standin.dovecot import Dovecot
from tests.e2e import test_connectivity
from tests.e2e.conftest import sign_in
from tests.e2e.tasks import row
from tests.retrieval.conftest import SECRET, Remote

pytestmark = pytest.mark.django_db(transaction=True)

Shot = Callable[..., None]
worker = test_connectivity.worker


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.test", role=Role.DOMAIN_ADMIN, display_name="Ada Admin")


@pytest.mark.accept("A173", "A211")
def test_a_domain_administrator_switches(
    page: Page,
    live_server: LiveServer,
    ada: User,
    enter: Callable[[User], None],
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    features.set_switch(None, Feature.LOOKUP, enabled=False)
    enter(ada)
    page.goto(live_server.url + reverse("settings"))
    page.get_by_role("link", name="Domain settings").click()
    switch = page.get_by_role("switch", name="Email Retrieval")
    expect(switch).to_be_checked()
    # Before its scripts are there the page sends the form itself, and comes anew without focus.
    page.wait_for_load_state()
    switch.focus()
    page.keyboard.press("Enter")
    expect(switch).not_to_be_checked()
    expect(switch).to_be_focused()
    expect(page.get_by_text("Email Retrieval is switched off for example.test.")).to_be_visible()
    expect(page.get_by_text("Set here by Ada Admin")).to_be_visible()
    expect(page.get_by_role("switch", name="Looking up server settings")).to_be_disabled()
    shot("domain-settings")
    no_barriers()
    page.get_by_role("button", name="Back to the default").click()
    expect(switch).to_be_checked()
    assert not problems


def test_a_system_administrator_finds_a_domain(
    page: Page,
    live_server: LiveServer,
    make_user: Callable[..., User],
    enter: Callable[[User], None],
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    for name in ("harbour.test", "meadow.test", "quarry.test"):
        features.set_switch(Domain.objects.create(name=name), Feature.RETRIEVAL, enabled=False)
    enter(make_user("sam@example.test", role=Role.SYSTEM_ADMIN, display_name="Sam System"))
    page.goto(live_server.url + reverse("settings"))
    page.get_by_placeholder("Search settings").fill("dom")
    expect(page.get_by_role("link", name="Appearance")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Found for “dom”")).to_be_visible()
    shot("settings-search")
    page.get_by_role("main").get_by_role("link", name="Domains").click()
    page.get_by_role("switch", name="SMTP Accounts").click()
    expect(page.get_by_role("switch", name="SMTP Accounts")).not_to_be_checked()
    shot("system-features")
    no_barriers()
    page.get_by_placeholder("Find a domain").fill("meadow")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="meadow.test").click()
    expect(page.get_by_role("heading", name="meadow.test")).to_be_visible()
    expect(page.get_by_role("switch", name="SMTP Accounts")).to_be_disabled()
    page.get_by_role("switch", name="Email Retrieval").click()
    expect(page.get_by_role("switch", name="Email Retrieval")).to_be_checked()
    shot("system-domain")
    assert not problems


@pytest.fixture
def running(
    user: User,
    dovecot: Dovecot,
    settings: Settings,
    worker: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[RetrievalTask]:
    """A task whose run is in the middle: it has stored a batch, and stores the next one only
    when retrieval is switched off, however quick this computer is."""
    settings.CONNECTIVITY_CA_FILE = dovecot.ca_file
    dovecot.add_user("middle@far.test", SECRET)
    Remote(dovecot, "middle@far.test").fill(range(1, 401))
    store, end = Session.store, threading.Event()

    def storing(self: Session, *args: object, **kwargs: object) -> list[Message]:
        self.flush()
        while self.run.stored and not end.wait(0.1):
            if not features.enabled_for(user, Feature.RETRIEVAL):
                break
        return store(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as given

    monkeypatch.setattr(Session, "store", storing)
    yield RetrievalTask.objects.create(
        user=user,
        source=Source.objects.create(user=user, name="Middle", address="middle@far.test"),
        credential=credentials.store(user=user, secret=SECRET),
        type="imap",
        host="localhost",
        port=dovecot.imaps_port,
        security="tls",
        username="middle@far.test",
        next_at=timezone.now(),
    )
    end.set()


@pytest.mark.accept("A5", "A6", "A194")
def test_switched_off_during_a_pull(
    browser: Browser,
    page: Page,
    live_server: LiveServer,
    ada: User,
    user: User,
    running: RetrievalTask,
    enter: Callable[[User], None],
    shot: Shot,
) -> None:
    """One person looks at the running task, the other switches retrieval off."""
    enter(user)
    page.goto(live_server.url + reverse("connectivity"))
    expect(row(page, "Middle")).to_contain_text("of 400")
    office = browser.new_context()
    sign_in(office, live_server, ada)
    desk = office.new_page()
    desk.goto(live_server.url + reverse("domain-settings"))
    expect(desk.get_by_text("1 task is active.")).to_be_visible()
    desk.get_by_role("switch", name="Email Retrieval").click()
    # It is asked for first, with what it stops.
    expect(desk.get_by_text("1 task stops at once")).to_be_visible()
    assert RetrievalRun.objects.get().outcome == "running"
    desk.get_by_role("button", name="Switch off Email Retrieval").click()
    expect(desk.get_by_text("1 task is stopped.")).to_be_visible()
    # The open page notices by itself.
    expect(page.locator("#retrieval")).to_have_count(0)
    expect(page.get_by_role("link", name="New Retrieval Task")).to_have_count(0)
    page.get_by_text("Something is missing here?").click()
    expect(page.get_by_text("Contact your administrator, Ada Admin")).to_be_visible()
    shot("gating-off")
    page.goto(live_server.url + reverse("retrieval-detail", args=[running.pk]))
    expect(page.get_by_text("Contact your administrator, Ada Admin")).to_be_visible()
    expect(page.get_by_role("link", name="Ask by mail")).to_be_visible()
    shot("gating-deep-link")
    run = RetrievalRun.objects.get()
    assert (run.outcome, run.cause) == ("waited", "feature-off")
    assert 0 < Message.objects.filter(user=user).count() == run.stored < 400
    office.close()
